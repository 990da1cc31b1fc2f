import { rescale, type SampleBatch, sliceBatch } from '@cuemux/core'
import type { Clip } from '@cuemux/planner'

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
 * The pictures of a batch that are shown before the clip's end, and those after it that they refer to.
 */
export function clipPicture(batch: SampleBatch, { toUs }: Clip): SampleBatch | undefined {
  if (toUs === Number.POSITIVE_INFINITY) return batch
  const to = rescale(toUs, 1_000_000, batch.timescale)
  let end = batch.count
  while (end > 0 && (batch.dts[end - 1] ?? 0) + (batch.compositionOffset[end - 1] ?? 0) >= to) end--
  return end === 0 ? undefined : sliceBatch(batch, 0, end)
}
