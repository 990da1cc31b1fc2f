import type { VideoSource } from '@cuemux/ffmpeg'
import { describe, expect, it } from 'vitest'
import type { LadderRungs } from './model.js'
import { frameStepFor, planRungs, type RateFacts } from './rungs.js'

function source(width: number, height: number, changes: Partial<VideoSource> = {}): VideoSource {
  return {
    ...{ codec: 'h264', width, height, pixelAspect: [1, 1], rotation: 0, frameRate: [24, 1], scan: 'progressive' },
    ...{ bitDepth: 8, chroma: '4:2:0', colour: undefined, hdr: undefined },
    ...changes,
  }
}

function rungs(from: VideoSource, wish: LadderRungs, facts?: RateFacts): string[] {
  return planRungs(from, wish, facts).map(
    ({ name, size, bitrateBps }) => `${name} ${size.width}x${size.height} ${bitrateBps / 1000}`,
  )
}

describe('seed', () => {
  it.each([
    [3840, 2160, ['video-2160 3840x2160 15000', 'video-720 1280x720 2500', 'video-360 640x360 800']],
    [1920, 1080, ['video-1080 1920x1080 5000', 'video-720 1280x720 2500', 'video-360 640x360 800']],
    [1280, 720, ['video-720 1280x720 2500', 'video-360 640x360 800']],
    [854, 480, ['video-480 854x480 1500', 'video-360 640x360 800']],
    [640, 360, ['video-360 640x360 800']],
    [853, 481, ['video-480 852x480 800', 'video-360 638x360 800']],
  ])('of %i×%i', (width, height, expected) => {
    expect(rungs(source(width, height), 'seed')).toEqual(expected)
  })
  it('keeps the peak at 1.5 times the mean', () => {
    expect(planRungs(source(640, 360), 'seed')[0]?.maxBitrateBps).toBe(1_200_000)
  })
})

describe('a list', () => {
  it('keeps the aspect with even sides, also turned and with oblong pixels', () => {
    expect(rungs(source(1920, 800), '400,201')).toEqual(['video-400 960x400 800', 'video-200 480x200 330'])
    expect(rungs(source(1920, 1080, { rotation: 90 }), '640')).toEqual(['video-640 360x640 800'])
    const [dvd] = planRungs(source(720, 576, { pixelAspect: [16, 15] }), '288')
    expect(dvd?.size).toEqual({ width: 360, height: 288, pixelAspect: [16, 15] })
  })
  it('never enlarges, and has no rung twice', () => {
    expect(rungs(source(1280, 720), '1080,720,360,360')).toEqual(['video-720 1280x720 2500', 'video-360 640x360 800'])
    expect(rungs(source(1920, 800), '1080:6000,720:2500')).toEqual([
      'video-800 1920x800 6000',
      'video-720 1728x720 2500',
    ])
  })
  it('may have a size in several codecs and rates', () => {
    const wish = [
      { height: 360, bitrateBps: 400_000, codec: 'hevc' },
      { height: 360 },
      { height: 720, bitrateBps: 3_000_000 },
      { height: 720, bitrateBps: 2_000_000 },
    ] as const
    expect(rungs(source(1280, 720), wish)).toEqual([
      'video-720 1280x720 3000',
      'video-720-h264 1280x720 2000',
      'video-360 640x360 800',
      'video-360-hevc 640x360 400',
    ])
  })
  it.each(['', 'x', '720,', '720:', '0', '1', '65537', Array(13).fill('10').join()])(
    'says what is wrong with %j',
    wish => {
      expect(() => planRungs(source(640, 360), wish)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    },
  )
})

describe('auto', () => {
  it('goes by the height', () => {
    expect(rungs(source(3840, 2160), 'auto')).toEqual([
      'video-1440 2560x1440 5000',
      'video-1080 1920x1080 5000',
      'video-720 1280x720 2500',
      'video-480 854x480 1500',
      'video-360 640x360 800',
    ])
    expect(rungs(source(1920, 800), 'auto').map(text => text.split(' ')[1])).toEqual([
      '1920x800',
      '1728x720',
      '1152x480',
      '864x360',
    ])
  })
  it('by how hard the film is to encode, and never above what it has', () => {
    const rates = (facts: RateFacts): number[] =>
      planRungs(source(1280, 720), 'auto', facts).map(rung => rung.bitrateBps)
    expect(rates({})).toEqual([2_500_000, 1_500_000, 800_000])
    expect(rates({ complexity: 0.5 })).toEqual([1_250_000, 750_000, 400_000])
    expect(rates({ complexity: 1.5, bitrateBps: 1_000_000 })).toEqual([1_000_000, 540_000, 350_000])
  })
})

it.each([
  [[60, 1], 30, 2],
  [[60_000, 1001], 30, 2],
  [[60_000, 1001], 29.97, 2],
  [[50, 1], 30, 2],
  [[30, 1], 30, 1],
  [[24, 1], 30, 1],
  [[120, 1], 25, 5],
  [undefined, 30, 1],
  [[60, 1], undefined, 1],
] as const)('of %j frames a second at most %j: one in %i', (rate, cap, step) => {
  expect(frameStepFor(rate, cap)).toBe(step)
})
