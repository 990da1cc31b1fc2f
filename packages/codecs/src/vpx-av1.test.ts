import { describe, expect, it } from 'vitest'
import { BitWriter } from './bit-writer.js'
import { codecString } from './codec-string.js'
import { describeVideo } from './describe.js'
import { videoConfigFromSample } from './from-sample.js'
import { vp9LevelForSize } from './vpx.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('VP9', () => {
  it('key frame → vpcC, 640 × 360', () => {
    const config = videoConfigFromSample('vp9', hex('824983420027f016760838241c185c1008f0'))
    expect(config).toEqual(hex('01000000 00 15 82 020202 0000'))
    expect(describeVideo('vp9', config!)).toEqual({
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
      reorderFrames: 0,
      bitDepth: 8,
      chromaFormat: 1,
      interlaced: false,
      profile: 0,
      level: 21,
    })
    expect(codecString('vp9', config!)).toBe('vp09.00.21.08')
  })

  it('profile 1: 4:4:4, BT.709, full range', () => {
    const config = videoConfigFromSample('vp9', hex('a249834250028201e2c1c7048383'))
    expect(config).toEqual(hex('01000000 01 14 87 010101 0000'))
    expect(codecString('vp9', config!)).toBe('vp09.01.20.08.03.01.01.01.01')
  })

  it('profile 2: 10 bits, BT.2020', () => {
    const writer = new BitWriter().bits(2, 2).bits(0, 1).bits(1, 1).bits(0, 2).bits(1, 1).bits(0, 1).bits(0x498342, 24)
    const key = writer.bits(0, 1).bits(5, 3).bits(0, 1).bits(3839, 16).bits(2159, 16).toBytes()
    expect(codecString('vp9', videoConfigFromSample('vp9', key)!)).toBe('vp09.02.50.10.01.09.02.09.00')
  })

  it('is nothing in other frames and corrupt without a sync code', () => {
    expect(videoConfigFromSample('vp9', hex('8600409220'))).toBeUndefined()
    expect(videoConfigFromSample('vp9', hex('00'))).toBeUndefined()
    expect(() => videoConfigFromSample('vp9', hex('82498343002700000000'))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MEDIA' }),
    )
  })

  it.each([
    [256, 144, 10],
    [640, 360, 21],
    [1280, 720, 31],
    [1920, 1080, 40],
    [3840, 2160, 50],
    [7680, 4320, 60],
    [4096, 16, 40],
    [65536, 65536, 62],
  ])('%i × %i is level %i', (width, height, level) => {
    expect(vp9LevelForSize(width, height)).toBe(level)
  })
})

it('VP8 key frame → vpcC', () => {
  const config = videoConfigFromSample('vp8', hex('b05a009d012a4001f0000007'))
  expect(config).toEqual(hex('01000000 00 14 82 020202 0000'))
  expect(codecString('vp8', config!)).toBe('vp08.00.20.08')
  expect(videoConfigFromSample('vp8', hex('b15a00'))).toBeUndefined()
})

describe('AV1', () => {
  /** Written by SVT-AV1: 640 × 360. */
  const CONFIG = hex('81010c000a0b0000000cc4ff6700be0010')

  it('describes av1C', () => {
    expect(describeVideo('av1', CONFIG)).toEqual({
      width: 640,
      height: 360,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
      frameRate: undefined,
      nominalFrameRate: undefined,
      reorderFrames: 0,
      bitDepth: 8,
      chromaFormat: 1,
      interlaced: false,
      profile: 0,
      level: 1,
    })
  })

  it('finds av1C in a sample, behind a temporal delimiter too', () => {
    const obus = '0a0b0000000cc4ff6700be0010'
    expect(videoConfigFromSample('av1', hex(`1200 ${obus} 32 02 1000`))).toEqual(CONFIG)
    expect(videoConfigFromSample('av1', hex('3202 1000'))).toBeUndefined()
  })

  /** A sequence header of 64 × 64 with equal intervals of 1001/24000 s and BT.2020 PQ in 10 bits, level 5.1, high tier. */
  function sequence(): Uint8Array {
    const writer = new BitWriter().bits(0, 3).bits(0, 2)
    writer.bits(1, 1).bits(1001, 32).bits(24000, 32).bits(1, 1).bits(1, 1).bits(0, 1)
    writer.bits(0, 1).bits(0, 5).bits(0, 12).bits(13, 5).bits(1, 1)
    writer.bits(5, 4).bits(5, 4).bits(63, 6).bits(63, 6).bits(0, 1).bits(0, 3)
    writer.bits(0, 4).bits(0, 1).bits(1, 1).bits(1, 1).bits(0, 3)
    return writer
      .bits(1, 1)
      .bits(0, 1)
      .bits(1, 1)
      .bits(9, 8)
      .bits(16, 8)
      .bits(9, 8)
      .bits(0, 1)
      .bits(1, 2)
      .bits(0, 2)
      .toBytes()
  }

  it('reads timing, tier and colour', () => {
    const payload = sequence()
    const config = videoConfigFromSample('av1', Uint8Array.from([0x0a, payload.length, ...payload]))
    expect(config?.subarray(0, 4)).toEqual(hex('810dcd00'))
    expect(describeVideo('av1', config!)).toMatchObject({
      width: 64,
      height: 64,
      bitDepth: 10,
      level: 13,
      frameRate: { numerator: 24000, denominator: 1001 },
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    })
    expect(codecString('av1', config!)).toBe('av01.0.13H.10.0.111.09.16.09.0')
  })

  it('refuses another version and a broken OBU size', () => {
    expect(() => describeVideo('av1', hex('01010c00'))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
    expect(() => describeVideo('av1', hex('81010c000aff'))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
  })
})
