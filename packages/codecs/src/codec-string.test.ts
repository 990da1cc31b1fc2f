import type { AudioCodec, TextCodec, VideoCodec } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { codecString } from './codec-string.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const NOTHING = ''
const AVC = '01640028ffe000'
const HEVC = '0101600000009000000000003ff000fcfdf8f800000f00'

describe('codecString', () => {
  const cases: readonly (readonly [
    VideoCodec | AudioCodec | TextCodec,
    string,
    string | undefined,
    string | undefined,
  ])[] = [
    ['h264', AVC, undefined, 'avc1.640028'],
    ['h264', AVC, 'avc3', 'avc3.640028'],
    ['h264', AVC, 'dvav', 'avc3.640028'],
    ['h264', '0142c00dffe000', undefined, 'avc1.42c00d'],
    ['h264', NOTHING, undefined, undefined],
    ['hevc', HEVC, undefined, 'hvc1.1.6.L63.90'],
    ['hevc', HEVC, 'hev1', 'hev1.1.6.L63.90'],
    ['hevc', '0122200000009000000000009900', undefined, 'hvc1.2.4.H153.90'],
    ['hevc', '014480000000b0000000020078', 'hvc1', 'hvc1.A4.1.L120.B0.0.0.0.2'],
    ['av1', '81090c00', undefined, 'av01.0.09M.08'],
    ['av1', '818dcc00', undefined, 'av01.4.13H.10'],
    ['av1', '81 44 40 00', undefined, 'av01.2.04M.10.0.000.02.02.02.0'],
    ['vp9', '01000000 00 00 82 020202 0000', undefined, 'vp09.00.10.08'],
    ['vp9', '01000000 02 1f a2 091009 0000', undefined, 'vp09.02.31.10.01.09.16.09.00'],
    ['vp8', NOTHING, undefined, undefined],
    ['aac', '1210', undefined, 'mp4a.40.2'],
    ['aac', NOTHING, undefined, undefined],
    ['mp3', NOTHING, undefined, 'mp4a.6B'],
    ['mp2', NOTHING, undefined, 'mp4a.40.33'],
    ['opus', NOTHING, undefined, 'opus'],
    ['flac', NOTHING, undefined, 'fLaC'],
    ['ac3', NOTHING, undefined, 'ac-3'],
    ['eac3', NOTHING, undefined, 'ec-3'],
    ['alac', NOTHING, undefined, 'alac'],
    ['dts', NOTHING, undefined, 'dtsc'],
    ['dts', NOTHING, 'dtsh', 'dtsh'],
    ['truehd', NOTHING, undefined, 'mlpa'],
    ['pcm', NOTHING, undefined, undefined],
    ['pcm', '00000000 01 20', 'fpcm', 'fpcm'],
    ['pcm', NOTHING, 'ipcm', 'ipcm'],
    ['mpeg4', '000001b0f3', undefined, 'mp4v.20.243'],
    ['mpeg4', NOTHING, undefined, 'mp4v.20'],
    ['mpeg2', NOTHING, undefined, 'mp4v.61'],
    ['webvtt', NOTHING, undefined, 'wvtt'],
    ['srt', NOTHING, undefined, undefined],
    ['unknown', '00', undefined, undefined],
  ]
  it.each(cases)('%s %s %s → %s', (codec, config, entry, expected) => {
    expect(codecString(codec, hex(config), entry)).toBe(expected)
  })

  // Configurations of streams that encoders made: x264, x265, SVT-AV1, libvpx, ffmpeg's AAC.
  it.each([
    ['H.264 High', 'h264', '0164000cffe1', 'avc1.64000c'],
    ['H.264 Constrained Baseline', 'h264', '0142c00cffe1', 'avc1.42c00c'],
    ['H.264 High 10', 'h264', '016e000affe1', 'avc1.6e000a'],
    ['H.264 High 4:4:4', 'h264', '01f4001effe1', 'avc1.f4001e'],
    ['HEVC Main 10', 'hevc', '010220000000900000000000 5df000fcfdfafa00000f03', 'hvc1.2.4.L93.90'],
    ['AV1 Main 8-bit', 'av1', '81000c00', 'av01.0.00M.08'],
    ['AV1 Main 10-bit', 'av1', '81004c00', 'av01.0.00M.10'],
    ['VP9 profile 0, BT.709', 'vp9', '01000000 00 0b 82 010101 0000', 'vp09.00.11.08.01.01.01.01.00'],
    ['VP9 profile 1, 4:4:4', 'vp9', '01000000 01 0b 86 090209 0000', 'vp09.01.11.08.03.09.02.09.00'],
    ['VP9 profile 3, 10-bit 4:4:4', 'vp9', '01000000 03 0b a6 090209 0000', 'vp09.03.11.10.03.09.02.09.00'],
    ['VP8', 'vp8', '01000000 00 0b 82 020202 0000', 'vp08.00.11.08'],
    ['AAC 8 kHz', 'aac', '1588', 'mp4a.40.2'],
    ['AAC 96 kHz 7.1', 'aac', '1038', 'mp4a.40.2'],
    ['HE-AAC at 32 kHz, told first', 'aac', '2c0a8800', 'mp4a.40.5'],
    ['HE-AAC v2 told afterwards', 'aac', '138856e5a54880', 'mp4a.40.29'],
  ] as const)('of a real stream: %s', (_, codec, config, expected) => {
    expect(codecString(codec, hex(config))).toBe(expected)
  })

  it('refuses a configuration that ends early', () => {
    for (const codec of ['h264', 'hevc', 'av1', 'vp9', 'vp8', 'aac'] as const) {
      expect(() => codecString(codec, hex('01'))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
    }
  })
})
