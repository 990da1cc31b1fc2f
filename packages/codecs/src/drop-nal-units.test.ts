import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dropNalUnits, type IdleNalUnit } from './index.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const BOTH: readonly IdleNalUnit[] = ['aud', 'filler']

describe('dropNalUnits', () => {
  it.each([
    ['h264', 4, BOTH, '00000002 0910 00000003 658884 00000004 0cffff80', '00000003 658884'],
    ['h264', 4, ['aud'], '00000002 0910 00000003 658884 00000004 0cffff80', '00000003 658884 00000004 0cffff80'],
    ['h264', 4, ['filler'], '00000002 0910 00000004 0cffff80 00000003 658884', '00000002 0910 00000003 658884'],
    ['h264', 2, BOTH, '0002 0910 0003 658884', '0003 658884'],
    ['h264', 1, BOTH, '03 658884 02 0cff 02 41ff 02 0910', '03 658884 02 41ff'],
    ['hevc', 4, BOTH, '00000003 460110 00000003 2601af 00000003 4c01ff', '00000003 2601af'],
    ['hevc', 4, ['aud'], '00000003 460110 00000003 2601af 00000003 4c01ff', '00000003 2601af 00000003 4c01ff'],
  ] as const)('%s, lengths of %i bytes, without %j', (codec, lengthSize, drop, sample, expected) => {
    expect(dropNalUnits(hex(sample), { codec, lengthSize, drop })).toEqual(hex(expected))
  })

  it('gives the same view where nothing goes, or nothing would be left', () => {
    for (const digits of ['00000003 658884', '00000002 0910', '']) {
      const sample = hex(digits)
      expect(dropNalUnits(sample, { codec: 'h264', lengthSize: 4, drop: BOTH })).toBe(sample)
    }
    const sample = hex('00000002 0910 00000003 658884')
    expect(dropNalUnits(sample, { codec: 'h264', lengthSize: 4, drop: [] })).toBe(sample)
  })

  it('refuses what is damaged', () => {
    const options = { codec: 'h264', lengthSize: 4, drop: BOTH } as const
    expect(() => dropNalUnits(hex('00000009 0910'), options)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MEDIA' }),
    )
    expect(() => dropNalUnits(hex('0910'), { ...options, lengthSize: 0 })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    )
  })

  it('leaves all other units as they are', () => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), units => {
        const whole = (some: readonly Uint8Array[]): number[] => some.flatMap(bytes => [0, bytes.length, ...bytes])
        const kept = units.filter(bytes => ![9, 12].includes(bytes[0]! & 31))
        const rest = dropNalUnits(Uint8Array.from(whole(units)), { codec: 'h264', lengthSize: 2, drop: BOTH })
        expect([...rest]).toEqual(whole(kept.length === 0 ? units : kept))
      }),
    )
  })
})
