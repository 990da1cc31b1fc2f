import type { VideoCodec } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { keyframeKind } from './keyframe.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('keyframeKind', () => {
  const cases: readonly (readonly [string, VideoCodec, string, string])[] = [
    ['H.264 IDR', 'h264', '00000002 0910 00000003 658880', 'closed'],
    ['H.264 IDR of which the beginning is there', 'h264', '00000002 0910 0000ffff 658880', 'closed'],
    ['H.264 recovery point of 0 frames', 'h264', '00000004 06 06 01 84 00000002 419a', 'open'],
    ['H.264 recovery point behind another message', 'h264', '00000008 06 05 02 aabb 06 01 c4 00000002 419a', 'open'],
    ['H.264 gradual refresh', 'h264', '00000004 06 06 01 44 00000002 419a', 'none'],
    ['H.264 P slice', 'h264', '00000002 419a', 'none'],
    ['H.264 slice before an IDR', 'h264', '00000002 419a 00000002 6588', 'none'],
    ['HEVC IDR', 'hevc', '00000003 400101 00000003 2601af', 'closed'],
    ['HEVC BLA', 'hevc', '00000003 2001af', 'closed'],
    ['HEVC CRA', 'hevc', '00000003 2a01af', 'open'],
    ['HEVC TRAIL', 'hevc', '00000003 0201d0', 'none'],
    ['AV1 shown key frame', 'av1', '1200 3202 1000', 'closed'],
    ['AV1 hidden key frame', 'av1', '1200 3202 0000', 'open'],
    ['AV1 inter frame', 'av1', '1200 3202 3000', 'none'],
    ['AV1 existing frame', 'av1', '1200 1a01 80', 'none'],
    ['VP9 key', 'vp9', '8249834200', 'closed'],
    ['VP9 inter', 'vp9', '8600409220', 'none'],
    ['VP8 key', 'vp8', '105a009d012a', 'closed'],
    ['VP8 inter', 'vp8', '115a00', 'none'],
    ['MPEG-2 I picture of a closed group', 'mpeg2', '000001b3 00 000001b8 00000040 00000100 000fff', 'closed'],
    ['MPEG-2 I picture of an open group', 'mpeg2', '000001b8 00000000 00000100 000fff', 'open'],
    ['MPEG-2 P picture', 'mpeg2', '00000100 0017ff', 'none'],
    ['MPEG-4 I', 'mpeg4', '000001b6 10ff', 'open'],
    ['MPEG-4 P', 'mpeg4', '000001b6 50ff', 'none'],
    ['nothing', 'h264', '', 'none'],
    ['an unknown codec', 'unknown', '00000002 6588', 'none'],
  ]
  it.each(cases)('%s', (_, codec, sample, kind) => {
    expect(keyframeKind(codec, hex(sample), 4)).toBe(kind)
  })
})
