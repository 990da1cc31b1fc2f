import { describe, expect, it } from 'vitest'
import { bringsParameterSets, inBandDescription, videoConfigFromSample } from './index.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

// Made by x264: 64x48, and 96x64 with the same picture parameter set.
const SPS = '6764000aacd9447b011000000300100000030320f1225960'
const PPS = '68ebe3cb22c0'
const WIDE = '6764000aacd94626c044000003000400000300c83c489658'
const IDR = '658884'
const AVCC = `0164000affe10018${SPS}010006${PPS}fdf8f800`

const sized = (unit: string): string => `${(unit.replaceAll(' ', '').length / 2).toString(16).padStart(8, '0')}${unit}`
const look = (...units: string[]) =>
  inBandDescription('h264', { config: hex(AVCC), width: 64, height: 48 }, hex(units.map(sized).join('')))

describe('bringsParameterSets', () => {
  const brings = (...units: string[]) => bringsParameterSets('h264', hex(AVCC), hex(units.map(sized).join('')))

  it('is told by any set before the first slice, those of the configuration among them', () => {
    expect(brings('0910', SPS, PPS, IDR)).toBe(true)
    expect(brings(PPS, IDR)).toBe(true)
    expect(brings('0910', IDR)).toBe(false)
    expect(brings(IDR, SPS)).toBe(false)
  })

  it('is false for what cannot be read, and other codecs', () => {
    expect(bringsParameterSets('h264', hex('00'), hex(sized(SPS)))).toBe(false)
    expect(bringsParameterSets('av1', hex(AVCC), hex(sized(SPS)))).toBe(false)
  })

  it('knows those of HEVC', () => {
    // hvcC without sets, lengths of four bytes.
    const hvcc = hex(`01${'00'.repeat(20)}0300`)
    const look = (unit: string) => bringsParameterSets('hevc', hvcc, hex(sized(unit) + sized('2601af')))
    expect(['40010c', '42010c', '44010c', '4e0105'].map(look)).toEqual([true, true, true, false])
  })
})

describe('inBandDescription of H.264', () => {
  it('says nothing where the sets are those of the configuration, or there are none', () => {
    expect(look(SPS, PPS, IDR)).toBeUndefined()
    expect(look(IDR)).toBeUndefined()
    expect(look('0910', `${SPS}0000`, `${PPS}00`, IDR)).toBeUndefined()
  })

  it('has a new configuration for another picture parameter set', () => {
    const other = '68ebe3cb20c0'
    expect(look(SPS, other, IDR)).toEqual({
      config: hex(AVCC.replace(PPS, other)),
      codecString: 'avc1.64000a',
    })
    expect(look(other, IDR)).toEqual(look(SPS, other, IDR))
  })

  it('has a new size', () => {
    expect(look(WIDE, PPS, IDR)).toEqual({
      config: hex(`0164000affe10018${WIDE}010006${PPS}fdf8f800`),
      codecString: 'avc1.64000a',
      width: 96,
      height: 64,
    })
  })

  it('takes up a set that the configuration lacks', () => {
    // pic_parameter_set_id 1, as 010.
    const second = '685b8f2c8b'
    expect(look(second, IDR)?.config).toEqual(hex(AVCC.replace(`010006${PPS}`, `020006${PPS}0005${second}`)))
  })

  it('passes over a VUI that a muxer wrote anew', () => {
    // The bytes behind pic_height_in_map_units_minus1 and the cropping are the VUI's.
    const other = SPS.replace('20f1225960', '20f1225860')
    expect(look(other, PPS, IDR)).toBeUndefined()
  })

  it('does not look behind the first slice', () => {
    expect(look(IDR, WIDE)).toBeUndefined()
  })

  it('keeps the length of NAL unit lengths', () => {
    const known = { config: hex(AVCC.replace('affe1', 'afde1')), width: 64, height: 48 }
    const sample = hex(`0018${WIDE}0006${PPS}0003${IDR}`)
    expect(inBandDescription('h264', known, sample)?.config[4]).toBe(0xfd)
  })

  it('passes over what is damaged', () => {
    expect(look('67', IDR)).toBeUndefined()
    expect(inBandDescription('h264', { config: hex('01'), width: 0, height: 0 }, hex(sized(SPS)))).toBeUndefined()
  })
})

describe('inBandDescription of HEVC', () => {
  // Made by x265: 64x48 and 96x64.
  const VPS = '40010c01ffff0408000003009e0800000300001e959409'
  const SMALL = '4201010408000003009e0800000300001e90041062cb2b2a5261780b7020200040000003004000000642'
  const LARGE = '4201010408000003009e0800000300001e90061020b2caca94985e02dc080800100000030010000003019080'
  const HEVC_PPS = '4401c07318300890'
  const SLICE = '2801af78'
  const sample = (...units: string[]): Uint8Array => hex(units.map(sized).join(''))
  const config = videoConfigFromSample('hevc', sample(VPS, SMALL, HEVC_PPS, SLICE))!
  const known = { config, width: 64, height: 48 }

  it('tells a new size, and says nothing where nothing changes', () => {
    expect(inBandDescription('hevc', known, sample(VPS, SMALL, HEVC_PPS, SLICE))).toBeUndefined()
    expect(inBandDescription('hevc', known, sample(VPS, LARGE, HEVC_PPS, SLICE))).toEqual({
      config: videoConfigFromSample('hevc', sample(VPS, LARGE, HEVC_PPS, SLICE)),
      codecString: 'hvc1.4.10.L30.9E.8',
      width: 96,
      height: 64,
    })
  })
})

describe('inBandDescription of other codecs', () => {
  it('passes over the tools in which libaom lets configuration and samples of AV1 differ', () => {
    const known = { config: hex('81010c000a0b0000000cc4ff6700be0010'), width: 320, height: 180 }
    expect(inBandDescription('av1', known, hex('0a0b0000000cc4ff673efe401032db66146020b8'))).toBeUndefined()
    const small = hex('81010c000a0b0000000cc4bf6700be0010')
    expect(inBandDescription('av1', { ...known, config: small }, hex('0a0b0000000cc4ff673efe401032db'))).toMatchObject({
      config: hex('81010c000a0b0000000cc4ff673efe4010'),
    })
  })

  it('tells another size of VP8', () => {
    const frame = hex('10 00 00 9d 01 2a 4001 f000 00')
    const known = { config: hex('01000000000a820202020000'), width: 320, height: 240 }
    expect(inBandDescription('vp8', known, frame)).toBeUndefined()
    expect(inBandDescription('vp8', { ...known, width: 640 }, frame)).toMatchObject({ width: 320 })
  })
})
