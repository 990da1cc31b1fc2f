import { type ByteSource, CuemuxError, type MediaIndex, rescaleUp, type SampleBatch, type Span } from '@cuemux/core'
import { ByteWindow } from './byte-window.js'
import { SampleColumns, SampleCursor } from './cursor.js'
import type { Mp4Format, TrackFormat } from './format.js'
import { FragmentTables, type FragmentTrack } from './moof.js'
import { readRanges, type SampleRange, type SampleReader } from './read-span.js'
import { readableSamples } from './readable.js'
import { findSample } from './span-tables.js'
import { SyncSamples } from './sync-samples.js'
import { firstPresentedFrom } from './timeline.js'

/** Cuts before and after a span whose fragments may hold samples of it: interleaving is no coarser. */
const LOOK_CUTS = 8
/** A span of no more bytes is read at once, with what holds the next fragment's header. */
const MAX_BULK_BYTES = 64 * 1024 * 1024
const AHEAD_BYTES = 16 * 1024

/** A track of the span. */
export interface SpanTrack extends FragmentTrack {
  readonly mediaShift: number
  readonly format: TrackFormat
  readonly timescale: number
  readonly descriptionCount: number
  /** Ticks between two samples, where they are constant. */
  readonly frameDuration: number | undefined
  /** Of text: samples of no more bytes show nothing. */
  readonly emptyBytes: number | undefined
}

interface Moof {
  readonly bytes: Uint8Array
  readonly at: number
}

/** The fragments that hold the samples of a span, those around it included as far as the tracks need. */
export class FragmentSpan {
  readonly #source: ByteSource
  readonly #index: MediaIndex
  readonly #tracks: readonly SpanTrack[]
  readonly #tolerance: number
  readonly #span: Span
  readonly #window: ByteWindow
  readonly #fromAt: number
  readonly #toAt: number
  #moofs: Moof[] = []
  #tables: FragmentTables
  /** Samples of the reference track before the span's fragments, and before the next span's. */
  #referenceFrom = -1
  #referenceTo = -1

  constructor(
    source: ByteSource,
    index: MediaIndex,
    format: Mp4Format,
    tracks: readonly SpanTrack[],
    span: Span,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source
    this.#index = index
    this.#tracks = tracks
    this.#tolerance = format.fragments?.tolerance ?? 0
    this.#span = span
    this.#window = new ByteWindow(source, index.sizeBytes, [], true, signal)
    this.#fromAt = this.#offsetOf(span.first)
    this.#toAt = this.#offsetOf(span.end)
    this.#tables = new FragmentTables(tracks, index.sizeBytes)
  }

  #offsetOf(keyframe: number): number {
    const { count, offsetBytes } = this.#index.keyframes
    return keyframe < count ? offsetBytes[Math.max(0, keyframe)]! : this.#index.sizeBytes
  }

  get #referenceId(): number {
    return this.#index.keyframes.trackId
  }

  /** Time of a cut in ticks of a track, on the film's clock. */
  #cutTime(keyframe: number, track: SpanTrack): number {
    const { count, time, timescale } = this.#index.keyframes
    if (keyframe <= 0) return Number.NEGATIVE_INFINITY
    return keyframe < count ? rescaleUp(time[keyframe]!, timescale, track.timescale) : Number.POSITIVE_INFINITY
  }

  /** Reads the span's fragments, and around them until every track has passed both boundaries. */
  async #collect(): Promise<void> {
    const length = this.#toAt - this.#fromAt
    const holdsReference = this.#tracks.some(({ id }) => id === this.#referenceId)
    if (holdsReference && length > 0 && length <= MAX_BULK_BYTES) {
      await this.#window.load(this.#fromAt, length + AHEAD_BYTES)
    }
    await this.#window.walk(this.#fromAt, this.#offsetOf(this.#span.end + LOOK_CUTS), (bytes, at) => {
      this.#moofs.push({ bytes, at })
      this.#add(bytes, at)
      return !this.#tracks.every(track => this.#isPast(track))
    })
    await this.#lookBehind()
  }

  #add(bytes: Uint8Array, at: number): void {
    const reference = this.#tables.writers.get(this.#referenceId)
    if (at >= this.#fromAt && this.#referenceFrom < 0) this.#referenceFrom = reference?.count ?? 0
    if (at >= this.#toAt && this.#referenceTo < 0) this.#referenceTo = reference?.count ?? 0
    this.#tables.addMoof(bytes, at)
  }

  /** Whether a sample of the track was met that belongs to the next span. */
  #isPast(track: SpanTrack): boolean {
    const writer = this.#tables.writers.get(track.id)!
    if (track.id === this.#referenceId) return this.#referenceTo >= 0 && writer.count > this.#referenceTo
    return writer.lastPresented + track.mediaShift >= this.#cutTime(this.#span.end, track)
  }

  /** Whether samples of the span may lie in earlier fragments. */
  #mayBeBehind(track: SpanTrack): boolean {
    if (track.id === this.#referenceId) return false
    const writer = this.#tables.writers.get(track.id)!
    const cut = this.#cutTime(this.#span.first, track)
    // With constant durations the sample before is known to start before the cut without being seen.
    return writer.count === 0 || writer.firstPresented + track.mediaShift - (track.frameDuration ?? 1) >= cut
  }

  async #lookBehind(): Promise<void> {
    let before = this.#fromAt
    let looks = 0
    for (let k = this.#span.first - 1; k >= 0 && looks < LOOK_CUTS; k--) {
      const at = this.#offsetOf(k)
      if (at >= before) continue
      if (!this.#tracks.some(track => this.#mayBeBehind(track))) return
      const earlier: Moof[] = []
      await this.#window.walk(at, before, (bytes, offset) => {
        earlier.push({ bytes, at: offset })
        return true
      })
      this.#moofs = [...earlier, ...this.#moofs]
      this.#tables = new FragmentTables(this.#tracks, this.#index.sizeBytes)
      this.#referenceFrom = this.#referenceTo = -1
      for (const moof of this.#moofs) this.#add(moof.bytes, moof.at)
      before = at
      looks++
    }
  }

  /**
   * The samples of the span.
   *
   * @throws CuemuxError `CORRUPT_INDEX`, `CORRUPT_MEDIA`, `ENCRYPTED`, and what the source throws
   */
  async read(): Promise<SampleBatch[]> {
    await this.#collect()
    const ranges = this.#tracks.flatMap(track => this.#rangeOf(track) ?? [])
    const batches = await readRanges(this.#source, ranges, { signal: this.#window.signal }, this.#window.chunks)
    for (const batch of batches) liftOffsets(batch)
    return batches
  }

  /** The track's samples that belong to the span. */
  #rangeOf(track: SpanTrack): SampleRange | undefined {
    const writer = this.#tables.writers.get(track.id)!
    if (writer.count === 0) return undefined
    if (this.#tables.untimed.has(track.id)) {
      throw new CuemuxError('CORRUPT_MEDIA', 'A fragment has no decode time, though the first ones have.', {
        at: { offsetBytes: this.#fromAt, path: 'moof/traf' },
      })
    }
    const tables = writer.finish()
    const columns = new SampleColumns(tables)
    const sync = new SyncSamples(tables)
    const { timeline } = track.format
    const end = readableSamples(columns, this.#index.sizeBytes)
    const shift = writer.base + track.mediaShift
    const { offsetShift } = timeline
    const reader: SampleReader = {
      id: track.id,
      timescale: track.timescale,
      descriptionCount: track.descriptionCount,
      columns,
      sync,
      emptyBytes: track.emptyBytes,
      timeline: { decodeShift: shift - offsetShift, offsetShift, end },
    }
    const at = (keyframe: number, from: number): number => {
      if (keyframe <= 0) return columns.times.firstAtOrAfter(timeline.firstDecode - shift + offsetShift)
      const time = this.#cutTime(keyframe, track)
      if (time === Number.POSITIVE_INFINITY) return end
      if (track.id !== this.#referenceId) return firstPresentedFrom(columns, new SampleCursor(columns), time - shift)
      const found = findSample(columns, sync, Math.max(0, from), time - shift, this.#tolerance)
      if (found === undefined) throw this.#contradiction(keyframe)
      return found.sample
    }
    const first = at(this.#span.first, this.#referenceFrom)
    const last = Math.min(end, at(this.#span.end, this.#referenceTo))
    return first < last ? { reader, first, end: last } : undefined
  }

  #contradiction(keyframe: number): CuemuxError {
    return new CuemuxError('CORRUPT_INDEX', 'The film has no picture where its fragment index (sidx, mfra) says.', {
      at: { offsetBytes: this.#offsetOf(keyframe), path: 'moof' },
      hint: 'Remux it with ffmpeg -c copy.',
    })
  }
}

/**
 * Composition offsets below what the first fragments have would be negative: their samples are decoded earlier, but for
 * a batch's first one, on which the batch before ends.
 */
function liftOffsets({ count, dts, compositionOffset, duration }: SampleBatch): void {
  if (compositionOffset.every(offset => offset >= 0)) return
  let latest = Number.POSITIVE_INFINITY
  const end = dts[count - 1]! + duration[count - 1]!
  for (let i = count - 1; i > 0; i--) {
    const time = dts[i]! + compositionOffset[i]!
    latest = Math.max(dts[0]!, Math.min(dts[i]!, time, latest))
    dts[i] = latest
    compositionOffset[i] = Math.max(0, time - latest)
  }
  compositionOffset[0] = Math.max(0, compositionOffset[0]!)
  for (let i = 0; i < count; i++) duration[i] = (i + 1 < count ? dts[i + 1]! : end) - dts[i]!
}
