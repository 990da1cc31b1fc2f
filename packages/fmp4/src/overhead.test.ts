import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, filled } from '../test-support/batches.js'
import { audioTrack, videoTrack } from '../test-support/tracks.js'
import { segmentOverheadBytes } from './overhead.js'
import { writeMediaSegment } from './segment.js'

describe('segmentOverheadBytes', () => {
  it('is exact for a film as films are', () => {
    const video = batchOf(
      Array.from({ length: 144 }, (_, i) => ({ duration: 1000, offset: i % 3, sync: i === 0, data: filled(i) })),
    )
    const audio = batchOf(
      Array.from({ length: 281 }, (_, i) => ({ duration: 1024, sync: true, data: filled(i) })),
      { trackId: 2 },
    )
    const exact = writeMediaSegment(1, [
      { batch: video, shift: 0 },
      { batch: audio, shift: 0 },
    ]).headerLength
    const estimate = segmentOverheadBytes([
      { track: videoTrack(), sampleCount: 144, syncSamples: 1 },
      { track: audioTrack(), sampleCount: 281 },
    ])
    expect(exact).toBe(2456)
    expect(estimate).toBe(2456)
  })

  it('is never too small', () => {
    const sample = fc.record({
      duration: fc.nat({ max: 3 }),
      offset: fc.nat({ max: 2 }),
      sync: fc.boolean(),
      size: fc.nat({ max: 2 }),
    })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 8 }), fc.boolean(), fc.boolean(), (specs, constant, reorders) => {
        const samples = specs.map(({ duration, offset, sync, size }) => ({
          duration: constant ? 5 : duration,
          offset: reorders ? offset : 0,
          sync,
          data: filled(size),
        }))
        const track = videoTrack({ frameDuration: constant ? 5 : undefined, reorderDelay: reorders ? 2 : 0 })
        const { headerLength } = writeMediaSegment(1, [{ batch: batchOf(samples), shift: 0 }])
        expect(segmentOverheadBytes([{ track, sampleCount: samples.length }])).toBeGreaterThanOrEqual(headerLength)
      }),
    )
  })
})
