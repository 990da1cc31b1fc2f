import { type ByteSource, CuemuxError, type ReadOptions } from '@cuemux/core'
import { describe, expect, test } from 'vitest'
import { bytesSource, readAheadSource } from './index.js'

const SIZE = 40_000
const BYTES = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 255)

interface Recorder extends ByteSource {
  readonly reads: [number, number][]
  fail: boolean
}

/** A source whose reads take a turn of the event loop, and are written down. */
function recorder(): Recorder {
  const reads: [number, number][] = []
  return {
    key: 'k',
    name: 'n',
    sizeBytes: SIZE,
    seekCostBytes: 1,
    reads,
    fail: false,
    async read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
      reads.push([offset, length])
      await new Promise(resolve => setImmediate(resolve))
      if (options?.signal?.aborted) throw new CuemuxError('ABORTED', 'aborted')
      if (this.fail) throw new CuemuxError('SOURCE_UNREACHABLE', 'broken')
      return BYTES.subarray(offset, Math.min(SIZE, offset + length))
    },
  }
}

describe('readAheadSource', () => {
  test('reads pieces, the next one under way, and gives views out of what is there', async () => {
    const inner = recorder()
    const source = readAheadSource(inner, { pieceBytes: 8192, pieces: 3 })
    expect(await source.read(100, 50)).toEqual(BYTES.subarray(100, 150))
    expect(inner.reads).toEqual([[0, 8192]])
    const view = source.read(150, 1000)
    expect(view).toBeInstanceOf(Uint8Array)
    expect((view as Uint8Array).buffer).toBe(BYTES.buffer)
    // Crossing into the next piece shows that the reader goes on: the one after is on its way too.
    expect(await source.read(8000, 400)).toEqual(BYTES.subarray(8000, 8400))
    expect(inner.reads).toEqual([
      [0, 8192],
      [8192, 8192],
      [16384, 8192],
    ])
  })

  test('gives the same bytes as the source, in any order and size', async () => {
    const source = readAheadSource(recorder(), { pieceBytes: 4096, pieces: 3 })
    let seed = 1
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
    for (let i = 0; i < 500; i++) {
      const offset = random(SIZE + 100)
      const length = random(i % 3 === 0 ? 20_000 : 3000)
      const bytes = await source.read(offset, length)
      expect(Buffer.compare(bytes, BYTES.subarray(offset, Math.min(SIZE, offset + length)))).toBe(0)
    }
  })

  test('reads each byte once for a reader that goes through in order', async () => {
    const inner = recorder()
    const source = readAheadSource(inner, { pieceBytes: 4096, pieces: 3 })
    for (let at = 0; at < SIZE; at += 700) await source.read(at, 700)
    expect(inner.reads.map(([offset]) => offset)).toEqual([
      0, 4096, 8192, 12288, 16384, 20480, 24576, 28672, 32768, 36864,
    ])
  })

  test('passes on what is larger than its pieces', async () => {
    const inner = recorder()
    const source = readAheadSource(inner, { pieceBytes: 4096, pieces: 2 })
    expect(await source.read(1, 30_000)).toEqual(BYTES.subarray(1, 30_001))
    expect(inner.reads).toEqual([[1, 30_000]])
  })

  test('reads a failed piece again', async () => {
    const inner = recorder()
    const source = readAheadSource(inner, { pieceBytes: 4096 })
    inner.fail = true
    await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    inner.fail = false
    expect(await source.read(0, 10)).toEqual(BYTES.subarray(0, 10))
  })

  test("ends one reader's waiting with its signal and serves the other", async () => {
    const source = readAheadSource(recorder(), { pieceBytes: 4096 })
    const ending = new AbortController()
    const ended = source.read(0, 10, { signal: ending.signal })
    const other = source.read(0, 10)
    ending.abort()
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await other).toEqual(BYTES.subarray(0, 10))
  })

  test('ends the piece that is read, and the one ahead, when their last reader leaves', async () => {
    const signals: AbortSignal[] = []
    const inner: ByteSource = {
      ...recorder(),
      read: (_offset, _length, options) => {
        if (options?.signal !== undefined) signals.push(options.signal)
        return new Promise((_resolve, reject) => options?.signal?.addEventListener('abort', reject))
      },
    }
    const source = readAheadSource(inner, { pieceBytes: 4096 })
    const endings = [new AbortController(), new AbortController()]
    const reads = endings.map(({ signal }) =>
      Promise.resolve(source.read(4000, 200, { signal })).catch(error => error.code),
    )
    const aborted = (): boolean[] => signals.map(signal => signal.aborted)
    expect(aborted()).toEqual([false, false, false])
    endings[0]?.abort()
    expect([await reads[0], aborted()]).toEqual(['ABORTED', [false, false, false]])
    endings[1]?.abort()
    expect([await reads[1], aborted()]).toEqual(['ABORTED', [true, true, true]])
  })

  test('is synchronous over bytes in memory', () => {
    const source = readAheadSource(bytesSource(BYTES), { pieceBytes: 4096 })
    expect(source.read(4000, 200)).toEqual(BYTES.subarray(4000, 4200))
  })

  test('reads no more after close()', async () => {
    const source = readAheadSource(recorder())
    await source.read(0, 10)
    await source.close?.()
    expect(() => source.read(0, 10)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREACHABLE' }))
  })

  test('refuses options that make no sense', () => {
    expect(() => readAheadSource(recorder(), { pieceBytes: 0 })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    )
    expect(() => readAheadSource(recorder(), { pieces: 1.5 })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})
