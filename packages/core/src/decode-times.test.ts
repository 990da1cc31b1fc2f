import { describe, expect, it } from 'vitest'
import { deriveDecodeTimes } from './decode-times.js'

const derive = (pts: number[], delay: number, nextDts: number) => {
  const { dts, compositionOffset, duration } = deriveDecodeTimes(Float64Array.from(pts), delay, nextDts)
  return { dts: [...dts], offset: [...compositionOffset], duration: [...duration] }
}

describe('deriveDecodeTimes', () => {
  it('sorts and moves by the reorder delay at a constant rate', () => {
    // I P B B: shown as I B B P; two frames may be ahead.
    expect(derive([0, 4000, 2000, 1000, 3000], 2000, 3000)).toEqual({
      dts: [-2000, -1000, 0, 1000, 2000],
      offset: [2000, 5000, 2000, 0, 1000],
      duration: [1000, 1000, 1000, 1000, 1000],
    })
  })

  it('leaves times in order alone', () => {
    expect(derive([10, 20, 35], 0, 50)).toEqual({ dts: [10, 20, 35], offset: [0, 0, 0], duration: [10, 15, 15] })
  })

  it('never decodes a frame after it is shown at a variable rate', () => {
    // Sorted: 0 10 20 100 110. The frame shown at 20 is the last one in decode order.
    expect(derive([0, 110, 100, 10, 20], 10, 110)).toEqual({
      dts: [-10, 0, 9, 10, 20],
      offset: [10, 110, 91, 0, 0],
      duration: [10, 9, 1, 10, 90],
    })
  })

  it('starts with the leading pictures of an open group', () => {
    expect(derive([3000, 1000, 2000, 5000, 4000], 2000, 4000)).toEqual({
      dts: [-1000, 0, 1000, 2000, 3000],
      offset: [4000, 1000, 1000, 3000, 1000],
      duration: [1000, 1000, 1000, 1000, 1000],
    })
  })

  it('keeps the first time and never goes below it when the delay is too small', () => {
    expect(derive([2, 0, 1], 0, 3)).toEqual({ dts: [0, 0, 1], offset: [2, 0, 0], duration: [0, 1, 2] })
  })

  it('ends on the next decode time when the next span overlaps', () => {
    expect(derive([0, 10, 20], 0, 15)).toEqual({ dts: [0, 10, 14], offset: [0, 0, 6], duration: [10, 4, 1] })
  })

  it('makes nothing of nothing', () => {
    expect(derive([], 5, 0)).toEqual({ dts: [], offset: [], duration: [] })
  })
})
