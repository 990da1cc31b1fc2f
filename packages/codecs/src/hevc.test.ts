import { describe, expect, it } from 'vitest'
import { describeVideo } from './describe.js'
import { parseHvcC, writeHvcC } from './hevc.js'
import { vpsFrameRate } from './hevc-sps.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Written by x265 (SEI left away): 640 × 360 Main, 24 fps. */
const MAIN = hex(
  '0101600000009000000000003ff000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003f959409' +
    '210001002b42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303012' +
    '20001000' +
    '64401c073c189',
)
/** The same in Main 10 with BT.2020 PQ. */
const HDR = hex(
  '0102200000009000000000003ff000fcfdfafa00000f03200001001840010c01ffff02200000030090000003000003003f959409' +
    '210001002f42010102200000030090000003000003003fa005020171f2b6595952930bc05a84880482000003000200000' +
    '30030102200010006' +
    '4401c073c189',
)
/** 322 × 242 with a conformance window, HRD with a fixed picture rate, 40:33 pixels, two sub-layers. */
const HRD = hex(
  '0101600000009000000000003cf002fffdf8f800001303200001001c40010c02ffff01600000030090000003000003003c00009598acc048' +
    '210001004142010201600000030090000003000003003c0000a00a480f9c92659598acd24995e08d01000003000100000300196014965e' +
    '000f424001e84b8003d090007a1220' +
    '22000100074401c172b46240',
)

describe('describeVideo of hvcC', () => {
  it('Main, 24 fps', () => {
    expect(describeVideo('hevc', MAIN)).toEqual({
      width: 640,
      height: 360,
      pixelAspect: [1, 1],
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
      frameRate: undefined,
      nominalFrameRate: { numerator: 24, denominator: 1 },
      reorderFrames: 2,
      bitDepth: 8,
      chromaFormat: 1,
      interlaced: false,
      profile: 1,
      level: 63,
      nalLengthSize: 4,
    })
  })

  it('Main 10, PQ', () => {
    expect(describeVideo('hevc', HDR)).toMatchObject({
      bitDepth: 10,
      profile: 2,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    })
  })

  it('sub-layers, conformance window, HRD', () => {
    expect(describeVideo('hevc', HRD)).toMatchObject({
      width: 322,
      height: 242,
      level: 60,
      nominalFrameRate: { numerator: 25, denominator: 1 },
      frameRate: { numerator: 25, denominator: 1 },
      reorderFrames: 2,
    })
  })

  it('no parameter sets (hev1)', () => {
    const bare = MAIN.slice(0, 23)
    bare[22] = 0
    expect(describeVideo('hevc', bare)).toEqual({
      profile: 1,
      level: 63,
      chromaFormat: 1,
      bitDepth: 8,
      nalLengthSize: 4,
    })
  })

  it('refuses a record that breaks off at any place within its arrays', () => {
    for (let length = 1; length < MAIN.length; length++) {
      expect(() => describeVideo('hevc', MAIN.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CORRUPT_INDEX' }),
      )
    }
  })
})

describe('writeHvcC', () => {
  it.each([
    ['Main', MAIN],
    ['Main 10', HDR],
    ['two sub-layers', HRD],
  ])('gives back what was parsed: %s', (_, config) => {
    const [vps, sps, pps] = parseHvcC(config).arrays.map(array => array.units)
    const written = writeHvcC(vps ?? [], sps ?? [], pps ?? [])
    expect(parseHvcC(written).arrays.map(array => array.units)).toEqual(
      parseHvcC(config).arrays.map(array => array.units),
    )
    expect(written.subarray(0, 13)).toEqual(config.subarray(0, 13))
    expect(written.subarray(16, 22)).toEqual(config.subarray(16, 22))
    // No minimal segmentation, unknown parallelism.
    expect(written.subarray(13, 16)).toEqual(hex('f000fc'))
  })
})

it('vpsFrameRate reads timing of a VPS that has none as nothing', () => {
  expect(vpsFrameRate(parseHvcC(MAIN).arrays[0]!.units[0]!)).toBeUndefined()
})
