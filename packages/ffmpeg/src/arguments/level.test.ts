import { describe, expect, it } from 'vitest'
import { videoJob } from '../../testing/encoders.js'
import type { VideoSource, VideoTarget } from './job.js'
import { targetCodecString, videoLevel } from './level.js'

describe('videoLevel', () => {
  it.each<[string, Partial<VideoSource>, Partial<VideoTarget>, string]>([
    ['h264 720x576 25', { width: 720, height: 576 }, {}, '3.0 avc1.64001e'],
    ['h264 1280x720 25', {}, { heightLimit: 720 }, '3.1 avc1.64001f'],
    ['h264 1920x1080 25', {}, {}, '4.0 avc1.640028'],
    ['h264 1920x1080 variable', { frameRate: undefined }, {}, '4.2 avc1.64002a'],
    ['h264 1920x1080 59.94', { frameRate: [60000, 1001] }, {}, '4.2 avc1.64002a'],
    ['h264 1920x1080 at 20 Mbit/s', {}, { rate: { bitrateBps: 20_000_000 } }, '4.1 avc1.640029'],
    ['h264 3840x2160 25', { width: 3840, height: 2160 }, {}, '5.1 avc1.640033'],
    ['h264 16384x16384', { width: 16384, height: 16384 }, {}, '6.2 avc1.64003e'],
    ['hevc 1920x1080 25', {}, { codec: 'hevc' }, '4.0 hvc1.1.6.L120.90'],
    ['hevc 3840x2160 50', { width: 3840, height: 2160, frameRate: [50, 1] }, { codec: 'hevc' }, '5.1 hvc1.1.6.L153.90'],
    ['av1 1920x1080 25', {}, { codec: 'av1' }, '4.0 av01.0.08M.08'],
    ['av1 3840x2160 60', { width: 3840, height: 2160, frameRate: [60, 1] }, { codec: 'av1' }, '5.1 av01.0.13M.08'],
    ['as asked for', {}, { level: '5.0' }, '5.0 avc1.640032'],
  ])('%s', (_, source, target, expected) => {
    const job = videoJob(source, target)
    expect(`${videoLevel(job)} ${targetCodecString(job)}`).toBe(expected)
  })
})
