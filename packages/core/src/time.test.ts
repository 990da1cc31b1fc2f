import { describe, expect, it } from 'vitest'
import { rescale, rescaleUp, ticksToMs } from './time.js'

describe('rescale', () => {
  it.each([
    [0, 24000, 48000, 0],
    [1001, 24000, 48000, 2002],
    [1001, 30000, 1000, 33], // 33.37 ms
    [1, 3, 2, 1], // 0.67 rounds up
    [-1001, 24000, 48000, -2002],
    [-1, 4, 2, 0], // −0.5 rounds up, as Math.round does
    [7, 90000, 90000, 7],
  ])('takes %i ticks of 1/%i s as ticks of 1/%i s', (ticks, from, to, result) => {
    expect(rescale(ticks, from, to)).toBe(result)
  })

  it('is exact where the product is beyond 2^53: a week in nanoseconds at 48 kHz', () => {
    const week = 7 * 24 * 3600
    expect(rescale(week * 1e9 + 500_000_000, 1e9, 48000)).toBe(week * 48000 + 24000)
  })
})

describe('ticksToMs', () => {
  it('gives milliseconds for people', () => {
    expect(ticksToMs(1001, 24000)).toBeCloseTo(41.708, 3)
  })
})

describe('rescaleUp', () => {
  it.each([
    [0, 24000, 48000, 0],
    [1001, 30000, 1000, 34], // 33.37 ms
    [1000, 30000, 3, 1], // 0.1
    [1, 3, 3000, 1000],
    [-1001, 30000, 1000, -33],
    [7, 90000, 90000, 7],
  ])('takes %i ticks of 1/%i s as ticks of 1/%i s', (ticks, from, to, result) => {
    expect(rescaleUp(ticks, from, to)).toBe(result)
  })

  it('is exact where products are beyond 2^53', () => {
    const week = 7 * 24 * 3600
    expect(rescaleUp(week * 1e9 + 1, 1e9, 48000)).toBe(week * 48000 + 1)
    expect(rescaleUp(999_999_999, 1_000_000_007, 2 ** 31 - 1)).toBe(
      Number((999_999_999n * (2n ** 31n - 1n) + 1_000_000_006n) / 1_000_000_007n),
    )
  })
})
