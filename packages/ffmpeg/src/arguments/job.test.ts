import type { VideoTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { videoSourceOf } from './job.js'

function track(changes: Partial<VideoTrack>, codecString = 'avc1.640028'): VideoTrack {
  return {
    kind: 'video',
    id: 1,
    timescale: 24000,
    descriptions: [{ config: new Uint8Array(), codecString }],
    containerCodec: 'V_MPEG4/ISO/AVC',
    language: 'und',
    title: undefined,
    isDefault: true,
    isForced: false,
    roles: [],
    start: 0,
    end: undefined,
    bitrateBps: undefined,
    sampleCount: undefined,
    codec: 'h264',
    width: 1920,
    height: 1080,
    pixelAspect: [1, 1],
    rotation: 0,
    frameDuration: 1001,
    frameRate: 23.976,
    reorderDelay: 0,
    colour: undefined,
    hdr: {},
    bitDepth: 8,
    interlaced: false,
    ...changes,
  }
}

describe('videoSourceOf', () => {
  it('takes rate and scan from the track', () => {
    expect(videoSourceOf(track({}))).toMatchObject({ frameRate: [24000, 1001], scan: 'progressive', hdr: undefined })
    expect(videoSourceOf(track({ frameDuration: undefined, interlaced: true }))).toMatchObject({
      frameRate: undefined,
      scan: 'flagged',
    })
    expect(videoSourceOf(track({}), 'bff').scan).toBe('bff')
  })
  it.each([
    ['h264', 'avc1.640028', '4:2:0'],
    ['h264', 'avc1.7a0028', undefined],
    ['h264', 'avc1.F4001e', undefined],
    ['hevc', 'hvc1.2.4.L153.B0', '4:2:0'],
    ['hevc', 'hev1.4.10.L153.B0', undefined],
    ['av1', 'av01.0.08M.10', '4:2:0'],
    ['av1', 'av01.1.08M.08', undefined],
    ['vp9', 'vp09.00.10.08', undefined],
  ] as const)('knows the chroma of %s %s as %s', (codec, codecString, chroma) => {
    expect(videoSourceOf(track({ codec }, codecString)).chroma).toBe(chroma)
  })
  it('finds HDR by the transfer characteristics', () => {
    const colour = { primaries: 9, matrix: 9, fullRange: false }
    const pq = track({ colour: { ...colour, transfer: 16 }, hdr: { mdcv: new Uint8Array(24) } })
    expect(videoSourceOf(pq).hdr).toEqual({ transfer: 'pq', hasMasteringMetadata: true })
    const hlg = track({ colour: { ...colour, transfer: 18 } })
    expect(videoSourceOf(hlg).hdr).toEqual({ transfer: 'hlg', hasMasteringMetadata: false })
  })
})
