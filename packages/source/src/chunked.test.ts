import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { documentStore, TelegramStandIn } from '../testing/telegram.js'
import { type ChunkedSource, type ChunkedSourceOptions, chunkedSource, RetryLaterError } from './index.js'

const BYTES = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * 11 + (i >> 8)) & 255)
const slice = (first: number, length: number): Uint8Array => BYTES.slice(first, first + length)
const KIB = 1024

/** A source of a message's document on a server that behaves as Telegram does. */
function open(options?: ChunkedSourceOptions): { server: TelegramStandIn; source: ReturnType<typeof chunkedSource> } {
  const server = new TelegramStandIn(BYTES)
  return { server, source: chunkedSource(documentStore(server), options) }
}

describe('a document of a chat', () => {
  test('is read in whole chunks at their places, each once', async () => {
    const { server, source } = open()
    expect([source.sizeBytes, source.key, source.name]).toEqual([2_500_000, 'telegram:7:4711', 'film.mkv'])
    expect(await source.read(1_000_000, 200_000)).toEqual(slice(1_000_000, 200_000))
    expect(await source.read(1_100_000, 10)).toEqual(slice(1_100_000, 10))
    expect(await source.read(2_499_990, 100)).toEqual(slice(2_499_990, 10))
    expect(server.asked).toEqual([512 * KIB, 1024 * KIB, 2048 * KIB].map(offset => [offset, 512 * KIB]))
  })

  test('is asked for once by readers at once, and not by more than may', async () => {
    const { server, source } = open({ parallel: 2 })
    server.delayMs = 5
    const whole = source.read(0, 2_500_000)
    const [all, ...parts] = await Promise.all([whole, source.read(0, 10), source.read(5, 10)])
    expect(Buffer.compare(all, BYTES)).toBe(0)
    expect(parts).toEqual([slice(0, 10), slice(5, 10)])
    expect([server.asked.length, server.mostAtOnce]).toEqual([5, 2])
  })

  test('is waited for as the store asks, by all readers', async () => {
    const { server, source } = open({ parallel: 2 })
    server.floodWaits = [0.05]
    const reads = await Promise.all([source.read(0, 10), source.read(1_000_000, 10), source.read(2_000_000, 10)])
    expect(reads).toEqual([slice(0, 10), slice(1_000_000, 10), slice(2_000_000, 10)])
    // The one that was on its way already.
    expect(server.askedDuringFlood).toBeLessThanOrEqual(1)
  })

  test('whose store asks to wait too long is given up', async () => {
    const { server, source } = open({ maxWaitMs: 1000 })
    server.floodWaits = [60]
    await expect(source.read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: "film.mkv can't be read: its store asks to wait 60000 ms.",
      at: { offsetBytes: 0 },
    })
  })

  test('whose file reference has expired is fetched anew', async () => {
    const { server, source } = open()
    await source.read(0, 10)
    server.expire()
    expect(await source.read(2_000_000, 10)).toEqual(slice(2_000_000, 10))
  })
})

/** A store whose every read the test answers. */
function store(readChunk: ChunkedSource['readChunk']): ChunkedSource {
  return { key: 'k', name: 'n', sizeBytes: 100, chunkBytes: 10, readChunk }
}

describe('chunkedSource', () => {
  test('forgets the longest unused chunk', async () => {
    const asked: number[] = []
    const source = chunkedSource(
      store(async offset => {
        asked.push(offset)
        return new Uint8Array(10)
      }),
      { chunks: 2 },
    )
    for (const offset of [0, 10, 0, 20, 0, 10]) await source.read(offset, 5)
    expect(asked).toEqual([0, 10, 20, 10])
  })

  test('ends a chunk when its last reader leaves, and not before', async () => {
    const ended: number[] = []
    const source = chunkedSource(
      store(async (offset, _, signal) => {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', reject))
        ended.push(offset)
        return new Uint8Array(10)
      }),
    )
    const endings = [new AbortController(), new AbortController()]
    const reads = endings.map(({ signal }) => Promise.resolve(source.read(0, 5, { signal })).catch(error => error.code))
    let isEnded = false
    endings[0]?.abort()
    expect(await reads[0]).toBe('ABORTED')
    reads[1]?.then(() => (isEnded = true))
    await delay(5)
    expect(isEnded).toBe(false)
    endings[1]?.abort()
    expect(await reads[1]).toBe('ABORTED')
  })

  test('reports a store that fails or gives another size', async () => {
    const failing = chunkedSource(store(() => Promise.reject(new Error('no such message'))))
    await expect(failing.read(0, 1)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: "n can't be read: no such message",
    })
    const short = chunkedSource(store(async () => new Uint8Array(9)))
    await expect(short.read(15, 1)).rejects.toMatchObject({ code: 'SOURCE_CHANGED', at: { offsetBytes: 10 } })
    let waits = 0
    const busy = chunkedSource(
      store(async () => {
        waits++
        throw new RetryLaterError(0)
      }),
    )
    await expect(busy.read(0, 1)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(waits).toBeLessThan(20)
  })

  test('refuses sizes that are none, and reads after close()', async () => {
    const good = store(async () => new Uint8Array(10))
    expect(() => chunkedSource({ ...good, chunkBytes: 0 })).toThrow(/chunkBytes is 0/)
    expect(() => chunkedSource({ ...good, sizeBytes: -1 })).toThrow(/sizeBytes is -1/)
    expect(() => chunkedSource({ ...good, key: '' })).toThrow(/must not be empty/)
    const source = chunkedSource(good)
    await source.close?.()
    expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREACHABLE' }))
  })
})
