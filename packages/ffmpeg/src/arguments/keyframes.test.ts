import { describe, expect, it } from 'vitest'
import { forceKeyframes, keyframeIntervalFrames } from './keyframes.js'

describe('forceKeyframes', () => {
  it('asks for a fixed interval by an expression, a quarter of a frame early and 5 ms at most', () => {
    expect(forceKeyframes({ timescale: 24000, interval: 96096 }, [24000, 1001]).value).toBe(
      'expr:gte(t+0.005,n_forced*4.004)',
    )
    expect(forceKeyframes({ timescale: 120, interval: 240 }, [120, 1]).value).toBe('expr:gte(t+0.002083,n_forced*2)')
  })
  it('counts from the start of the run, on the clock of the source', () => {
    expect(forceKeyframes({ timescale: 1000, start: 100_000, interval: 4000 }, [25, 1]).value).toBe(
      'expr:gte(t+0.005,n_forced*4)',
    )
    const times = [96_000, 100_000, 104_000]
    expect(forceKeyframes({ timescale: 1000, start: 100_000, times }, [25, 1]).value).toBe('103.995')
  })
  it('lists other times, without the first frame', () => {
    const plan = { timescale: 1000, times: [0, 2002, 9009, 3_600_000] }
    expect(forceKeyframes(plan, undefined)).toEqual({ value: '2,9.007,3599.998', firstLeftOut: undefined })
    expect(forceKeyframes({ timescale: 1000, times: [0] }, undefined).value).toBeUndefined()
  })
  it('says where the times no longer fit a command line', () => {
    const times = Array.from({ length: 5000 }, (_, index) => index * 4004)
    const { value, firstLeftOut } = forceKeyframes({ timescale: 1000, times }, [24000, 1001])
    const listed = value!.split(',')
    expect(value!.length).toBeLessThanOrEqual(16 * 1024)
    expect(listed.length).toBeGreaterThan(1500)
    expect(firstLeftOut).toBe(times[listed.length + 1])
  })
})

describe('keyframeIntervalFrames', () => {
  it('counts the frames of a constant rate', () => {
    expect(keyframeIntervalFrames({ timescale: 24000, interval: 96096 }, [24000, 1001], 'libsvtav1')).toBe(96)
  })
  it.each([
    ['half a frame', { timescale: 1000, interval: 4020 }, [25, 1]],
    ['a variable rate', { timescale: 1000, interval: 4000 }, undefined],
    ['given times', { timescale: 1000, times: [4000] }, [25, 1]],
  ] as const)('refuses %s', (_, plan, rate) => {
    expect(() => keyframeIntervalFrames(plan, rate, 'libsvtav1')).toThrow(
      'libsvtav1 sets keyframes every N frames only',
    )
  })
})
