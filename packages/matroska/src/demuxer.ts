import {
  type ByteSource,
  type Chapter,
  CuemuxError,
  type Demuxer,
  type GroupStart,
  type GroupStartOptions,
  keyframeBatch,
  type MediaIndex,
  type ReadOptions,
  type SampleBatch,
  type Span,
  type SpanOptions,
  type SpanSizes,
  sliceBatch,
  type Track,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { BlockWalker } from './block-walker.js'
import { formatOf, type MatroskaFormat, type TrackFormat } from './format.js'
import { FrameColumns } from './frame-columns.js'
import { readGroupStart } from './group-start.js'
import { readKeyframeSample } from './keyframe.js'
import { lookBack } from './look-back.js'
import { skipInto } from './skip-into.js'
import { makeBatch } from './span-batch.js'
import { boundsOf, type SpanBounds } from './span-bounds.js'
import { createSpanTracks, type SpanTrack, type SpanWalk, walkSpan } from './span-walk.js'
import { readTextByCues } from './text-read.js'
import { readFirstFrame } from './track-start.js'
import { createTrackState, type TrackState } from './track-state.js'
import { ByteWindow, type Chunk } from './window.js'

/** Spare columns that a demuxer keeps, and their rows, at most: 200 KB. */
const MAX_SPARE = 8
const MAX_SPARE_ROWS = 1024

/** Reads the blocks of one Matroska source by its index. */
export class MatroskaDemuxer implements Demuxer {
  readonly index: MediaIndex
  readonly #source: ByteSource
  readonly #format: MatroskaFormat
  readonly #states: Map<number, TrackState> = new Map()
  readonly #pending: Map<number, Promise<TrackState>> = new Map()
  readonly #head: readonly Chunk[]
  /** The end of what was read last: in play order the next span begins there. Saves reads; no result depends on it. */
  #recent: readonly Chunk[] = []
  /** Columns that no walk uses: making them anew takes a tenth of the time for a span of a hundred small frames. */
  readonly #spareColumns: FrameColumns[] = []

  constructor(source: ByteSource, index: MediaIndex, head: readonly Chunk[] = []) {
    this.index = index
    this.#source = source
    this.#format = formatOf(index)
    this.#head = head
    index.tracks.forEach((track, i) => {
      const format = this.#format.tracks[i]
      if (format === undefined || format.needsFirstFrame) return
      this.#states.set(track.id, createTrackState({ track, format }, this.#format.timestampScale))
    })
  }

  async readTrackStart(trackId: number, options: ReadOptions = {}): Promise<Track> {
    return (await this.#state(trackId, options)).track
  }

  async readSpan(span: Span, trackIds: readonly number[], options: SpanOptions = {}): Promise<SampleBatch[]> {
    try {
      throwIfAborted(options.signal)
      const bounds = boundsOf(this.index, this.#format, span)
      const states: TrackState[] = []
      for (const trackId of new Set(trackIds))
        states.push(this.#states.get(trackId) ?? (await this.#state(trackId, options)))
      for (const { format, track } of states) refuseEncrypted(track, format)
      return await this.#readBounds(span, bounds, states, trackIds, options)
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readText(
    trackId: number,
    from: number,
    to: number,
    options: ReadOptions = {},
  ): Promise<SampleBatch | undefined> {
    try {
      throwIfAborted(options.signal)
      const { track, format, clock } = await this.#state(trackId, options)
      if (track.kind !== 'text') throw new CuemuxError('NOT_FOUND', `Track ${trackId} is not one of text.`)
      refuseEncrypted(track, format)
      const cues = this.#format.textCues.find(known => known.trackId === trackId)
      if (cues === undefined) return undefined
      const request = { source: this.#source, film: this.#format, cues, track, format, clock, from, to, options }
      return await readTextByCues(request)
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readChapters(): Promise<readonly Chapter[]> {
    return this.index.chapters
  }

  async readGroupStarts(keyframes: readonly number[], options: GroupStartOptions = {}): Promise<GroupStart[]> {
    try {
      throwIfAborted(options.signal)
      const state = await this.#state(this.index.keyframes.trackId, options)
      const starts: GroupStart[] = []
      const frames = new FrameColumns()
      for (const keyframe of keyframes) {
        const { start } = boundsOf(this.index, this.#format, { first: keyframe, end: keyframe + 1 })
        const window = new ByteWindow(this.#source, options, this.#head)
        starts.push(
          await readGroupStart(this.#source, window, this.#format, state, start, frames, options.ignoresLeads),
        )
      }
      return starts
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readKeyframe(keyframe: number, options: ReadOptions = {}): Promise<SampleBatch> {
    try {
      throwIfAborted(options.signal)
      const state = await this.#state(this.index.keyframes.trackId, options)
      const { track, format } = state
      if (track.kind !== 'video') throw new CuemuxError('NOT_FOUND', 'The film has no keyframes of a picture.')
      refuseEncrypted(track, format)
      const span: Span = { first: keyframe, end: keyframe + 1 }
      const { start } = boundsOf(this.index, this.#format, span)
      const window = new ByteWindow(this.#source, options, this.#head)
      const sample = await readKeyframeSample(this.#source, window, this.#format, state, start)
      if (sample !== undefined) return keyframeBatch(track, start.time, sample)
      // Where the Cues mislead, reading its span finds it.
      const [batch] = await this.readSpan(span, [track.id], options)
      if (batch === undefined) throw new CuemuxError('CORRUPT_MEDIA', `Keyframe ${keyframe} is not there.`)
      return sliceBatch(batch, 0, 1)
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  spanSizes(): SpanSizes | undefined {
    return undefined
  }

  async #readBounds(
    span: Span,
    asked: SpanBounds,
    states: readonly TrackState[],
    trackIds: readonly number[],
    options: SpanOptions,
  ): Promise<SampleBatch[]> {
    const { keyframes } = this.index
    const { pieces } = options
    const window = new ByteWindow(this.#source, options, pieces === undefined ? [...this.#head, ...this.#recent] : [])
    const { walk, bounds, begin, end } = await this.#walk(window, span.first, asked, states)
    const earlier = await lookBack(walk, keyframes, begin)
    if (bounds.end !== undefined && pieces === undefined) {
      // Where this span needed the cluster before it, the next one will need the last cluster of this one.
      const lastKeyframe = keyframes.offsetBytes[span.end - 1] ?? bounds.end.clusterOffset
      this.#recent = window.keep(earlier.size > 0 ? lastKeyframe : bounds.end.clusterOffset, end)
    }
    const batches: SampleBatch[] = []
    for (const trackId of trackIds) {
      const track = walk.tracks.find(candidate => candidate.trackId === trackId)!
      const batch = await makeBatch(track, earlier.get(trackId) ?? [], bounds)
      if (batch !== undefined) batches.push(batch)
    }
    this.#spare(walk.tracks)
    return batches
  }

  /** Keeps the columns of a walk whose batches are made, unless it was a large one. */
  #spare(tracks: readonly SpanTrack[]): void {
    for (const { frames } of tracks) {
      if (frames.ticks.length > MAX_SPARE_ROWS || this.#spareColumns.length >= MAX_SPARE) continue
      frames.clear()
      this.#spareColumns.push(frames)
    }
  }

  /** Walks over a span; where no cluster begins at its keyframe's place, from the keyframe before that one. */
  async #walk(
    window: ByteWindow,
    first: number,
    asked: SpanBounds,
    states: readonly TrackState[],
  ): Promise<{ walk: SpanWalk; bounds: SpanBounds; begin: number; end: number }> {
    const { keyframes } = this.index
    for (let keyframe = first; ; keyframe--) {
      const isFirst = keyframe === 0
      const clusterOffset = isFirst ? this.#format.firstCluster : keyframes.offsetBytes[keyframe]!
      const bounds = keyframe === first ? asked : { ...asked, start: { ...asked.start, clusterOffset, relative: -1 } }
      const tracks = createSpanTracks(states, bounds, keyframes.trackId, keyframes.timescale, this.#spareColumns)
      const walk: SpanWalk = { source: this.#source, format: this.#format, window, bounds, tracks }
      const walker = new BlockWalker(clusterOffset, this.#format.segmentEnd, tracks)
      try {
        const begin = isFirst ? clusterOffset : await skipInto(this.#source, window, bounds.start, walker)
        await walkSpan(walk, walker)
        return { walk, bounds, begin, end: walker.position }
      } catch (error) {
        const isMisled = walker.clusterOffset < 0 && error instanceof CuemuxError && error.code === 'CORRUPT_MEDIA'
        if (!isMisled || isFirst) throw error
      }
    }
  }

  /** The state of a track; its first frame is read at most once, also for simultaneous callers. */
  async #state(trackId: number, options: ReadOptions): Promise<TrackState> {
    const known = this.#states.get(trackId)
    if (known !== undefined) return known
    let pending = this.#pending.get(trackId)
    if (pending === undefined) {
      pending = this.#readState(trackId).finally(() => this.#pending.delete(trackId))
      this.#pending.set(trackId, pending)
    }
    // One caller's abort doesn't end what others wait for.
    return abortable(pending, options.signal)
  }

  async #readState(trackId: number): Promise<TrackState> {
    const i = this.index.tracks.findIndex(track => track.id === trackId)
    const track = this.index.tracks[i]
    const format = this.#format.tracks[i]
    if (track === undefined || format === undefined) {
      throw new CuemuxError('NOT_FOUND', `The film has no track ${trackId}.`)
    }
    try {
      const window = new ByteWindow(this.#source, {}, this.#head)
      const pair = await readFirstFrame({ track, format }, this.#format, window)
      const state = createTrackState(pair, this.#format.timestampScale)
      this.#states.set(trackId, state)
      return state
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }
}

function refuseEncrypted(track: Track, { encodings }: TrackFormat): void {
  if (!encodings.some(encoding => encoding.kind === 'encrypted')) return
  throw new CuemuxError('ENCRYPTED', `Track ${track.id} is encrypted.`)
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason }))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
