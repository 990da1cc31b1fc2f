import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from './record.js'

const record = (body: Uint8Array, options = {}): Buffer => Buffer.concat(encodeRecord(body, options))

describe('records', () => {
  it('are a header, metadata and the body', () => {
    expect(record(Uint8Array.of(0xaa, 0xbb), { meta: { a: 1 } }).toString('hex')).toBe(
      [
        '434d585245430001', // magic
        '00000007', // metadata
        'edfd4ab3', // CRC-32
        '0000000000000000', // without an end
        '4000000000000000', // two bytes
        '7b2261223a317d',
        'aabb',
      ].join(''),
    )
  })

  it('give back what was put in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ maxLength: 8 }).filter(name => name !== '__proto__'),
          fc.oneof(fc.string({ maxLength: 20 }), fc.boolean(), fc.integer()),
          { maxKeys: 4 },
        ),
        (pieces, meta) => {
          const entry = decodeRecord(Buffer.concat(encodeRecord(pieces, { meta })))
          expect(Buffer.from(entry?.bytes ?? [])).toEqual(Buffer.concat(pieces))
          expect(entry?.meta).toEqual({ ...meta })
        },
      ),
    )
  })

  it('can be any bytes', () => {
    const magic = record(new Uint8Array()).subarray(0, 8)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasMagic) => {
        expect(decodeRecord(Buffer.concat(hasMagic ? [magic, bytes] : [bytes]))).toBeUndefined()
      }),
    )
  })

  it('that are cut, longer, or changed in any bit are none', () => {
    const whole = record(
      Uint8Array.from({ length: 40 }, (_, i) => i),
      { meta: { contentType: 'video/mp4' }, ttlMs: 1e9 },
    )
    expect(decodeRecord(whole)).toBeDefined()
    for (let length = 0; length < whole.byteLength; length++) {
      expect(decodeRecord(whole.subarray(0, length))).toBeUndefined()
    }
    expect(decodeRecord(Buffer.concat([whole, Buffer.of(0)]))).toBeUndefined()
    for (let bit = 0; bit < whole.byteLength * 8; bit++) {
      const changed = Buffer.from(whole)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(decodeRecord(changed), `bit ${bit}`).toBeUndefined()
    }
  })
})
