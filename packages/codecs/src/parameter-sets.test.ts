import { describe, expect, it } from 'vitest'
import { videoConfigFromSample } from './from-sample.js'
import { hasParameterSets, withParameterSets } from './parameter-sets.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

// Made by x264: 16x16, Baseline.
const SPS = '6742c00ad9079e88'
const PPS = '68ce3c80'
const IDR = '658884'
const AVCC = `0142c00affe10008${SPS}010004${PPS}`

describe('hasParameterSets', () => {
  it.each([
    ['avcC with both', 'h264', AVCC, true],
    ['avcC of avc3', 'h264', '0142c00affe000', false],
    ['avcC without picture parameters', 'h264', `0142c00affe10008${SPS}00`, false],
    ['hvcC of hev1', 'hevc', '0101600000009000000000003ff000fcfdf8f800000f00', false],
    ['nothing', 'h264', '', false],
    ['garbage', 'hevc', '0102', false],
    ['a codec without parameter sets', 'av1', '81000c00', true],
  ] as const)('%s', (_, codec, config, expected) => {
    expect(hasParameterSets(codec, hex(config))).toBe(expected)
  })
})

describe('withParameterSets', () => {
  it('puts the sets before the first unit, behind a delimiter', () => {
    const sets = `00000008 ${SPS} 00000004 ${PPS}`
    expect(withParameterSets('h264', hex(AVCC), hex(`00000003 ${IDR}`))).toEqual(hex(`${sets} 00000003 ${IDR}`))
    expect(withParameterSets('h264', hex(AVCC), hex(`00000002 0910 00000003 ${IDR}`))).toEqual(
      hex(`00000002 0910 ${sets} 00000003 ${IDR}`),
    )
  })

  it("has lengths as long as the configuration's", () => {
    const short = hex(AVCC.replace('0142c00aff', '0142c00afd'))
    expect(withParameterSets('h264', short, hex(`0003 ${IDR}`))).toEqual(hex(`0008 ${SPS} 0004 ${PPS} 0003 ${IDR}`))
  })
})

describe('videoConfigFromSample', () => {
  it('finds parameter sets behind start codes and behind lengths', () => {
    const stream = hex(`00000001 0910 00000001 ${SPS} 00000001 ${PPS} 000001 ${IDR}`)
    const lengths = hex(`00000002 0910 00000008 ${SPS} 00000004 ${PPS} 00000003 ${IDR}`)
    expect(videoConfigFromSample('h264', stream)).toEqual(hex(AVCC))
    expect(videoConfigFromSample('h264', lengths)).toEqual(hex(AVCC))
    expect(videoConfigFromSample('h264', hex(`00000003 ${IDR}`))).toBeUndefined()
  })

  it('refuses lengths that run past the sample', () => {
    expect(() => videoConfigFromSample('h264', hex('00000009 65'))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MEDIA' }),
    )
  })
})
