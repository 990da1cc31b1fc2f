import { describe, expect, it } from 'vitest'
import { parseAvcC, writeAvcC } from './avc.js'
import { parseAvcSps } from './avc-sps.js'
import { BitWriter } from './bit-writer.js'
import { describeVideo } from './describe.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Written by x264: 640 × 360 High, 24 fps. */
const HIGH = hex('0164001effe1001a6764001eacd940a02ff97011000003000100000300300f162d9601000468efbcb0fdf8f800')

describe('describeVideo of avcC', () => {
  it('High, 8 bits, 24 fps', () => {
    expect(describeVideo('h264', HIGH)).toEqual({
      width: 640,
      height: 360,
      pixelAspect: [1, 1],
      colour: undefined,
      frameRate: undefined,
      nominalFrameRate: { numerator: 24, denominator: 1 },
      reorderFrames: 2,
      bitDepth: 8,
      chromaFormat: 1,
      interlaced: false,
      profile: 100,
      level: 30,
      nalLengthSize: 4,
    })
  })

  it.each([
    [
      'High 10 without a colour',
      '016e001effe1001b676e001ea6cd940a02ff97011000000300100000030300f162d96001000468efbcb0fdfafa00',
      { bitDepth: 10, profile: 110, colour: undefined },
    ],
    [
      '24000/1001',
      '0164001effe100196764001eacd940a02ff9701100000303e90000bb800f162d9601000468efbcb0fdf8f800',
      { nominalFrameRate: { numerator: 24000, denominator: 1001 }, frameRate: undefined },
    ],
    [
      'field coding, constant rate, HRD, BT.709',
      '01640015ffe1002767640015acd941410fcb873501010140000003004000000cb810003d090007a13930c03e28532c01000568fbacb22cfdf8f800',
      {
        width: 320,
        height: 240,
        interlaced: true,
        frameRate: { numerator: 25, denominator: 1 },
        reorderFrames: 2,
        colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
      },
    ],
    [
      'High 4:2:2, 10 bits, an odd size by cropping, no reordering',
      '017a000dffe1001a677a000db6cb202a10f111f808800000030080000019078a152401000668ebc3cb22c0fefafa00',
      { width: 322, height: 242, chromaFormat: 2, bitDepth: 10, reorderFrames: 0, level: 13 },
    ],
    ['no parameter sets (avc3)', '0164001effe000', { profile: 100, level: 30, nalLengthSize: 4 }],
  ])('%s', (_, config, expected) => {
    expect(describeVideo('h264', hex(config))).toMatchObject(expected)
  })

  it.each([
    ['an unknown version', '0264001effe000'],
    ['lengths of three bytes', '0164001efee000'],
    ['a set that runs past the record', '0164001effe100ff6764'],
    ['an empty parameter set', '0164001effe1000000'],
    ['a record that ends early', '0164001eff'],
  ])('refuses %s', (_, config) => {
    expect(() => describeVideo('h264', hex(config))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
  })
})

/** A sequence parameter set of 16 × 16 in Baseline or Main, without VUI unless its bits are given. */
function sps(profile: number, constraints: number, orderType: number, vui = ''): Uint8Array {
  const order = { 0: '1' + '1', 1: '010' + '0' + '1' + '1' + '1', 2: '011' }[orderType]
  // id, log2_max_frame_num, order, refs, gaps, width, height, frames only, direct 8×8, no cropping
  const bits = `11${order}1${'0'}11${'1'}${'0'}${'0'}${vui === '' ? '0' : `1${vui}`}1`
  const writer = new BitWriter().bits(0x67, 8).bits(profile, 8).bits(constraints, 8).bits(30, 8)
  for (const bit of bits) writer.bits(Number(bit), 1)
  return writer.toBytes()
}

describe('parseAvcSps', () => {
  it.each([
    ['Main says nothing', 77, 0, 0, undefined],
    ['pic_order_cnt_type 2', 77, 0, 2, 0],
    ['pic_order_cnt_type 1', 77, 0, 1, undefined],
    ['Baseline', 66, 0, 0, undefined],
    ['Constrained Baseline', 66, 0xc0, 0, 0],
  ])('reordering: %s', (_, profile, constraints, orderType, reorderFrames) => {
    expect(parseAvcSps(sps(profile, constraints, orderType))).toMatchObject({ width: 16, height: 16, reorderFrames })
  })

  it('reads a custom pixel aspect and survives a VUI that breaks off', () => {
    const aspect = `1${'1'.repeat(8)}${(64).toString(2).padStart(16, '0')}${(45).toString(2).padStart(16, '0')}`
    expect(parseAvcSps(sps(77, 0, 0, aspect))).toMatchObject({ pixelAspect: [64, 45], reorderFrames: undefined })
  })

  it('refuses cropping that leaves nothing', () => {
    const writer = new BitWriter().bits(0x67, 8).bits(77, 8).bits(0, 8).bits(30, 8)
    for (const bit of '11' + '11' + '10' + '11' + '10' + '1' + '0001000' + '0001000' + '1' + '1' + '01') {
      writer.bits(Number(bit), 1)
    }
    expect(() => parseAvcSps(writer.toBytes())).toThrow('leaves no picture')
  })
})

describe('writeAvcC', () => {
  it('gives back what was parsed, but for the chroma fields it works out', () => {
    const { sps, pps } = parseAvcC(HIGH)
    expect(writeAvcC(sps, pps)).toEqual(HIGH)
  })

  it('leaves the chroma fields away for Main', () => {
    const main = sps(77, 0, 0)
    expect(writeAvcC([main], [hex('68ce')])).toEqual(
      hex(`014d001effe10006 ${Buffer.from(main).toString('hex')} 01000268ce`),
    )
  })
})
