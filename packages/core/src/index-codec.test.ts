import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CuemuxError } from './errors.js'
import { deserializeIndex, serializeIndex } from './index-codec.js'
import type { MediaIndex } from './index-model.js'

const INDEX: MediaIndex = {
  container: 'mp4',
  foundBy: 'moov',
  sizeBytes: 2 ** 40 + 3,
  durationMs: 7_200_000.5,
  title: 'Ärger im Paradies – 映画 🎬',
  tracks: [
    {
      id: 1,
      kind: 'video',
      codec: 'h264',
      containerCodec: 'avc1',
      timescale: 24000,
      descriptions: [{ config: Uint8Array.of(1, 100, 0, 31), codecString: 'avc1.64001f' }],
      language: 'und',
      title: undefined,
      isDefault: true,
      isForced: false,
      roles: ['original'],
      start: -2002,
      end: undefined,
      bitrateBps: Number.NaN,
      sampleCount: 0,
      width: 1920,
      height: 1080,
      pixelAspect: [1, 1],
      rotation: 0,
      frameDuration: 1001,
      frameRate: 24000 / 1001,
      reorderDelay: 2002,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
      hdr: { clli: Uint8Array.of(1, 2, 3, 4) },
      bitDepth: 10,
      interlaced: false,
    },
  ],
  keyframes: {
    trackId: 1,
    timescale: 24000,
    count: 3,
    time: Float64Array.of(0, 48048, 2 ** 52),
    offsetBytes: Float64Array.of(48, 1e9, 2 ** 40),
    description: Uint16Array.of(0, 1, 0),
  },
  chapters: [{ startMs: 0, endMs: undefined, title: 'One' }],
  attachments: [{ name: 'cover.jpg', mimeType: 'image/jpeg', offsetBytes: 1, sizeBytes: 2 }],
  closedGops: undefined,
  isTruncated: false,
  format: {
    kind: 'test',
    // A view in the middle of other bytes, as a moov's tables are.
    table: new Uint8Array(16).fill(7).subarray(3, 9),
    columns: [Uint32Array.of(1, 0xffffffff), Int32Array.of(-1), Float32Array.of(0.5), Int8Array.of(-3)],
    nothing: null,
    infinite: Number.NEGATIVE_INFINITY,
    zero: -0,
  },
}

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof CuemuxError ? error.code : String(error)
  }
}

describe('serializeIndex', () => {
  it('gives an index back as it was', () => {
    const bytes = serializeIndex(INDEX)
    const back = deserializeIndex(bytes)
    expect(back).toStrictEqual(INDEX)
    expect(serializeIndex(back)).toEqual(bytes)
    expect([...bytes.subarray(0, 8)]).toEqual([0x43, 0x4d, 0x58, 0x49, 1, 0, 0, 0])
  })

  it('reads it from the middle of other bytes, and keeps none of them', () => {
    const bytes = serializeIndex(INDEX)
    const around = new Uint8Array(bytes.length + 9).fill(255)
    around.set(bytes, 5)
    const back = deserializeIndex(around.subarray(5, 5 + bytes.length))
    around.fill(0)
    expect(back).toStrictEqual(INDEX)
  })

  it('refuses what is no plain data', () => {
    for (const format of [new Map(), () => 0, 1n, new BigInt64Array(1), new Date(0)]) {
      expect(codeOf(() => serializeIndex({ ...INDEX, format }))).toBe('BAD_REQUEST')
    }
    const deep: { inner?: unknown } = {}
    deep.inner = deep
    expect(codeOf(() => serializeIndex({ ...INDEX, format: deep }))).toBe('BAD_REQUEST')
  })
})

describe('deserializeIndex', () => {
  it('refuses an index that was cut, changed, is of another version or of no film', () => {
    const bytes = serializeIndex(INDEX)
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => deserializeIndex(bytes.subarray(0, length)))).toBe('CORRUPT_INDEX')
    }
    for (let at = 0; at < bytes.length; at++) {
      if (at > 4 && at < 8) continue
      const changed = bytes.slice()
      changed[at]! ^= 0x10
      expect(codeOf(() => deserializeIndex(changed))).toBe('CORRUPT_INDEX')
    }
    expect(codeOf(() => deserializeIndex(serializeIndex({} as MediaIndex)))).toBe('CORRUPT_INDEX')
    expect(codeOf(() => deserializeIndex(serializeIndex({ ...INDEX, tracks: [] })))).toBe('CORRUPT_INDEX')
    const { keyframes } = INDEX
    expect(codeOf(() => deserializeIndex(serializeIndex({ ...INDEX, keyframes: { ...keyframes, count: 4 } })))).toBe(
      'CORRUPT_INDEX',
    )
  })

  it('throws nothing else, whatever the bytes behind a right checksum', () => {
    const good = serializeIndex(INDEX)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 13), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(good.length - 12),
        (changes, cut) => {
          const bytes = good.slice(0, good.length - (cut % 3 === 0 ? cut : 0))
          for (const [at, value] of changes) if (12 + at < bytes.length) bytes[12 + at] = value
          signed(bytes)
          const code = codeOf(() => deserializeIndex(bytes))
          return code === undefined || code === 'CORRUPT_INDEX'
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('gives any plain data in the format part back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), json => {
        fc.pre(!JSON.stringify(json).includes('__proto__'))
        const format = { json }
        const back = deserializeIndex(serializeIndex({ ...INDEX, format })).format as { json: unknown }
        expect(back.json).toEqual(json)
      }),
    )
  })
})

/** Puts the checksum right, bit by bit. */
function signed(bytes: Uint8Array): void {
  let sum = 0xffffffff
  for (const byte of bytes.subarray(12)) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, ~sum >>> 0, true)
}
