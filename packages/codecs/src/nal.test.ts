import { describe, expect, it } from 'vitest'
import { annexBToLengthPrefixed, forEachNalUnit, isAnnexB, removeEmulationPrevention, splitAnnexB } from './nal.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

function unitsOf(sample: Uint8Array, lengthSize: number): number[][] {
  const units: number[][] = []
  forEachNalUnit(sample, lengthSize, (start, end) => {
    units.push([start, end])
  })
  return units
}

describe('forEachNalUnit', () => {
  it.each([
    [
      1,
      '02 6501 01 41',
      [
        [1, 3],
        [4, 5],
      ],
    ],
    [
      2,
      '0002 6501 0001 41',
      [
        [2, 4],
        [6, 7],
      ],
    ],
    [
      4,
      '00000002 6501 00000000 00000001 41',
      [
        [4, 6],
        [14, 15],
      ],
    ],
  ])('walks lengths of %i bytes', (size, bytes, units) => {
    expect(unitsOf(hex(bytes), size)).toEqual(units)
  })

  it('ends when told', () => {
    let visits = 0
    forEachNalUnit(hex('01 65 01 41'), 1, () => ++visits > 5)
    expect(visits).toBe(1)
  })

  it('refuses lengths that run past the sample, and other length sizes', () => {
    expect(() => unitsOf(hex('00000005 6501'), 4)).toThrow(expect.objectContaining({ code: 'CORRUPT_MEDIA' }))
    expect(() => unitsOf(hex('ffffffff 6501'), 4)).toThrow(expect.objectContaining({ code: 'CORRUPT_MEDIA' }))
    expect(() => unitsOf(hex('0000'), 4)).toThrow(expect.objectContaining({ code: 'CORRUPT_MEDIA' }))
    expect(() => unitsOf(hex('0000'), 0)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    expect(() => unitsOf(hex('0000'), Number.NaN)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('Annex B', () => {
  it('splits at start codes of three and four bytes and drops trailing zeros', () => {
    const stream = hex('ff 00000001 6742 000001 68ce 0000 00000001 6588 80 000001')
    expect(splitAnnexB(stream)).toEqual([hex('6742'), hex('68ce'), hex('658880')])
    expect(annexBToLengthPrefixed(stream)).toEqual(hex('00000002 6742 00000002 68ce 00000003 658880'))
    expect(splitAnnexB(hex('0000'))).toEqual([])
  })

  it('is told from lengths', () => {
    expect(isAnnexB(hex('00000001 6742 000001 68'), 4)).toBe(true)
    expect(isAnnexB(hex('000001 6742'), 4)).toBe(true)
    expect(isAnnexB(hex('00000005 6742000001'), 4)).toBe(false)
    expect(isAnnexB(hex('00'), 4)).toBe(false)
  })

  it('is told from a length of 256 to 511 bytes, which looks like a start code', () => {
    const unit = new Uint8Array(0x104)
    unit.set(hex('00000100 65'))
    expect(isAnnexB(unit, 4)).toBe(false)
    expect(isAnnexB(unit.subarray(0, 100), 4)).toBe(true)
    expect(isAnnexB(unit.subarray(0, 100), 4, true)).toBe(false)
    expect(isAnnexB(hex('0001 65 0001 41'), 2)).toBe(false)
  })

  it('becomes lengths of the size that the configuration asks for', () => {
    const stream = hex('00000001 6742 000001 68ce')
    expect(annexBToLengthPrefixed(stream, 2)).toEqual(hex('0002 6742 0002 68ce'))
    expect(annexBToLengthPrefixed(stream, 1)).toEqual(hex('02 6742 02 68ce'))
    const long = new Uint8Array(300).fill(1)
    long.set(hex('000001'))
    expect(() => annexBToLengthPrefixed(long, 1)).toThrow(expect.objectContaining({ code: 'CORRUPT_MEDIA' }))
  })
})

describe('removeEmulationPrevention', () => {
  it.each([
    ['67 000003 01', '67 0000 01'],
    ['67 000003 000003 00', '67 0000 0000 00'],
    ['67 00000003 01', '67 000000 01'],
    ['67 000003', '67 0000'],
    ['67 0003 00', '67 0003 00'],
    ['', ''],
  ])('%s → %s', (unit, rbsp) => {
    expect(removeEmulationPrevention(hex(unit))).toEqual(hex(rbsp))
  })
})
