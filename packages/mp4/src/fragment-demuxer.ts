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
  type Track,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { ByteWindow } from './byte-window.js'
import { SampleColumns, SampleCursor } from './cursor.js'
import { groupStart, refuseEncrypted, textTrackOf, trackOf } from './demuxer.js'
import { type FragmentsFormat, formatOf, type Mp4Format } from './format.js'
import { FragmentSpan, type SpanTrack } from './fragment-span.js'
import { lookInside, readKeyframeSample, withKeyframeSets } from './keyframe-bytes.js'
import { leadOf } from './keyframes.js'
import { FragmentTables } from './moof.js'
import { findSample } from './span-tables.js'
import { SyncSamples } from './sync-samples.js'
import { emptyTextBytes } from './text.js'

/** Samples after a keyframe that show how its group begins, and fragments in which they are looked for. */
const LEAD_SAMPLES = 8
const LEAD_MOOFS = 16

/** Reads samples by the fragments that the film's own index (`sidx`, `mfra`) lists. */
export class FragmentDemuxer implements Demuxer {
  readonly index: MediaIndex
  readonly #source: ByteSource
  readonly #format: Mp4Format
  readonly #fragments: FragmentsFormat
  /** The reference track with what its first keyframe tells. */
  #begun: Track | undefined

  constructor(source: ByteSource, index: MediaIndex, fragments: FragmentsFormat) {
    this.index = index
    this.#source = source
    this.#format = formatOf(index)
    this.#fragments = fragments
  }

  #spanTrack(trackId: number): SpanTrack {
    const { timescale, descriptions, ...track } = trackOf(this.index, trackId)
    const format = this.#format.tracks.find(({ id }) => id === trackId)
    const fragment = this.#fragments.tracks.find(({ id }) => id === trackId)
    if (format === undefined || fragment === undefined) {
      throw new CuemuxError('CORRUPT_INDEX', `The index has nothing of track ${trackId}'s fragments.`)
    }
    const frameDuration = track.kind === 'audio' ? track.frameDuration : undefined
    const emptyBytes = emptyTextBytes(track)
    return { ...fragment, format, timescale, descriptionCount: descriptions.length, frameDuration, emptyBytes }
  }

  async readTrackStart(trackId: number, options?: ReadOptions): Promise<Track> {
    throwIfAborted(options?.signal)
    const track = trackOf(this.index, trackId)
    if (trackId !== this.index.keyframes.trackId) return track
    this.#begun ??= await withKeyframeSets(track, () => this.readKeyframe(0, options))
    return this.#begun
  }

  async readSpan(span: Span, trackIds: readonly number[], options?: ReadOptions): Promise<SampleBatch[]> {
    throwIfAborted(options?.signal)
    const { count } = this.index.keyframes
    if (!(span.first >= 0 && span.first < span.end && span.first < count)) {
      throw new CuemuxError('NOT_FOUND', `The film has no span from keyframe ${span.first} to ${span.end}.`)
    }
    const tracks = trackIds.map(id => this.#spanTrack(id))
    for (const { id, format } of tracks) refuseEncrypted(id, format.isEncrypted)
    try {
      return await new FragmentSpan(this.#source, this.index, this.#format, tracks, span, options?.signal).read()
    } catch (error) {
      throw toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  async readText(trackId: number): Promise<undefined> {
    textTrackOf(this.index, trackId)
  }

  async readChapters(): Promise<readonly Chapter[]> {
    return this.index.chapters
  }

  async readGroupStarts(keyframes: readonly number[], options: GroupStartOptions = {}): Promise<GroupStart[]> {
    throwIfAborted(options.signal)
    const starts: GroupStart[] = []
    for (const keyframe of keyframes) starts.push(await this.#groupStart(keyframe, options))
    return starts
  }

  async readKeyframe(keyframe: number, options: ReadOptions = {}): Promise<SampleBatch> {
    throwIfAborted(options.signal)
    const track = this.#spanTrack(this.index.keyframes.trackId)
    refuseEncrypted(track.id, track.format.isEncrypted)
    const found = await this.#find(track, keyframe, 1, options.signal)
    if (found === undefined) throw new CuemuxError('CORRUPT_MEDIA', `Keyframe ${keyframe} is not in its fragment.`)
    const time = this.index.keyframes.time[keyframe] ?? 0
    return readKeyframeSample(this.#source, trackOf(this.index, track.id), time, found.cursor, options.signal)
  }

  async #groupStart(keyframe: number, { signal, looksInside = false }: GroupStartOptions): Promise<GroupStart> {
    const track = this.#spanTrack(this.index.keyframes.trackId)
    const found = await this.#find(track, keyframe, LEAD_SAMPLES, signal)
    if (found === undefined) return { isClosed: true, lead: 0 }
    const { cursor, count, window } = found
    const { description, size, position } = cursor
    // What keyframes bring along is compared with the sets of the first one, where the sample entry has none.
    const own = looksInside ? await this.readTrackStart(track.id, { signal }) : trackOf(this.index, track.id)
    const start = groupStart(leadOf(cursor, count), own, description, size)
    const place = { description, size, position }
    if (!looksInside) return start
    // Its beginning was mostly read with the header of its fragment.
    return { ...start, ...(await lookInside((at, length) => window.read(at, length), own, place)) }
  }

  /** A keyframe in the tables of its fragment, and of those behind it until so many samples are there. */
  async #find(
    track: SpanTrack,
    keyframe: number,
    leastSamples: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly cursor: SampleCursor; readonly count: number; readonly window: ByteWindow } | undefined> {
    const { time, offsetBytes, count } = this.index.keyframes
    if (!(keyframe >= 0 && keyframe < count)) {
      throw new CuemuxError('NOT_FOUND', `The film has no keyframe ${keyframe}.`)
    }
    const tables = new FragmentTables([track], this.index.sizeBytes)
    const writer = tables.writers.get(track.id)!
    const window = new ByteWindow(this.#source, this.index.sizeBytes, [], false, signal)
    const wanted = time[keyframe]! - track.mediaShift
    let moofs = 0
    await window.walk(offsetBytes[keyframe]!, this.index.sizeBytes, (moof, at) => {
      tables.addMoof(moof, at)
      return ++moofs < LEAD_MOOFS && (writer.count < leastSamples || writer.lastPresented <= wanted)
    })
    if (writer.count === 0) return undefined
    const samples = writer.finish()
    const columns = new SampleColumns(samples)
    const { tolerance } = this.#fragments
    const found = findSample(columns, new SyncSamples(samples), 0, wanted - writer.base, tolerance)
    return found === undefined
      ? undefined
      : { cursor: new SampleCursor(columns, found.sample), count: columns.count, window }
  }

  spanSizes(): undefined {
    return undefined
  }
}
