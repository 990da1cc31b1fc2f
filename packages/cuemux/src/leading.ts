import { createSampleBatch, type SampleBatch } from '@cuemux/core'

/**
 * A batch that starts a stream without its leading pictures: those that follow the first keyframe and are shown before it.
 * They refer to what isn't in the stream. The keyframe is decoded `reorderDelay` ticks before it is shown, as if they
 * had never been.
 */
export function withoutLeading(batch: SampleBatch, reorderDelay: number): SampleBatch {
  const timeOf = (i: number): number => (batch.dts[i] ?? 0) + (batch.compositionOffset[i] ?? 0)
  const keyframe = timeOf(0)
  const kept: number[] = []
  for (let i = 0; i < batch.count; i++) if (timeOf(i) >= keyframe) kept.push(i)
  if (kept.length === batch.count) return batch
  const trimmed = createSampleBatch(batch.trackId, batch.timescale, kept.length, batch.descriptionIndex)
  const last = batch.count - 1
  const end = (batch.dts[last] ?? 0) + (batch.duration[last] ?? 0)
  kept.forEach((i, row) => {
    const next = kept[row + 1]
    const nextDts = next === undefined ? end : (batch.dts[next] ?? 0)
    const dts = row > 0 ? (batch.dts[i] ?? 0) : Math.min(Math.max(batch.dts[0] ?? 0, keyframe - reorderDelay), nextDts)
    trimmed.dts[row] = dts
    trimmed.compositionOffset[row] = timeOf(i) - dts
    trimmed.duration[row] = nextDts - dts
    trimmed.size[row] = batch.size[i] ?? 0
    trimmed.flags[row] = batch.flags[i] ?? 0
    trimmed.data.push(batch.data[i] ?? new Uint8Array())
  })
  return trimmed
}
