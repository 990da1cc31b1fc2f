import { describe, expect, it } from 'vitest'
import { film, video } from '../fixtures/films.js'
import { periodOf, planSegments, segmentSpan } from './segments.js'

const ms = (times: readonly number[]) => film({ tracks: [video({ timescale: 1000 })], times })

describe('planSegments', () => {
  it('starts a segment at the first keyframe at or after the target', () => {
    const plan = planSegments(ms([0, 2000, 4000, 6000, 8000, 13000, 14000, 19001, 25000, 25500]), {
      targetDurationMs: 6000,
    })
    expect([...plan.cuts]).toEqual([0, 3, 5, 7, 9])
    expect([...plan.times]).toEqual([0, 6000, 13000, 19001, 25500])
    expect(plan.timescale).toBe(1000)
    expect([0, 1, 4].map(n => segmentSpan(plan, n))).toEqual([
      { first: 0, end: 3 },
      { first: 3, end: 5 },
      { first: 9, end: 10 },
    ])
    expect(() => segmentSpan(plan, 5)).toThrow('There is no segment 5: the film has 5.')
  })

  it('compares ticks: 143 frames of 1001/24000 s are short of 6 s, 144 are not', () => {
    const tracks = [video({ frameDuration: 1001 })]
    const plan = planSegments(film({ tracks, times: [0, 143 * 1001, 144 * 1001, 287 * 1001, 288 * 1001] }), {
      targetDurationMs: 6000,
    })
    expect([...plan.cuts]).toEqual([0, 2, 4])
    expect([...plan.times]).toEqual([0, 144144, 288288])
  })

  it('counts from the first keyframe, wherever it lies', () => {
    const plan = planSegments(ms([10_000, 14_000, 16_000]), { targetDurationMs: 6000 })
    expect([...plan.times]).toEqual([10_000, 16_000])
  })

  it('starts a segment where the way to decode changes, and tells the stretches apart', () => {
    const description = { config: new Uint8Array([1]), codecString: 'avc1.640028' }
    const plan = planSegments(ms([0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000]), {
      targetDurationMs: 6000,
      changes: [
        { keyframe: 2, description },
        { keyframe: 5, description: undefined },
      ],
    })
    expect([...plan.cuts]).toEqual([0, 2, 5])
    expect(plan.periods).toEqual([
      { firstSegment: 0, description: undefined },
      { firstSegment: 1, description },
      { firstSegment: 2, description: undefined },
    ])
    expect([0, 1, 2].map(n => periodOf(plan, n))).toEqual([0, 1, 2])
  })

  it('cuts a part of a film', () => {
    const description = { config: new Uint8Array([1]), codecString: 'avc1.640028' }
    const plan = planSegments(ms([0, 2000, 4000, 6000, 8000, 10_000, 12_000]), {
      targetDurationMs: 4000,
      changes: [
        { keyframe: 1, description },
        { keyframe: 2, description: undefined },
        { keyframe: 3, description },
      ],
      clip: { first: 3, end: 6 },
    })
    expect([...plan.cuts]).toEqual([3, 5])
    expect(plan.periods).toEqual([{ firstSegment: 0, description }])
    expect(segmentSpan(plan, 1)).toEqual({ first: 5, end: 6 })
  })

  it('refuses a film without keyframes and a target that is none', () => {
    expect(() => planSegments(ms([]), { targetDurationMs: 6000 })).toThrow('no keyframe')
    for (const targetDurationMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => planSegments(ms([0]), { targetDurationMs })).toThrow('must be a positive number of ms')
    }
  })
})
