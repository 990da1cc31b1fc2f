import type { Demuxer, Piece, PieceReader, SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AUDIO, VIDEO } from '../testing/films.js'
import { memorySource, writeMovie } from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

const FILM = writeMovie({ tracks: [VIDEO, AUDIO] })

function piecesOf(bytes: Uint8Array, pieceBytes: number): PieceReader & { readonly taken: Set<number> } {
  const taken = new Set<number>()
  const take = (offsetBytes: number): Piece => {
    const base = Math.floor(offsetBytes / pieceBytes) * pieceBytes
    taken.add(base)
    return { base, bytes: bytes.subarray(base, base + pieceBytes) }
  }
  return { pieceBytes, take, taken }
}

const plain = (batches: readonly SampleBatch[]) =>
  batches.map(({ trackId, dts, data }) => ({ trackId, dts: [...dts], data: data.map(bytes => [...bytes]) }))

const open = (): Promise<Demuxer> => openMp4({ ...memorySource(FILM), seekCostBytes: 1024 })

describe('readSpan with pieces', () => {
  it.each([1, 7, 16, 64, 1000, 1_000_000])('gives the same samples from pieces of %d bytes', async pieceBytes => {
    const demuxer = await open()
    for (const span of [
      { first: 0, end: 1 },
      { first: 1, end: 2 },
      { first: 0, end: 2 },
    ]) {
      const pieces = piecesOf(FILM, pieceBytes)
      const batches = await demuxer.readSpan(span, [1, 2], { pieces })
      expect(plain(batches)).toEqual(plain(await demuxer.readSpan(span, [1, 2])))
      expect(pieces.taken.size).toBeGreaterThan(0)
    }
  })

  it('reads from the source what lies far apart', async () => {
    const demuxer = await openMp4({ ...memorySource(FILM), seekCostBytes: 0 })
    const pieces = piecesOf(FILM, 64)
    const [batch] = await demuxer.readSpan({ first: 0, end: 2 }, [2], { pieces })
    expect(batch?.count).toBe(16)
    expect(pieces.taken.size).toBe(0)
  })

  it('refuses a source that ends inside a sample', async () => {
    const film = writeMovie({ tracks: [VIDEO, AUDIO], moovFirst: true })
    const demuxer = await openMp4({ ...memorySource(film), seekCostBytes: 1024 })
    const pieces = piecesOf(film.subarray(0, film.length - 40), 64)
    await expect(demuxer.readSpan({ first: 0, end: 2 }, [1, 2], { pieces })).rejects.toThrow(
      expect.objectContaining({ code: 'CORRUPT_MEDIA' }),
    )
  })
})
