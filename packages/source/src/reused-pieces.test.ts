import type { ByteSource, Piece } from '@cuemux/core'
import { describe, expect, test } from 'vitest'
import { bytesSource, ReusedPieces } from './index.js'

const BYTES = Uint8Array.from({ length: 95 }, (_, i) => i)

/** A source of which every read is noted, and ends when the test says so where it waits. */
function pausingSource(waits: boolean, failsAt = -1) {
  const offsets: number[] = []
  const targets = new Set<ArrayBufferLike>()
  const ends: (() => void)[] = []
  const readInto = async (offset: number, target: Uint8Array): Promise<number> => {
    offsets.push(offset)
    targets.add(target.buffer)
    if (waits) await new Promise<void>(end => ends.push(end))
    if (offset === failsAt && offsets.filter(other => other === offset).length === 1) throw new Error('It failed.')
    const bytes = BYTES.subarray(offset, offset + target.length)
    target.set(bytes)
    return bytes.length
  }
  const source: ByteSource = {
    ...bytesSource(BYTES),
    key: 'k',
    name: 'n',
    sizeBytes: 95,
    seekCostBytes: 0,
    read: () => BYTES,
    readInto,
  }
  return { source, offsets, targets, ends }
}

function piecesOf(source: ByteSource): ReusedPieces {
  const pieces = ReusedPieces.of(source, { pieceBytes: 10, ahead: 2 })
  if (pieces === undefined) throw new Error('The source reads into no memory.')
  return pieces
}

const numbers = async (piece: Piece | Promise<Piece>): Promise<[number, number[]]> => {
  const { base, bytes } = await piece
  return [base, [...bytes]]
}

describe('ReusedPieces', () => {
  test('gives the piece in which a byte lies, and less where the source ends', async () => {
    const held = piecesOf(pausingSource(false).source).hold()
    expect(await numbers(held.take(37))).toEqual([30, [30, 31, 32, 33, 34, 35, 36, 37, 38, 39]])
    expect(await numbers(held.take(94))).toEqual([90, [90, 91, 92, 93, 94]])
    expect(await numbers(held.take(200))).toEqual([200, []])
    expect(held.take(30)).not.toBeInstanceOf(Promise)
  })

  test('is not to be had for a source that reads into no memory', () => {
    expect(ReusedPieces.of(bytesSource(BYTES))).toBeUndefined()
  })

  test('reads ahead in sequence only, and nothing behind the end', async () => {
    const { source, offsets } = pausingSource(false)
    const pieces = piecesOf(source)
    const held = pieces.hold()
    await held.take(50)
    expect(offsets).toEqual([50])
    await held.take(60)
    expect(offsets).toEqual([50, 60, 70, 80])
    await held.take(70)
    await held.take(80)
    expect(offsets).toEqual([50, 60, 70, 80, 90])
  })

  test('goes through a source in the memory of six pieces', async () => {
    const { source, offsets, targets } = pausingSource(false)
    const pieces = piecesOf(source)
    for (let at = 0; at < 95; at += 10) {
      const held = pieces.hold()
      expect((await numbers(held.take(at)))[1][0]).toBe(at)
      held.release()
    }
    expect(offsets).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    expect(targets.size).toBe(6)
  })

  test('overwrites nothing that is held, however much that is', async () => {
    const { source, targets } = pausingSource(false)
    const pieces = piecesOf(source)
    const holders = Array.from({ length: 10 }, () => pieces.hold())
    const taken: Piece[] = []
    for (const [i, held] of holders.entries()) taken.push(await held.take(i * 10))
    expect(taken.map(({ bytes }) => bytes[0])).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    expect(targets.size).toBe(10)
    for (const held of holders) held.release()
    // What was given back twice is not held by less than nobody.
    for (const held of holders) held.release()
    const again = pieces.hold()
    expect(await numbers(again.take(3))).toEqual([0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
  })

  test('reads no piece twice for two holders, and uses no memory that is being read into', async () => {
    const { source, offsets, ends } = pausingSource(true)
    const pieces = piecesOf(source)
    const [a, b] = [pieces.hold(), pieces.hold()]
    const both = [a.take(0), b.take(5)]
    expect(offsets).toEqual([0, 10, 20])
    a.release()
    b.release()
    for (const end of ends) end()
    expect(await Promise.all(both.map(numbers))).toEqual([
      [0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ])
  })

  test('tells of a failure to whoever waits, and reads the piece again when it is asked for again', async () => {
    const { source } = pausingSource(false, 50)
    const held = piecesOf(source).hold()
    await expect(async () => held.take(50)).rejects.toThrow('It failed.')
    expect((await numbers(held.take(55)))[0]).toBe(50)
  })

  test('ends for a caller whose signal has fired', async () => {
    const held = piecesOf(pausingSource(false).source).hold()
    const signal = AbortSignal.abort()
    await expect(async () => held.take(0, { signal })).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect((await numbers(held.take(0)))[0]).toBe(0)
  })
})
