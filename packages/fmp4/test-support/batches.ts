import { createSampleBatch, type SampleBatch } from '@cuemux/core'

/** A sample to put in a batch. */
export interface SampleSpec {
  readonly duration: number
  readonly offset?: number
  readonly sync?: boolean
  readonly data: Uint8Array
}

/** A batch of these samples, one after the other from `dts`. */
export function batchOf(
  samples: readonly SampleSpec[],
  { dts = 0, trackId = 1, descriptionIndex = 0 }: { dts?: number; trackId?: number; descriptionIndex?: number } = {},
): SampleBatch {
  const batch = createSampleBatch(trackId, 24000, samples.length, descriptionIndex)
  samples.forEach(({ duration, offset = 0, sync = false, data }, i) => {
    batch.dts[i] = dts
    batch.duration[i] = duration
    batch.compositionOffset[i] = offset
    batch.size[i] = data.byteLength
    batch.flags[i] = sync ? 1 : 0
    batch.data.push(data)
    dts += duration
  })
  return batch
}

/** As many bytes of one value. */
export const filled = (length: number, value = 0): Uint8Array => new Uint8Array(length).fill(value)
