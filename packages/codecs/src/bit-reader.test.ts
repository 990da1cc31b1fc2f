import { describe, expect, it } from 'vitest'
import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'

describe('BitReader', () => {
  it('reads across bytes and keeps 32 bits unsigned', () => {
    const reader = new BitReader(Uint8Array.of(0b10110011, 0xff, 0xff, 0xff, 0xff, 0x80))
    expect([reader.bits(3), reader.bits(0), reader.bits(6), reader.position, reader.left]).toEqual([5, 0, 39, 9, 39])
    expect(reader.bits(32)).toBe(0xffffffff)
    expect(() => reader.bits(8)).toThrow('end early')
    expect(reader.left).toBe(7)
  })

  it('reads exp-Golomb codes', () => {
    // 1 | 010 | 011 | 00100 | 00101 | 1
    const reader = new BitReader(Uint8Array.of(0b10100110, 0b01000010, 0b11000000))
    expect([reader.ue(), reader.ue(), reader.ue(), reader.ue(), reader.se()]).toEqual([0, 1, 2, 3, -2])
    expect(() => new BitReader(new Uint8Array(100)).ue()).toThrow('31 leading zeros')
    const largest = new BitReader(Uint8Array.of(0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff))
    expect(largest.ue()).toBe(2 ** 32 - 2)
    expect(() => new BitReader(Uint8Array.of(0b00100000)).ueUpTo(2, 'field')).toThrow('field is 3, more than 2')
  })

  it('respects its end', () => {
    const reader = new BitReader(Uint8Array.of(1, 2, 3), 1, 2)
    expect(reader.bits(8)).toBe(2)
    expect(() => reader.flag()).toThrow('end early')
  })
})

describe('BitWriter', () => {
  it('writes what BitReader reads', () => {
    const bytes = new BitWriter().bits(5, 3).bits(0xffffffff, 32).bits(1, 2).toBytes()
    expect([...bytes]).toEqual([0xbf, 0xff, 0xff, 0xff, 0xe8])
  })
})
