import { type ByteSource, CuemuxError } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { canReuse, DirectPieces, PooledPieces, type ReusingSource } from './pieces.js'

const MIB = 1024 * 1024
const STRIDE = 188
const PIECE = Math.floor((2 * MIB) / STRIDE) * STRIDE

interface Counted extends ReusingSource {
  readonly reads: [offset: number, length: number][]
  failures: number
}

/** Bytes that tell where they lie: each is its offset in units of 64 KiB, modulo 256. */
function sourceOf(sizeBytes: number): Counted {
  const reads: [number, number][] = []
  const fill = (offset: number, target: Uint8Array): number => {
    reads.push([offset, target.length])
    const length = Math.max(0, Math.min(target.length, sizeBytes - offset))
    for (let i = 0; i < length; i++) target[i] = (offset + i) >> 16
    return length
  }
  return {
    key: 'test',
    name: 'test.ts',
    sizeBytes,
    seekCostBytes: 0,
    reads,
    failures: 0,
    read(offset, length) {
      const target = new Uint8Array(length)
      return target.subarray(0, fill(offset, target))
    },
    async readInto(offset, target) {
      await Promise.resolve()
      if (this.failures-- > 0) throw new CuemuxError('SOURCE_UNREACHABLE', 'gone')
      return fill(offset, target)
    },
  }
}

describe('PooledPieces', () => {
  it('reads the next piece ahead where the film is read in sequence, each piece once', async () => {
    const source = sourceOf(20 * MIB)
    const pieces = new PooledPieces(source, STRIDE, 0, 20 * MIB)
    for (let at = 0; at < 4 * PIECE; at += PIECE / 2) {
      const piece = await pieces.take(at, {})
      expect(piece.base).toBe(at - (at % PIECE))
      expect(piece.bytes[at - piece.base]).toBe(at >> 16)
      pieces.give(piece)
    }
    expect(source.reads.map(([offset]) => offset)).toEqual([0, 1, 2, 3, 4].map(n => n * PIECE))
  })

  it('gives no memory that is in use to another piece', async () => {
    const source = sourceOf(40 * MIB)
    const pieces = new PooledPieces(source, STRIDE, 0, 40 * MIB)
    const places = Array.from({ length: 12 }, (_, n) => ((n * 7) % 12) * PIECE)
    const held = await Promise.all(places.map(at => pieces.take(at, {})))
    held.forEach((piece, i) => {
      expect([piece.base, piece.bytes[0]]).toEqual([places[i], (places[i]! >> 16) & 255])
    })
    for (const piece of held) pieces.give(piece)
    expect(new Set(held.map(({ bytes }) => bytes.buffer)).size).toBe(12)
  })

  it('reads again what failed', async () => {
    const source = sourceOf(4 * MIB)
    source.failures = 1
    const pieces = new PooledPieces(source, STRIDE, 0, 4 * MIB)
    await expect(pieces.take(0, {})).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect((await pieces.take(0, {})).bytes.length).toBeGreaterThan(PIECE)
  })

  it('ends with the source, and with an abort', async () => {
    const source = sourceOf(1000)
    const pieces = new PooledPieces(source, STRIDE, 10, 1000)
    expect(await pieces.take(10, {})).toMatchObject({ base: 10, end: 1000, bytes: { length: 990 } })
    await expect(pieces.take(10, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('DirectPieces', () => {
  it('reads once what is wanted for sure, and more behind it where a packet goes on', async () => {
    const source = sourceOf(10 * MIB)
    const pieces = new DirectPieces(source, 3 * MIB)
    const first = await pieces.take(MIB, {})
    expect(await pieces.take(2 * MIB, {})).toBe(first)
    expect(first.end).toBe(3 * MIB - 187)
    await pieces.take(3 * MIB, {})
    expect(source.reads).toEqual([
      [MIB, 2 * MIB],
      [3 * MIB, MIB / 2],
    ])
  })
})

describe('canReuse', () => {
  it('tells by readInto', () => {
    const { readInto: _, ...plain } = sourceOf(1)
    expect([canReuse(plain as ByteSource), canReuse(sourceOf(1))]).toEqual([false, true])
  })
})
