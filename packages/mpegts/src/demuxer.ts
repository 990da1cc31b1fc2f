import {
  type ByteSource,
  CuemuxError,
  type Demuxer,
  type GroupStart,
  type MediaIndex,
  type ReadOptions,
  type SampleBatch,
  type Span,
  type SpanSizes,
  type Track,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { CLOCK_RATE } from './clock.js'
import { formatOf, type MpegTsFormat } from './format.js'
import { readGroupStart } from './group-start.js'
import { findNominalCut } from './nominal-cut.js'
import { makeBatch } from './span-batch.js'
import { type Cut, type Margins, readTracks, type SpanPlan } from './span-read.js'

/** Reads the packets of one transport stream by its index. */
export class MpegTsDemuxer implements Demuxer {
  readonly index: MediaIndex
  readonly #source: ByteSource
  readonly #film: MpegTsFormat
  /** What was needed around the spans that were read: saves reads; no result depends on it. */
  readonly #margins: Margins = { backBytes: 0, aheadBytes: 96 * 1024 }

  /** Nominal cuts that were looked up. */
  readonly #found = new Map<number, Cut>()

  constructor(source: ByteSource, index: MediaIndex) {
    this.index = index
    this.#source = source
    this.#film = formatOf(index)
  }

  async readTrackStart(trackId: number): Promise<Track> {
    // The index has what the film's beginning tells; a track that doesn't show there stays as it is.
    return this.index.tracks[this.#row(trackId)]!
  }

  async readSpan(span: Span, trackIds: readonly number[], options: ReadOptions = {}): Promise<SampleBatch[]> {
    try {
      throwIfAborted(options.signal)
      const rows = [...new Set(trackIds)].map(trackId => this.#row(trackId))
      const { count } = this.index.keyframes
      if (!(Number.isInteger(span.first) && span.first >= 0 && span.end > span.first && span.end <= count)) {
        throw new CuemuxError(
          'NOT_FOUND',
          `There is no span ${span.first} to ${span.end}: the film has ${count} keyframes.`,
        )
      }
      for (const row of rows) {
        if (!this.#film.tracks[row]!.isScrambled) continue
        throw new CuemuxError('ENCRYPTED', `Track ${this.index.tracks[row]!.id} is scrambled.`, {
          hint: 'Descramble the stream first.',
        })
      }
      const plan: SpanPlan = {
        source: this.#source,
        index: this.index,
        film: this.#film,
        start: await this.#cut(span.first, options),
        end: span.end < count ? await this.#cut(span.end, options) : undefined,
        isFirst: span.first === 0,
        margins: this.#margins,
      }
      const tracks = await readTracks(plan, rows, options)
      for (const { stream, track } of tracks) {
        if (stream.isScrambled && stream.count === 0)
          throw new CuemuxError('ENCRYPTED', `Track ${track.id} is scrambled.`)
      }
      const byId = new Map(tracks.map(track => [track.track.id, makeBatch(plan, track)]))
      return trackIds.flatMap(id => byId.get(id) ?? [])
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readGroupStarts(keyframes: readonly number[], options: ReadOptions = {}): Promise<GroupStart[]> {
    try {
      const row = this.#row(this.index.keyframes.trackId)
      const track = this.index.tracks[row]!
      const starts: GroupStart[] = []
      for (const keyframe of keyframes) {
        throwIfAborted(options.signal)
        const cut = await this.#cut(keyframe, options)
        const epoch = this.#film.epochs.findLast(({ position }) => position <= cut.position) ?? this.#film.epochs[0]!
        const pid = epoch.pids[row]!
        starts.push(
          track.kind === 'video' && pid >= 0
            ? await readGroupStart(this.#source, this.#film, track, this.#film.tracks[row]!, pid, cut, options)
            : { isClosed: true, lead: 0 },
        )
      }
      return starts
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  spanSizes(): SpanSizes | undefined {
    return undefined
  }

  #row(trackId: number): number {
    const row = this.index.tracks.findIndex(track => track.id === trackId)
    if (row < 0) throw new CuemuxError('NOT_FOUND', `The film has no track ${trackId}.`)
    return row
  }

  async #cut(keyframe: number, options: ReadOptions): Promise<Cut> {
    const { count, time, offsetBytes } = this.index.keyframes
    if (!(Number.isInteger(keyframe) && keyframe >= 0 && keyframe < count)) {
      throw new CuemuxError('NOT_FOUND', `There is no keyframe ${keyframe}: the film has ${count}.`)
    }
    if (keyframe < this.#film.exactCount) {
      return {
        position: offsetBytes[keyframe]!,
        time: time[keyframe]!,
        decodeTime: this.#film.keyDecodeTimes[keyframe]!,
      }
    }
    const known = this.#found.get(keyframe)
    if (known !== undefined) return known
    const cut = await this.#find(keyframe, options)
    this.#found.set(keyframe, cut)
    return cut
  }

  #find(keyframe: number, options: ReadOptions): Promise<Cut> {
    const { time, timescale, trackId, offsetBytes } = this.index.keyframes
    const row = this.#row(trackId)
    const track = this.index.tracks[row]!
    if (track.kind !== 'video') throw new CuemuxError('BAD_REQUEST', 'Only cuts of a picture track can be nominal.')
    const clock = (n: number): number => ((time[n] ?? Number.POSITIVE_INFINITY) * CLOCK_RATE) / timescale
    const { exactCount } = this.#film
    // The cut before it lies before it; so does the last exact keyframe.
    const before = this.#found.get(keyframe - 1)?.position ?? offsetBytes[exactCount - 1]!
    const wanted = { time: clock(keyframe), nextTime: clock(keyframe + 1), before }
    return findNominalCut(
      this.#source,
      this.#film,
      track,
      this.#film.tracks[row]!,
      wanted,
      this.index.sizeBytes,
      options,
    )
  }
}
