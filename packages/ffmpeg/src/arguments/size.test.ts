import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { videoJob } from '../../testing/encoders.js'
import type { VideoSource } from './job.js'
import { heightsBelow, outputSize } from './size.js'

function size(source: Partial<VideoSource>, heightLimit?: number): string {
  const { width, height, pixelAspect } = outputSize(videoJob(source).source, heightLimit)
  return `${width}x${height} ${pixelAspect.join(':')}`
}

describe('outputSize', () => {
  it.each<[Partial<VideoSource>, number | undefined, string]>([
    [{ width: 1920, height: 1080 }, undefined, '1920x1080 1:1'],
    [{ width: 1920, height: 1080 }, 1080, '1920x1080 1:1'],
    [{ width: 1920, height: 1080 }, 480, '854x480 1:1'],
    [{ width: 1280, height: 720 }, 1080, '1280x720 1:1'],
    [{ width: 3840, height: 1600 }, 1080, '2592x1080 1:1'],
    [{ width: 720, height: 576, pixelAspect: [64, 45] }, 480, '600x480 64:45'],
    [{ width: 853, height: 481 }, undefined, '852x480 1:1'],
    [{ width: 853, height: 481 }, 480, '852x480 1:1'],
    [{ width: 1920, height: 1080, rotation: 90, pixelAspect: [4, 3] }, 720, '406x720 3:4'],
    [{ width: 4096, height: 2 }, 2, '4096x2 1:1'],
  ])('%o at most %s high is %s', (source, limit, expected) => {
    expect(size(source, limit)).toBe(expected)
  })

  it('is even, never larger than the source and of its shape', () => {
    const side = fc.integer({ min: 16, max: 8192 })
    fc.assert(
      fc.property(side, side, fc.integer({ min: 16, max: 4320 }), fc.boolean(), (width, height, limit, isTurned) => {
        const source = videoJob({ width, height, rotation: isTurned ? 270 : 0 }).source
        const out = outputSize(source, limit)
        const [across, down] = isTurned ? [height, width] : [width, height]
        expect([out.width % 2, out.height % 2]).toEqual([0, 0])
        expect(out.height).toBeLessThanOrEqual(Math.min(down, limit))
        expect(out.width).toBeLessThanOrEqual(across)
        // To within the rounding of both sides to even numbers, which are 2 at least.
        expect(Math.abs(out.width - (across * out.height) / down)).toBeLessThanOrEqual(2 + across / down)
      }),
    )
  })
})

describe('heightsBelow', () => {
  it('has the rungs that make a picture smaller', () => {
    expect(heightsBelow(videoJob({ width: 3840, height: 1600 }).source)).toEqual([1080, 720, 480])
    expect(heightsBelow(videoJob().source)).toEqual([720, 480])
    expect(heightsBelow(videoJob({ rotation: 90 }).source)).toEqual([1080, 720, 480])
    expect(heightsBelow(videoJob({ width: 640, height: 360 }).source)).toEqual([])
  })
})
