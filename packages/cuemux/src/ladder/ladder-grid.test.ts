import { describe, expect, it } from 'vitest'
import { planLadderGrid } from './ladder-grid.js'

const seconds = (value: number, timescale: number): number => Math.round(value * timescale)

describe('segments of a constant rate', () => {
  it.each([
    ['23.976', 24_000, 1001, [1], 96 * 1001],
    ['29.97', 30_000, 1001, [1], 120 * 1001],
    ['59.94', 60_000, 1001, [1], 240 * 1001],
    ['59.94 beside its half', 60_000, 1001, [1, 2], 240 * 1001],
    ['50 beside its half and its third', 50_000, 1000, [1, 2, 3], 198 * 1000],
    ['25', 25_000, 1000, [1], 100_000],
  ] as const)('%s are whole frames of every rung', (_, timescale, frameDuration, frameSteps, expected) => {
    const options = { timescale, frameDuration, frameSteps, segmentMs: 4000, start: 7 }
    const { segmentTicks, times } = planLadderGrid({ ...options, end: 7 + seconds(60, timescale) })
    expect(segmentTicks).toBe(expected)
    expect(Array.from(times)).toEqual(Array.from({ length: times.length }, (__, n) => 7 + n * expected))
    for (const step of frameSteps) expect(segmentTicks % (step * frameDuration)).toBe(0)
  })
  it('have no last one without a frame', () => {
    const options = { timescale: 1000, frameDuration: 40, frameSteps: [1], segmentMs: 1000, start: 0 }
    expect(planLadderGrid({ ...options, end: 5000 }).times).toHaveLength(5)
    expect(planLadderGrid({ ...options, end: 5015 }).times).toHaveLength(5)
    expect(planLadderGrid({ ...options, end: 5040 }).times).toHaveLength(6)
    expect(planLadderGrid({ ...options, end: 10 }).times).toHaveLength(1)
  })
  it('are as long as a frame where that is longer', () => {
    const options = { timescale: 1000, frameDuration: 5000, frameSteps: [1], segmentMs: 1000, start: 0 }
    expect(planLadderGrid({ ...options, end: 20_000 }).segmentTicks).toBe(5000)
  })
})

it('gives sound that begins before the pictures segments of its own', () => {
  const options = { timescale: 1000, frameDuration: 40, frameSteps: [1], segmentMs: 4000, start: 10_000, end: 15_000 }
  const grid = (lead: number): unknown[] => {
    const { times, firstPicture } = planLadderGrid({ ...options, lead })
    return [firstPicture, ...times]
  }
  expect(grid(10_000)).toEqual([3, -2000, 2000, 6000, 10_000, 14_000])
  expect(grid(9000)).toEqual([2, 2000, 6000, 10_000, 14_000])
  expect(grid(1500)).toEqual([0, 10_000, 14_000])
  expect(grid(-3000)).toEqual([0, 10_000, 14_000])
})

it('cuts a variable rate by time, and frames without an end as far as can be', () => {
  const options = { timescale: 1000, frameDuration: undefined, frameSteps: [], segmentMs: 4000, start: 0 }
  expect(Array.from(planLadderGrid({ ...options, end: 9000 }).times)).toEqual([0, 4000, 8000])
  expect(planLadderGrid({ ...options, end: undefined }).times).toHaveLength(100_000)
  expect(() => planLadderGrid({ ...options, end: 1e12 })).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
})
