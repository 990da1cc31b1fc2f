import { describe, expect, it } from 'vitest'
import { formatBitrate, formatBytes, formatCodec, formatCount, formatDuration, formatTrackDetails } from './format.js'

describe('numbers for people', () => {
  it('writes bytes', () => {
    expect([0, 999, 1000, 999_949, 999_950, 12_345_678, 4e15].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '999.9 kB',
      '1.0 MB',
      '12.3 MB',
      '4000.0 TB',
    ])
  })

  it('writes durations', () => {
    expect([0, 59_499, 59_500, 3_599_999, 3_723_000].map(formatDuration)).toEqual([
      '0:00',
      '0:59',
      '1:00',
      '1:00:00',
      '1:02:03',
    ])
  })

  it('writes bit rates and counts', () => {
    expect([128_000, 999_500].map(formatBitrate)).toEqual(['128 kbit/s', '1.0 Mbit/s'])
    expect([formatCount(1, 'film'), formatCount(1200, 'film')]).toEqual(['1 film', '1,200 films'])
  })
})

describe('tracks for people', () => {
  it('writes what is known', () => {
    expect(
      formatTrackDetails({
        width: 1920,
        height: 1080,
        frameRate: 24000 / 1001,
        bitDepth: 10,
        videoRange: 'PQ',
        rotation: 90,
      }),
    ).toEqual(['1920×1080', '23.976 fps', '10 bit', 'HDR (PQ)', 'rotated 90°'])
    expect(formatTrackDetails({ channels: 6, sampleRate: 44_100, hasJoc: true, bitrateBps: 640_000 })).toEqual([
      '5.1',
      'Atmos',
      '44.1 kHz',
      '640 kbit/s',
    ])
    expect(formatTrackDetails({ bitrateBps: 12 })).toEqual([])
  })

  it('falls back on the name that the container has', () => {
    expect(formatCodec({ codec: 'eac3', containerCodec: 'A_EAC3' })).toBe('E-AC-3')
    expect(formatCodec({ codec: 'unknown', containerCodec: 'A_QUICKTIME' })).toBe('A_QUICKTIME')
  })
})
