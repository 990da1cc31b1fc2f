import { describe, expect, it } from 'vitest'
import { hidePreroll } from './preroll.js'

/** Presentation times in decode order, ten ticks apart, decoded D = 20 before. */
function columns(presentation: number[]) {
  const sorted = [...presentation].sort((a, b) => a - b)
  const dts = Float64Array.from(sorted, time => time - 20)
  return {
    dts,
    offset: Int32Array.from(presentation, (time, i) => time - dts[i]!),
    duration: new Uint32Array(presentation.length).fill(10),
  }
}

function hide(presentation: number[], start: number) {
  const { dts, offset, duration } = columns(presentation)
  hidePreroll(dts, offset, duration, presentation.length, start)
  return {
    dts: [...dts],
    presentation: [...dts].map((time, i) => time + offset[i]!),
    duration: [...duration],
    isPossible: offset.every(value => value >= 0),
  }
}

describe('hidePreroll', () => {
  it('shows the pictures before the start for one tick each', () => {
    // Shown at 100, 110, 120 (reordered); the start is 130.
    expect(hide([100, 120, 110, 130, 140], 130)).toEqual({
      dts: [107, 108, 109, 110, 120],
      presentation: [127, 129, 128, 130, 140],
      duration: [1, 1, 1, 10, 10],
      isPossible: true,
    })
  })

  it('keeps the decode order where a shown picture is decoded among them', () => {
    expect(hide([100, 130, 110, 120, 140], 130)).toEqual({
      dts: [89, 90, 100, 110, 120],
      presentation: [127, 130, 128, 129, 140],
      duration: [1, 10, 10, 10, 10],
      isPossible: true,
    })
  })

  it('changes nothing without pictures before the start, or without any after it', () => {
    expect(hide([100, 120, 110], 100).presentation).toEqual([100, 120, 110])
    expect(hide([100, 120, 110], 200).presentation).toEqual([100, 120, 110])
  })
})
