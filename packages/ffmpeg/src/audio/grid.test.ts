import type { AudioTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AudioGrid } from './grid.js'

function gridOf(
  sampleRate: number,
  rate: number,
  start: number,
  times: readonly number[],
  timescale: number,
): AudioGrid {
  return new AudioGrid({ sampleRate, timescale: sampleRate, start } as AudioTrack, rate, { times, timescale })
}

describe('AudioGrid', () => {
  it('puts each frame into the segment in which it starts', () => {
    const grid = gridOf(48_000, 48_000, 0, [0, 6006, 12_012], 1000)
    expect([0, 1, 2].map(n => grid.framesOf(n))).toEqual([
      { first: -1, end: 282 },
      { first: 282, end: 564 },
      { first: 564, end: Number.POSITIVE_INFINITY },
    ])
    expect(grid.timeOf(281)).toBeLessThan(288_288)
    expect(grid.timeOf(282)).toBeGreaterThanOrEqual(288_288)
  })

  it('takes a frame that starts at a boundary into the segment behind it', () => {
    const grid = gridOf(48_000, 48_000, 480, [0, 480 + 1024 * 3], 48_000)
    expect(grid.framesOf(1).first).toBe(3)
  })

  it('gives sound that starts late to no segment before it', () => {
    const grid = gridOf(48_000, 48_000, 96_000, [0, 1, 4], 1)
    expect([0, 1].map(n => grid.framesOf(n))).toEqual([
      { first: -1, end: -1 },
      { first: -1, end: 94 },
    ])
  })

  it('starts encoders on whole samples of the source', () => {
    const grid = gridOf(44_100, 48_000, 0, [0, 6], 1)
    const start = grid.startFor(grid.framesOf(1).first)
    expect([start % 5, Number.isInteger(grid.sourceTicks(start))]).toEqual([0, true])
    expect(grid.startFor(3)).toBe(0)
  })

  it('knows its segments', () => {
    const grid = gridOf(48_000, 48_000, 0, [0], 1)
    for (const n of [-1, 1, 0.5, Number.NaN]) expect(() => grid.framesOf(n)).toThrow(`There is no segment ${n}`)
  })
})
