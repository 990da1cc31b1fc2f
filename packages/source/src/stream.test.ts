import { PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type ByteStream, streamSource } from './index.js'
import { diskSpool } from './node.js'

const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) & 255)
const slice = (first: number, length: number): Uint8Array => BYTES.slice(first, first + length)

/** The bytes in pieces, and how far they were taken. */
function pieces(pieceBytes = 10_000): { stream: Readable; taken: () => number } {
  let taken = 0
  function* give(): Generator<Uint8Array> {
    for (; taken < BYTES.length; taken += pieceBytes) yield BYTES.subarray(taken, taken + pieceBytes)
  }
  return { stream: Readable.from(give(), { highWaterMark: 1 }), taken: () => taken }
}

function webStream(stream: Readable): ReadableStream<Uint8Array> {
  const iterator = stream.iterator()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}

const kinds: [string, () => ByteStream][] = [
  ['a Node stream', () => pieces().stream],
  ['a web stream', () => webStream(pieces().stream)],
]

describe.each(kinds)('streamSource of %s', (_, open) => {
  test('reads forward, within its window backward, and learns the size at the end', async () => {
    const source = streamSource(open(), { name: 'capture.ts', windowBytes: 50_000 })
    expect([source.sizeBytes, source.name]).toEqual([undefined, 'capture.ts'])
    expect(source.key).toMatch(/^stream:.+/)
    expect(await source.read(0, 25_000)).toEqual(slice(0, 25_000))
    expect(source.sizeBytes).toBe(2 ** 50)
    expect(await source.read(100_000, 100)).toEqual(slice(100_000, 100))
    expect(await source.read(70_000, 100)).toEqual(slice(70_000, 100))
    expect(await source.read(199_990, 100)).toEqual(slice(199_990, 10))
    expect([source.sizeBytes, await source.read(300_000, 5)]).toEqual([200_000, new Uint8Array()])
    await source.close?.()
  })

  test('says clearly what has gone by', async () => {
    const source = streamSource(open(), { windowBytes: 20_000 })
    await source.read(150_000, 10)
    await expect(source.read(10, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: 'film is a stream that can only be read forward: byte 10 has gone by.',
      at: { offsetBytes: 10 },
      hint: expect.stringContaining('spool'),
    })
    expect(await source.read(150_005, 10)).toEqual(slice(150_005, 10))
    await source.close?.()
  })

  test('with a spool gives back everything', async () => {
    const source = streamSource(open(), { windowBytes: 20_000, spool: diskSpool() })
    for (const offset of [180_000, 10, 90_000, 0]) expect(await source.read(offset, 100)).toEqual(slice(offset, 100))
    await source.close?.()
  })
})

describe('streamSource', () => {
  test('takes no more of the stream than was asked for', async () => {
    const { stream, taken } = pieces()
    const source = streamSource(stream)
    await source.read(0, 15_000)
    await delay(20)
    expect(taken()).toBeLessThanOrEqual(50_000)
    await source.close?.()
    expect(stream.destroyed).toBe(true)
    expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREACHABLE' }))
  })

  test('leaves the stream to the next reader when a signal fires', async () => {
    const stream = new PassThrough()
    const source = streamSource(stream)
    const ending = new AbortController()
    const read = source.read(0, 100, { signal: ending.signal })
    await delay(5)
    ending.abort()
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
    const next = source.read(0, 100)
    stream.end(BYTES.subarray(0, 100))
    expect(await next).toEqual(slice(0, 100))
  })

  test('is opened by the first read only, and ended by close()', async () => {
    let opened = 0
    let closing: AbortSignal | undefined
    const source = streamSource(async signal => {
      opened++
      closing = signal
      return pieces().stream
    })
    expect(opened).toBe(0)
    await Promise.all([source.read(0, 10), source.read(20, 10)])
    await source.close?.()
    expect([opened, closing?.aborted]).toEqual([1, true])
  })

  test('reports a stream that breaks, is silent, ends early or gives no bytes', async () => {
    const broken = streamSource(
      (async function* () {
        yield BYTES.subarray(0, 10)
        throw new Error('unplugged')
      })(),
    )
    expect(await broken.read(0, 10)).toEqual(slice(0, 10))
    for (let i = 0; i < 2; i++) {
      await expect(broken.read(10, 10)).rejects.toMatchObject({
        code: 'SOURCE_UNREACHABLE',
        message: "film can't be read on: the connection broke off: unplugged.",
      })
    }
    const silent = streamSource(new PassThrough(), { timeoutMs: 20 })
    await expect(silent.read(0, 1)).rejects.toMatchObject({
      message: expect.stringContaining('sent nothing for 0.02 s'),
    })
    const early = streamSource(pieces().stream, { sizeBytes: 300_000 })
    await expect(early.read(190_000, 20_000)).rejects.toMatchObject({
      message: expect.stringContaining('ended after 200000 of 300000 bytes'),
    })
    const texts = streamSource(Readable.from(['text']) as AsyncIterable<Uint8Array>)
    await expect(texts.read(0, 1)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})
