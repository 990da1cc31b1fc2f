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
  type Track,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { readChapterTrack } from './chapter-track.js'
import { type SampleColumns, SampleCursor } from './cursor.js'
import { formatOf, type Mp4Format } from './format.js'
import { type HeadBytes, lookInside, readKeyframeSample, withKeyframeSets } from './keyframe-bytes.js'
import { leadOf } from './keyframes.js'
import { readRanges } from './read-span.js'
import { readTextRange } from './text.js'
import { TrackReader } from './track-reader.js'

/** Throws `ENCRYPTED` for a track whose samples are. */
export function refuseEncrypted(trackId: number, isEncrypted: boolean): void {
  if (!isEncrypted) return
  throw new CuemuxError('ENCRYPTED', `Track ${trackId} is encrypted.`, {
    hint: 'Cuemux plays only films that are not protected.',
  })
}

/** @throws CuemuxError `NOT_FOUND` for a track that the film doesn't have */
export function trackOf({ tracks }: MediaIndex, trackId: number): Track {
  const track = tracks.find(({ id }) => id === trackId)
  if (track === undefined) throw new CuemuxError('NOT_FOUND', `The film has no track ${trackId}.`)
  return track
}

/** @throws CuemuxError `NOT_FOUND` for a track that is not one of text */
export function textTrackOf(index: MediaIndex, trackId: number): void {
  if (trackOf(index, trackId).kind === 'text') return
  throw new CuemuxError('NOT_FOUND', `Track ${trackId} is not one of text.`)
}

/** How a group of pictures begins whose keyframe has one of the track's descriptions. */
export function groupStart(lead: number, { descriptions }: Track, number: number, keyframeBytes: number): GroupStart {
  const description = number > 0 ? descriptions[Math.min(number, descriptions.length - 1)] : undefined
  const isFirst = description === undefined || description === descriptions[0]
  return { isClosed: lead === 0, lead, keyframeBytes, ...(isFirst ? {} : { description }) }
}

/** Reads samples by the tables of the index. */
export class Mp4Demuxer implements Demuxer {
  readonly index: MediaIndex
  readonly #source: ByteSource
  readonly #format: Mp4Format
  readonly #readers = new Map<number, TrackReader>()
  readonly #columns: ReadonlyMap<number, SampleColumns> | undefined
  readonly #firstKeyframe: HeadBytes | undefined
  #chapters: readonly Chapter[] | undefined
  /** The reference track with what its first keyframe tells. */
  #begun: Track | undefined

  /**
   * @param columns the tracks' columns, where they were built already while indexing
   * @param firstKeyframe saves a read
   */
  constructor(
    source: ByteSource,
    index: MediaIndex,
    columns?: ReadonlyMap<number, SampleColumns>,
    firstKeyframe?: HeadBytes,
  ) {
    this.index = index
    this.#source = source
    this.#format = formatOf(index)
    this.#columns = columns
    this.#firstKeyframe = firstKeyframe
  }

  #readerOf(trackId: number): TrackReader {
    const known = this.#readers.get(trackId)
    if (known !== undefined) return known
    const track = trackOf(this.index, trackId)
    const format = this.#format.tracks.find(({ id }) => id === trackId)
    if (format === undefined) throw new CuemuxError('CORRUPT_INDEX', `The index has no tables of track ${trackId}.`)
    const { keyframes } = this.index
    const { keyframeSamples } = this.#format
    const reader = new TrackReader(track, format, keyframes, keyframeSamples, this.#columns?.get(trackId))
    this.#readers.set(trackId, reader)
    return reader
  }

  async readTrackStart(trackId: number, options?: ReadOptions): Promise<Track> {
    throwIfAborted(options?.signal)
    const track = trackOf(this.index, trackId)
    if (trackId !== this.index.keyframes.trackId) return track
    this.#begun ??= await withKeyframeSets(track, () => this.readKeyframe(0, options))
    return this.#begun
  }

  async readSpan(span: Span, trackIds: readonly number[], options?: SpanOptions): Promise<SampleBatch[]> {
    throwIfAborted(options?.signal)
    const { count } = this.index.keyframes
    if (!(span.first >= 0 && span.first < span.end && span.first < count)) {
      throw new CuemuxError('NOT_FOUND', `The film has no span from keyframe ${span.first} to ${span.end}.`)
    }
    const ranges = trackIds.map(trackId => {
      const reader = this.#readerOf(trackId)
      refuseEncrypted(trackId, reader.isEncrypted)
      return { reader, first: reader.sampleAtCut(span.first), end: reader.sampleAtCut(span.end) }
    })
    try {
      return await readRanges(this.#source, ranges, options)
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readText(trackId: number, from: number, to: number, options?: ReadOptions): Promise<SampleBatch> {
    throwIfAborted(options?.signal)
    const reader = this.#readerOf(trackId)
    textTrackOf(this.index, trackId)
    refuseEncrypted(trackId, reader.isEncrypted)
    const { first } = reader.timeline
    // The text before the first that starts in the window may last into it.
    const range = { reader, first: Math.max(first, reader.sampleAtTime(from) - 1), end: reader.sampleAtTime(to) }
    try {
      return await readTextRange(this.#source, range, from, to, options?.signal)
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readChapters(options?: ReadOptions): Promise<readonly Chapter[]> {
    throwIfAborted(options?.signal)
    const { chapterTrack } = this.#format
    if (this.index.chapters.length > 0 || chapterTrack === undefined) return this.index.chapters
    try {
      this.#chapters ??= await readChapterTrack(this.#source, chapterTrack, options)
      return this.#chapters
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readGroupStarts(keyframes: readonly number[], options: GroupStartOptions = {}): Promise<GroupStart[]> {
    const { signal, looksInside = false } = options
    throwIfAborted(signal)
    const reader = this.#readerOf(this.index.keyframes.trackId)
    // What keyframes bring along is compared with the sets of the first one, where the sample entry has none.
    const track = looksInside ? await this.readTrackStart(reader.id, { signal }) : trackOf(this.index, reader.id)
    const cursor = new SampleCursor(reader.columns)
    const starts: GroupStart[] = []
    for (const keyframe of keyframes) {
      const sample = this.#format.keyframeSamples[keyframe]
      if (sample === undefined) throw new CuemuxError('NOT_FOUND', `The film has no keyframe ${keyframe}.`)
      cursor.seek(sample)
      // Looking for leading pictures moves the cursor.
      const { description, size, position } = cursor
      const lead = this.index.closedGops === true ? 0 : leadOf(cursor, reader.timeline.end)
      const start = groupStart(lead, track, description, size)
      const place = { description, size, position }
      const inside = looksInside ? await lookInside((at, length) => this.#read(at, length, signal), track, place) : {}
      starts.push({ ...start, ...inside })
    }
    return starts
  }

  /** Bytes of the media: those of the first keyframe may be there. */
  #read(at: number, length: number, signal: AbortSignal | undefined): Uint8Array | Promise<Uint8Array> {
    const known = this.#firstKeyframe
    return known?.at === at ? known.bytes.subarray(0, length) : this.#source.read(at, length, { signal })
  }

  async readKeyframe(keyframe: number, options?: ReadOptions): Promise<SampleBatch> {
    throwIfAborted(options?.signal)
    const { trackId, time } = this.index.keyframes
    const reader = this.#readerOf(trackId)
    refuseEncrypted(trackId, reader.isEncrypted)
    const sample = this.#format.keyframeSamples[keyframe]
    const shown = time[keyframe]
    if (sample === undefined || shown === undefined) {
      throw new CuemuxError('NOT_FOUND', `The film has no keyframe ${keyframe}.`)
    }
    const place = new SampleCursor(reader.columns, sample)
    return readKeyframeSample(this.#source, trackOf(this.index, trackId), shown, place, options?.signal)
  }

  spanSizes(trackId: number, cuts: Uint32Array): SpanSizes {
    const reader = this.#readerOf(trackId)
    const { sizes } = reader.columns
    const bytes = new Float64Array(cuts.length)
    const samples = new Uint32Array(cuts.length)
    const starts = new Float64Array(cuts.length).fill(Number.NaN)
    const cursor = new SampleCursor(reader.columns)
    let first = cuts.length > 0 ? reader.sampleAtCut(cuts[0]!) : 0
    for (let i = 0; i < cuts.length; i++) {
      const end = i + 1 < cuts.length ? reader.sampleAtCut(cuts[i + 1]!) : reader.timeline.end
      bytes[i] = sizes.between(first, end)
      samples[i] = end - first
      if (end > first) {
        cursor.seek(first)
        starts[i] = cursor.dts + reader.timeline.decodeShift + cursor.offset + reader.timeline.offsetShift
      }
      first = end
    }
    return { bytes, samples, starts }
  }
}
