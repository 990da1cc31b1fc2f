import { rescale, type SampleBatch, sliceBatch, type VideoTrack } from '@cuemux/core'
import type { Clip } from '@cuemux/planner'
import { withoutLeading } from './leading.js'

/** The frames of a batch of sound that have a part in the clip. */
export function clipSound(
  batch: SampleBatch,
  { fromUs, toUs }: Pick<Clip, 'fromUs' | 'toUs'>,
): SampleBatch | undefined {
  const from = Number.isFinite(fromUs) ? rescale(fromUs, 1_000_000, batch.timescale) : fromUs
  const to = toUs === Number.POSITIVE_INFINITY ? toUs : rescale(toUs, 1_000_000, batch.timescale)
  const timeOf = (i: number): number => (batch.dts[i] ?? 0) + (batch.compositionOffset[i] ?? 0)
  let first = 0
  while (first < batch.count && timeOf(first) + (batch.duration[first] ?? 0) <= from) first++
  let end = batch.count
  while (end > first && timeOf(end - 1) >= to) end--
  return first === end ? undefined : sliceBatch(batch, first, end)
}

/**
 * The pictures of segment n that are shown before the clip's end, and those after it that they refer to. Of the first
 * segment of a clip within the film without those that its keyframe leads in: they refer to what isn't in the clip.
 */
export function clipPicture(
  batch: SampleBatch,
  { first, toUs }: Clip,
  { reorderDelay }: VideoTrack,
  n: number,
): SampleBatch | undefined {
  const whole = n === 0 && first > 0 ? withoutLeading(batch, reorderDelay) : batch
  if (toUs === Number.POSITIVE_INFINITY) return whole
  const to = rescale(toUs, 1_000_000, whole.timescale)
  let end = whole.count
  while (end > 0 && (whole.dts[end - 1] ?? 0) + (whole.compositionOffset[end - 1] ?? 0) >= to) end--
  return end === 0 ? undefined : sliceBatch(whole, 0, end)
}
