import { describe, expect, it } from 'vitest'
import { readLace } from './lacing.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('readLace', () => {
  it('reads Xiph sizes, also of 255 and more', () => {
    const lace = new Uint8Array(1 + 3 + 1 + 260 + 2 + 7)
    lace.set([2, 255, 5, 2])
    expect(readLace(lace, 0, lace.length, 1)).toEqual([4, 264, 266, lace.length])
  })

  it('divides a fixed lace evenly', () => {
    expect(readLace(bytes(2, 1, 1, 2, 2, 3, 3), 0, 7, 2)).toEqual([1, 3, 5, 7])
  })

  it('reads EBML sizes as differences', () => {
    // RFC 9559 §10.3.3: 800, 500 (−300), rest.
    const lace = new Uint8Array(5 + 800 + 500 + 1000)
    lace.set([2, 0x43, 0x20, 0x5e, 0xd3])
    expect(readLace(lace, 0, lace.length, 3)).toEqual([5, 805, 1305, 2305])
  })

  it.each([
    ['no number of frames', 1, bytes()],
    ['sizes that go on past the end', 1, bytes(1, 255, 255)],
    ['frames past the end', 1, bytes(1, 9, 0)],
    ['an uneven fixed lace', 2, bytes(1, 0, 0, 0)],
    ['a size below zero', 3, bytes(2, 0x81, 0x80, 0)],
    ['an EBML size past the end', 3, bytes(1, 0x08)],
  ])('refuses %s', (_, kind, lace) => {
    expect(() => readLace(lace, 0, lace.length, kind)).toThrow(expect.objectContaining({ code: 'CORRUPT_MEDIA' }))
  })
})
