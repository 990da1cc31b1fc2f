import { describe, expect, it } from 'vitest'
import { audio, video } from '../fixtures/films.js'
import { averageRate, defaultOverhead, peakRate, samplesPerSecond, trackRate } from './rates.js'

const columns = (...list: number[]) => Float64Array.from(list)
const s = (...list: number[]) => Float64Array.from(list, n => n * 1e6)

describe('peakRate', () => {
  it('is the highest of a run that lasts 0.5 to 1.5 target durations', () => {
    // a segment of 1 s is too short to count alone; with its neighbour it makes 7 s
    expect(peakRate(columns(6000, 4000, 6000), s(6, 1, 6), 6)).toBeCloseTo((10_000 * 8) / 7, 6)
    expect(peakRate(columns(6000, 9000, 6000), s(6, 6, 6), 6)).toBeCloseTo(12_000, 6)
    // three of 3 s: the run of two or three
    expect(peakRate(columns(3000, 6000, 3000), s(3, 3, 3), 6)).toBeCloseTo(16_000, 6)
  })

  it('is the rate of the whole where no run is long enough', () => {
    expect(peakRate(columns(100, 300), s(0.1, 0.1), 1)).toBeCloseTo(16_000, 6)
    expect(averageRate(columns(100, 300), s(0.1, 0.1))).toBeCloseTo(16_000, 6)
    expect(averageRate(columns(), s())).toBe(0)
  })
})

describe('a track’s rate', () => {
  it('is the stated one, else the usual one', () => {
    expect(trackRate(audio({ bitrateBps: 192_000 }))).toEqual({ bps: 192_000, leastBps: 172_800 })
    expect(trackRate(audio({ channels: 6 }))).toEqual({ bps: 384_000, leastBps: 230_400 })
    expect(trackRate(audio({ codec: 'pcm', bitDepth: 24 }))).toEqual({ bps: 2_304_000, leastBps: 2_304_000 })
    expect(trackRate(audio({ codec: 'flac' })).bps).toBe(921_600)
    expect(trackRate(video())).toEqual({ bps: 0, leastBps: 0 })
  })

  it('counts samples by the frame, else by the mean rate', () => {
    expect(samplesPerSecond(video())).toBe(24)
    expect(samplesPerSecond(video({ frameDuration: undefined, frameRate: 25 }))).toBe(25)
    expect(samplesPerSecond(audio())).toBe(46.875)
    expect(defaultOverhead(video())).toEqual({ segmentBytes: 264, sampleBytes: 12 })
    expect(defaultOverhead(audio({ frameDuration: undefined }))).toEqual({ segmentBytes: 140, sampleBytes: 8 })
  })
})
