import { type KeyframeTable, rescaleUp, type Track } from '@cuemux/core'
import { SampleColumns, SampleCursor } from './cursor.js'
import type { TrackFormat } from './format.js'
import { SyncSamples } from './sync-samples.js'
import { emptyTextBytes } from './text.js'
import { firstPresentedFrom, type TrackTimeline } from './timeline.js'

/** A track's tables ready for reading, built when the track is first asked for. */
export class TrackReader {
  readonly id: number
  readonly timescale: number
  readonly descriptionCount: number
  readonly isEncrypted: boolean
  readonly columns: SampleColumns
  readonly sync: SyncSamples
  readonly timeline: TrackTimeline
  readonly emptyBytes: number | undefined
  readonly #keyframes: KeyframeTable
  readonly #keyframeSamples: Uint32Array

  constructor(
    track: Track,
    format: TrackFormat,
    keyframes: KeyframeTable,
    keyframeSamples: Uint32Array,
    columns: SampleColumns = new SampleColumns(format.tables),
  ) {
    this.id = track.id
    this.timescale = track.timescale
    this.descriptionCount = track.descriptions.length
    this.isEncrypted = format.isEncrypted
    this.columns = columns
    this.sync = new SyncSamples(format.tables)
    this.timeline = format.timeline
    this.emptyBytes = emptyTextBytes(track)
    this.#keyframes = keyframes
    this.#keyframeSamples = keyframeSamples
  }

  /**
   * Number of the track's first sample that belongs after a cut: the keyframe itself in the reference track, in others
   * the first sample presented at or after its time.
   */
  sampleAtCut(keyframe: number): number {
    const { first, end } = this.timeline
    if (keyframe <= 0) return first
    if (keyframe >= this.#keyframes.count) return end
    if (this.#keyframes.trackId === this.id) return this.#keyframeSamples[keyframe]!
    return this.sampleAtTime(rescaleUp(this.#keyframes.time[keyframe]!, this.#keyframes.timescale, this.timescale))
  }

  /** Number of the first sample presented at or after a time, ticks on the film's clock. */
  sampleAtTime(time: number): number {
    const { first, end, decodeShift, offsetShift } = this.timeline
    if (time === Number.POSITIVE_INFINITY) return end
    const cursor = new SampleCursor(this.columns)
    const sample = firstPresentedFrom(this.columns, cursor, time - decodeShift - offsetShift)
    return Math.min(end, Math.max(first, sample))
  }
}
