import type { VideoTrack } from './track.js'

/** Sample flag: a sync sample, decoding can start here (ISO/IEC 14496-12 §3.1.11). */
export const SAMPLE_SYNC = 1

/**
 * Samples of one track in decode order, as columns. All columns have `count` entries.
 *
 * Times are ticks of `timescale` on the film's own clock, on which every track's presentation time is
 * `dts + compositionOffset`, edit lists and codec delay already applied; priming and the first decode times may lie
 * below the film's first presentation time, and below zero.
 */
export interface SampleBatch {
  /** The {@link TrackBase.id} of the track. */
  readonly trackId: number
  /** Ticks per second. */
  readonly timescale: number
  /** Which of the track's sample descriptions decodes these samples, from 0. */
  readonly descriptionIndex: number
  /** How many samples. */
  readonly count: number
  /** Decode time, ticks; never decreasing. */
  readonly dts: Float64Array
  /** Presentation time minus decode time, ticks; never negative. */
  readonly compositionOffset: Int32Array
  /** Time to the next sample's decode time (the next one of the track, be it in this batch or not), ticks. */
  readonly duration: Uint32Array
  /** Bytes of the sample. */
  readonly size: Uint32Array
  /** {@link SAMPLE_SYNC} or 0. */
  readonly flags: Uint8Array
  /** The sample's bytes: views into what was read, not copies. */
  readonly data: readonly Uint8Array[]
  /**
   * What Matroska keeps beside a sample of text (BlockAdditional of BlockAddID 1): the settings, identifier and comments of
   * a WebVTT cue. `undefined` for a sample without; the column is there only where some sample has one.
   */
  readonly additions?: readonly (Uint8Array | undefined)[]
}

/** Allocates an empty batch's columns for `count` samples; `data` is a plain array to be filled. */
export function createSampleBatch(
  trackId: number,
  timescale: number,
  count: number,
  descriptionIndex = 0,
): SampleBatch & { readonly data: Uint8Array[] } {
  return {
    trackId,
    timescale,
    descriptionIndex,
    count,
    dts: new Float64Array(count),
    compositionOffset: new Int32Array(count),
    duration: new Uint32Array(count),
    size: new Uint32Array(count),
    flags: new Uint8Array(count),
    data: [],
  }
}

/** Frames in a second, where nothing tells how many. */
const USUAL_RATE = 25

/**
 * A keyframe as a batch of its own: decoded by the track's reorder delay before it is shown, and as long as a frame.
 *
 * @param time when it is shown, ticks
 */
export function keyframeBatch(
  { id, timescale, reorderDelay, frameDuration, frameRate = USUAL_RATE }: VideoTrack,
  time: number,
  sample: Uint8Array,
  descriptionIndex = 0,
): SampleBatch {
  const batch = createSampleBatch(id, timescale, 1, descriptionIndex)
  batch.dts[0] = time - reorderDelay
  batch.compositionOffset[0] = reorderDelay
  batch.duration[0] = frameDuration ?? Math.max(1, Math.round(timescale / frameRate))
  batch.size[0] = sample.byteLength
  batch.flags[0] = SAMPLE_SYNC
  batch.data.push(sample)
  return batch
}

/** Samples `first` up to `end` of a batch, as views of its columns. */
export function sliceBatch(batch: SampleBatch, first: number, end: number): SampleBatch {
  if (first === 0 && end === batch.count) return batch
  const { additions } = batch
  return {
    ...batch,
    count: end - first,
    dts: batch.dts.subarray(first, end),
    compositionOffset: batch.compositionOffset.subarray(first, end),
    duration: batch.duration.subarray(first, end),
    size: batch.size.subarray(first, end),
    flags: batch.flags.subarray(first, end),
    data: batch.data.slice(first, end),
    ...(additions === undefined ? {} : { additions: additions.slice(first, end) }),
  }
}

/**
 * Batches of one track, one after another, in one; its columns are new, its samples' bytes the same views. What lies beside
 * samples of text ({@link SampleBatch.additions}) is kept for a single batch only.
 */
export function joinBatches(trackId: number, timescale: number, batches: readonly SampleBatch[]): SampleBatch {
  const [first] = batches
  if (batches.length === 1 && first !== undefined) return first
  const count = batches.reduce((sum, batch) => sum + batch.count, 0)
  const joined = createSampleBatch(trackId, timescale, count, first?.descriptionIndex)
  let at = 0
  for (const batch of batches) {
    joined.dts.set(batch.dts, at)
    joined.compositionOffset.set(batch.compositionOffset, at)
    joined.duration.set(batch.duration, at)
    joined.size.set(batch.size, at)
    joined.flags.set(batch.flags, at)
    joined.data.push(...batch.data)
    at += batch.count
  }
  return joined
}
