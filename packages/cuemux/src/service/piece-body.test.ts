import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BytesInFlight } from './bytes-in-flight.js'
import { bodyStream, PieceBody } from './piece-body.js'
import type { Leave } from './slots.js'

const KIB = 1024
afterEach(() => {
  vi.useRealTimers()
})

/** Pieces of a body whose bytes count up. */
function piecesOf(...lengths: number[]): Uint8Array[] {
  let next = 0
  return lengths.map(length => Uint8Array.from({ length }, () => next++ & 255))
}

const part = (pieces: readonly Uint8Array[]): { pieces: readonly Uint8Array[]; byteLength: number } => ({
  pieces,
  byteLength: pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
})

async function readAll(body: PieceBody): Promise<Buffer> {
  const taken: Uint8Array[] = []
  for (let views = await body.take(); views !== undefined; views = await body.take()) taken.push(...views)
  return Buffer.concat(taken)
}

describe('PieceBody', () => {
  it('gives its bytes in order, whatever its pieces are, as chunks and as a stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 900 * KIB }), { maxLength: 6 }), async lengths => {
        const pieces = piecesOf(...lengths)
        expect(Buffer.compare(await readAll(new PieceBody(part(pieces), undefined)), Buffer.concat(pieces))).toBe(0)
        const streamed = await new Response(bodyStream(new PieceBody(part(pieces), undefined))).arrayBuffer()
        expect(Buffer.compare(Buffer.from(streamed), Buffer.concat(pieces))).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  it('gives views of about a MiB where there is room, and small copies where there is little', async () => {
    const bytes = new BytesInFlight(16 * KIB * KIB)
    const [whole] = piecesOf(3 * KIB * KIB) as [Uint8Array]
    const keeping = { bytes, remake: async () => [whole], stallTimeoutMs: 1000 }
    const roomy = (await new PieceBody(part([whole]), keeping).take()) ?? []
    expect(roomy.map(view => [view.byteLength, view.buffer === whole.buffer])).toEqual([[KIB * KIB, true]])
    bytes.reserve(12 * KIB * KIB, undefined)
    const tight = (await new PieceBody(part([whole]), keeping).take()) ?? []
    expect(tight.map(view => [view.byteLength, view.buffer === whole.buffer])).toEqual([[256 * KIB, false]])
  })

  it('gives its pieces up when its reader stalls and others wait, and goes on with new ones', async () => {
    vi.useFakeTimers()
    const bytes = new BytesInFlight(1000)
    const pieces = piecesOf(400, 400)
    const remake = vi.fn(async () => [Buffer.concat(pieces)])
    const body = new PieceBody(part(pieces), { bytes, remake, stallTimeoutMs: 60_000 })
    const waiting = bytes.reserve(500, undefined) as Promise<Leave>
    await vi.advanceTimersByTimeAsync(900)
    expect(bytes.waiting).toBe(1)
    await vi.advanceTimersByTimeAsync(500)
    const leave = await waiting
    expect([bytes.usedBytes, vi.getTimerCount()]).toEqual([500, 0])
    leave()
    expect(Buffer.compare(await readAll(body), Buffer.concat(pieces))).toBe(0)
    expect(remake).toHaveBeenCalledTimes(1)
    body.end()
    expect(bytes.usedBytes).toBe(0)
  })

  it('keeps what its reader still has in hand', async () => {
    vi.useFakeTimers()
    const bytes = new BytesInFlight(4 * KIB * KIB)
    const pieces = piecesOf(2 * KIB * KIB)
    const body = new PieceBody(part(pieces), { bytes, remake: async () => pieces, stallTimeoutMs: 60_000 })
    await body.take()
    const waiting = bytes.reserve(3 * KIB * KIB, undefined) as Promise<Leave>
    await vi.advanceTimersByTimeAsync(5000)
    expect([bytes.waiting, body.giveUp()]).toEqual([1, false])
    body.end()
    await waiting
    bytes.close()
  })

  it('gives the memory of its pieces back when nobody can look at them any more', async () => {
    const release = vi.fn()
    const keeping = { bytes: new BytesInFlight(1000), remake: async () => [], stallTimeoutMs: 1000, release }
    const bodyOf = (): PieceBody => new PieceBody(part(piecesOf(100, 100)), keeping)
    const asked = bodyOf()
    await asked.take()
    asked.end()
    expect(release).toHaveBeenCalledTimes(0)
    const sent = bodyOf()
    await sent.take()
    sent.end(true)
    expect(release).toHaveBeenCalledTimes(1)
    await new Response(bodyStream(bodyOf())).arrayBuffer()
    expect(release).toHaveBeenCalledTimes(2)
    expect(bodyOf().giveUp()).toBe(true)
    expect(release).toHaveBeenCalledTimes(3)
  })

  it('copies small chunks into the same memory where those before have left', async () => {
    const bytes = new BytesInFlight(1 * KIB * KIB)
    const pieces = piecesOf(1 * KIB * KIB)
    const body = new PieceBody(part(pieces), { bytes, remake: async () => pieces, stallTimeoutMs: 1000 })
    const buffers: unknown[] = []
    const taken: Uint8Array[] = []
    for (const haveLeft of [true, true, false, true]) {
      const [chunk] = (await body.take(haveLeft)) ?? []
      taken.push(Uint8Array.from(chunk ?? []))
      buffers.push(chunk?.buffer)
    }
    expect([body.isDone, Buffer.compare(Buffer.concat(taken), Buffer.concat(pieces))]).toEqual([true, 0])
    expect(buffers.map(buffer => buffer === buffers[0])).toEqual([true, true, false, true])
  })

  it('fails when what is made again is no longer the same', async () => {
    const bytes = new BytesInFlight(1000)
    const body = new PieceBody(part(piecesOf(100)), { bytes, remake: async () => piecesOf(90), stallTimeoutMs: 1000 })
    body.giveUp()
    await expect(readAll(body)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })
})

describe('BytesInFlight', () => {
  it('counts a buffer that several bodies share once', () => {
    const bytes = new BytesInFlight(1000)
    const pieces = piecesOf(100)
    const keeping = { bytes, remake: async () => pieces, stallTimeoutMs: 1000 }
    const [one, other] = [new PieceBody(part(pieces), keeping), new PieceBody(part(pieces), keeping)]
    expect(bytes.usedBytes).toBe(100)
    one.end()
    one.end()
    expect(bytes.usedBytes).toBe(100)
    other.end()
    expect(bytes.usedBytes).toBe(0)
  })

  it('lets in what is larger than all there is when it is alone, the others in their order', async () => {
    const bytes = new BytesInFlight(100)
    const first = bytes.reserve(500, undefined) as Leave
    const order: number[] = []
    const waiting = [60, 30, 90].map(async (size, i) => {
      const leave = await bytes.reserve(size, undefined)
      order.push(i)
      return leave
    })
    first()
    const [one, two] = await Promise.all(waiting.slice(0, 2))
    expect([order, bytes.usedBytes, bytes.reserveSpare(1)]).toEqual([[0, 1], 90, undefined])
    one?.()
    two?.()
    await waiting[2]
    expect(order).toEqual([0, 1, 2])
  })

  it('stops waiting when the client leaves, and when it is closed', async () => {
    const bytes = new BytesInFlight(100)
    bytes.reserve(100, undefined)
    const controller = new AbortController()
    const leaving = bytes.reserve(1, controller.signal)
    const staying = bytes.reserve(1, undefined)
    controller.abort()
    await expect(leaving).rejects.toMatchObject({ code: 'ABORTED' })
    bytes.close()
    await expect(staying).rejects.toMatchObject({ code: 'CAPACITY' })
  })
})
