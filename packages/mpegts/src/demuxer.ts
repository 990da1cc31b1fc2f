import {
  type ByteSource,
  type Chapter,
  CuemuxError,
  type Demuxer,
  type GroupStart,
  type GroupStartOptions,
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
import { CLOCK_RATE } from './clock.js'
import { formatOf, type MpegTsFormat } from './format.js'
import { readGroupStart } from './group-start.js'
import { readKeyframeSample } from './keyframe.js'
import { findNominalCut } from './nominal-cut.js'
import { canReuse, DirectPieces, PooledPieces } from './pieces.js'
import { estimatePosition } from './sampling.js'
import { makeBatch } from './span-batch.js'
import { type Cut, type Margins, readTracks, type SpanPlan } from './span-read.js'

/** A span up to this size is read in one go with the search for its end, bytes. */
const MAX_NEAR_BYTES = 24 * 1024 * 1024

/** Reads the packets of one transport stream by its index. */
export class MpegTsDemuxer implements Demuxer {
  readonly index: MediaIndex
  readonly #source: ByteSource
  readonly #film: MpegTsFormat
  readonly #pooled: PooledPieces | undefined
  /** What was needed around the spans that were read: saves reads; no result depends on it. */
  readonly #margins: Margins = { backBytes: 0, aheadBytes: 96 * 1024, bytesOf: new Map() }

  /** Nominal cuts that were looked up. */
  readonly #found = new Map<number, Cut>()
  /** How the groups of pictures of a sampled stream begin. */
  #kind: GroupStart | undefined

  constructor(source: ByteSource, index: MediaIndex) {
    this.index = index
    this.#source = source
    this.#film = formatOf(index)
    const { stride, begin } = this.#film
    if (canReuse(source)) this.#pooled = new PooledPieces(source, stride, begin, index.sizeBytes)
  }

  async readTrackStart(trackId: number): Promise<Track> {
    // The index has what the film's beginning tells; a track that doesn't show there stays as it is.
    return this.index.tracks[this.#row(trackId)]!
  }

  async readSpan(span: Span, trackIds: readonly number[], options: SpanOptions = {}): Promise<SampleBatch[]> {
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
        pieces: readEnd => this.#pooled ?? new DirectPieces(this.#source, readEnd),
        sizeBytes: Math.min(this.index.sizeBytes, this.#source.sizeBytes ?? Number.POSITIVE_INFINITY),
        index: this.index,
        film: this.#film,
        ...(await this.#cuts(span, options)),
        isFirst: span.first === 0,
        margins: this.#margins,
        memory: options.memory,
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

  async readText(): Promise<undefined> {
    return undefined
  }

  async readChapters(): Promise<readonly Chapter[]> {
    return this.index.chapters
  }

  async readGroupStarts(keyframes: readonly number[], options: GroupStartOptions = {}): Promise<GroupStart[]> {
    try {
      const starts: GroupStart[] = []
      for (const keyframe of keyframes) {
        throwIfAborted(options.signal)
        starts.push(
          this.#film.model === undefined
            ? await this.#groupStart(keyframe, options)
            : await this.#sampledStart(keyframe, options),
        )
      }
      return starts
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async #groupStart(keyframe: number, options: GroupStartOptions): Promise<GroupStart> {
    const row = this.#row(this.index.keyframes.trackId)
    const track = this.index.tracks[row]!
    const cut = await this.#cut(keyframe, options)
    const pid = this.#pidAt(row, cut.position)
    if (track.kind !== 'video' || pid < 0) return { isClosed: true, lead: 0 }
    return readGroupStart(this.#source, this.#film, track, this.#film.tracks[row]!, pid, cut, options)
  }

  /**
   * Of a stream that was sampled: groups of pictures are of one kind but for the first, so that the second one, read once,
   * tells of all; what decodes them was looked for when the stream was.
   */
  async #sampledStart(keyframe: number, { signal }: GroupStartOptions): Promise<GroupStart> {
    const { exactCount, changes = [] } = this.#film
    this.#checkKeyframe(keyframe)
    this.#kind ??= await this.#groupStart(exactCount > 1 ? 1 : keyframe, { signal })
    const { description: _, bringsSets: __, ...kind } = this.#kind
    const description = changes.findLast(change => change.keyframe <= keyframe)?.description
    return {
      ...kind,
      ...(description === undefined ? {} : { description }),
      ...(changes.length > 0 ? { bringsSets: true } : {}),
    }
  }

  #checkKeyframe(keyframe: number): void {
    const { count } = this.index.keyframes
    if (Number.isInteger(keyframe) && keyframe >= 0 && keyframe < count) return
    throw new CuemuxError('NOT_FOUND', `There is no keyframe ${keyframe}: the film has ${count}.`)
  }

  async readKeyframe(keyframe: number, options: ReadOptions = {}): Promise<SampleBatch> {
    try {
      throwIfAborted(options.signal)
      const row = this.#row(this.index.keyframes.trackId)
      const track = this.index.tracks[row]!
      const format = this.#film.tracks[row]!
      if (track.kind !== 'video') throw new CuemuxError('NOT_FOUND', 'The film has no keyframes of a picture.')
      if (format.framing === 'avc' || format.framing === 'hevc') {
        const cut = await this.#cut(keyframe, options)
        const place = { track, format, pid: this.#pidAt(row, cut.position) }
        const batch = await readKeyframeSample(this.#source, this.#film, place, cut, options)
        if (batch !== undefined) return batch
      }
      const [batch] = await this.readSpan({ first: keyframe, end: keyframe + 1 }, [track.id], options)
      if (batch === undefined) throw new CuemuxError('CORRUPT_MEDIA', `Keyframe ${keyframe} is not there.`)
      return sliceBatch(batch, 0, 1)
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

  /** PID of a track at a place of the stream; -1 where it isn't there. */
  #pidAt(row: number, place: number): number {
    const { epochs } = this.#film
    return (epochs.findLast(({ position }) => position <= place) ?? epochs[0]!).pids[row]!
  }

  /** The cuts of a span. What is read to find them is read as far as the span goes, once. */
  async #cuts({ first, end }: Span, options: ReadOptions): Promise<Pick<SpanPlan, 'start' | 'end'>> {
    const { count, time, timescale } = this.index.keyframes
    const { model } = this.#film
    if (end >= count) return { start: await this.#cut(first, options), end: undefined }
    const clock = (time[end]! * CLOCK_RATE) / timescale
    const readTo = model === undefined ? 0 : Math.ceil(estimatePosition(model, clock))
    const start = await this.#cut(first, options, { readTo, from: undefined })
    const isNear = readTo - start.position <= MAX_NEAR_BYTES
    return { start, end: await this.#cut(end, options, { readTo, from: isNear ? start.position : undefined }) }
  }

  async #cut(keyframe: number, options: ReadOptions, wish: CutWish = { readTo: 0, from: undefined }): Promise<Cut> {
    this.#checkKeyframe(keyframe)
    const { time, offsetBytes } = this.index.keyframes
    if (keyframe < this.#film.exactCount) {
      return {
        position: offsetBytes[keyframe]!,
        time: time[keyframe]!,
        decodeTime: this.#film.keyDecodeTimes[keyframe]!,
      }
    }
    const known = this.#found.get(keyframe)
    if (known !== undefined) return known
    const cut = await this.#find(keyframe, options, wish)
    this.#found.set(keyframe, cut)
    return cut
  }

  #find(keyframe: number, options: ReadOptions, { readTo, from }: CutWish): Promise<Cut> {
    const { time, timescale, trackId, offsetBytes } = this.index.keyframes
    const row = this.#row(trackId)
    const track = this.index.tracks[row]!
    if (track.kind !== 'video') throw new CuemuxError('BAD_REQUEST', 'Only cuts of a picture track can be nominal.')
    const clock = (n: number): number => ((time[n] ?? Number.POSITIVE_INFINITY) * CLOCK_RATE) / timescale
    const { exactCount } = this.#film
    // The cut before it lies before it; so does the last exact keyframe.
    const before = from ?? this.#found.get(keyframe - 1)?.position ?? offsetBytes[exactCount - 1]!
    const wanted = { time: clock(keyframe), nextTime: clock(keyframe + 1), before, isNear: from !== undefined, readTo }
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

/** How a cut is looked for; no result depends on it. */
interface CutWish {
  /** Up to where the bytes behind it are wanted, too. */
  readonly readTo: number
  /** A place before it from which the bytes are wanted, too. */
  readonly from: number | undefined
}
