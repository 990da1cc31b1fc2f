import { createSampleBatch, type SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { withoutLeading } from './leading.js'

/** Frames of one tick at D = 2, in decode order. */
function batchOf(presentationTimes: number[]): SampleBatch {
  const batch = createSampleBatch(1, 24, presentationTimes.length)
  const sorted = [...presentationTimes].sort((a, b) => a - b)
  presentationTimes.forEach((time, i) => {
    batch.dts[i] = sorted[i]! - 2
    batch.compositionOffset[i] = time - sorted[i]! + 2
    batch.duration[i] = 1
    batch.size[i] = 1
    batch.data.push(Uint8Array.of(time))
  })
  return batch
}

describe('withoutLeading', () => {
  it('leaves a closed group as it is', () => {
    const batch = batchOf([10, 12, 11])
    expect(withoutLeading(batch, 2)).toBe(batch)
  })

  it('takes out what is shown before the keyframe, and keeps all other times', () => {
    const batch = withoutLeading(batchOf([10, 8, 9, 13, 11, 12]), 2)
    expect([...batch.dts]).toEqual([8, 9, 10, 11])
    expect([...batch.compositionOffset]).toEqual([2, 4, 1, 1])
    expect([...batch.duration]).toEqual([1, 1, 1, 1])
    expect(batch.data.map(([time]) => time)).toEqual([10, 13, 11, 12])
  })
})
