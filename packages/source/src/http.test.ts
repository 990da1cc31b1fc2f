import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  BYTES,
  breakAfter,
  fast,
  part,
  rangeHeaders,
  serve,
  servers,
  silent,
  slice,
  status,
  whole,
} from '../testing/http-server.js'
import { type HttpSourceOptions, httpSource } from './index.js'

describe('httpSource on a server with ranges', () => {
  test('learns size and validator from its first read, and asks for nothing else', async () => {
    const { url, ranges, requests } = await serve(part)
    const source = httpSource(url, { headers: { 'X-Own': 'yes' } })
    expect([source.sizeBytes, source.validator, source.name]).toEqual([undefined, undefined, 'A film.mkv'])
    expect(await source.read(10, 100)).toEqual(slice(10, 100))
    expect([source.sizeBytes, source.validator]).toEqual([300_000, '"v1":300000'])
    expect(await source.read(299_990, 100)).toEqual(slice(299_990, 10))
    expect(await source.read(300_000, 100)).toHaveLength(0)
    expect(ranges).toEqual(['bytes=10-109', 'bytes=299990-299999'])
    expect(requests[0]?.method).toBe('GET')
    expect(requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'x-own': 'yes' })
  })

  test('learns the size from a first read past the end', async () => {
    const source = httpSource((await serve(part)).url)
    expect(await source.read(400_000, 10)).toHaveLength(0)
    expect(source.sizeBytes).toBe(300_000)
  })

  test('asks for the rest of an answer that is shorter than the range', async () => {
    const short: Answer = (request, response, first, last) =>
      part(request, response, first, Math.min(last, first + 999))
    const { url, ranges } = await serve(short)
    expect(await httpSource(url).read(0, 2500)).toEqual(slice(0, 2500))
    expect(ranges).toEqual(['bytes=0-2499', 'bytes=1000-2499', 'bytes=2000-2499'])
  })

  test('goes on where the connection broke', async () => {
    const { url, ranges } = await serve(breakAfter(4000), part)
    expect(await httpSource(url, fast).read(100, 10_000)).toEqual(slice(100, 10_000))
    expect(ranges).toEqual(['bytes=100-10099', 'bytes=4100-10099'])
  })

  test('tries again after 503 and as Retry-After says', async () => {
    const { url, ranges } = await serve(status(503, { 'retry-after': '0' }), status(429, { 'retry-after': '0' }), part)
    expect(await httpSource(url, { retryDelayMs: 100_000 }).read(0, 10)).toEqual(slice(0, 10))
    expect(ranges).toHaveLength(3)
  })

  test('tries again when the server is silent', async () => {
    const { url } = await serve(silent, part)
    expect(await httpSource(url, { ...fast, timeoutMs: 50 }).read(0, 10)).toEqual(slice(0, 10))
  })

  test('serves many reads at once', async () => {
    const source = httpSource((await serve(part)).url)
    const reads = await Promise.all(Array.from({ length: 20 }, (_, i) => source.read(i * 10_000, 10_000)))
    expect(Buffer.compare(Buffer.concat(reads), BYTES.subarray(0, 200_000))).toBe(0)
  })
})

describe('httpSource reports SOURCE_CHANGED', () => {
  test.each([
    ['another ETag', { etag: '"v2"' }, 'its ETag was "v1" and is "v2"'],
    ['another size', { 'content-range': 'bytes 0-9/299999' }, 'it had 300000 bytes and has 299999'],
  ])('%s', async (_, headers, message) => {
    const changed: Answer = (_request, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last, headers)).end(BYTES.subarray(first, last + 1))
    }
    const source = httpSource((await serve(part, changed)).url)
    await source.read(0, 10)
    await expect(source.read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining(message),
    })
  })

  test('another date, where no ETag vouches for the bytes', async () => {
    const dated =
      (etag: string, date: string): Answer =>
      (_, response, first, last) => {
        const headers = rangeHeaders(first, last, { etag, 'last-modified': date })
        response.writeHead(206, headers).end(BYTES.subarray(first, last + 1))
      }
    const monday = 'Mon, 01 Jan 2024 00:00:00 GMT'
    const tuesday = 'Tue, 02 Jan 2024 00:00:00 GMT'
    const weak = httpSource((await serve(dated('W/"a"', monday), dated('W/"b"', monday), dated('W/"b"', tuesday))).url)
    await weak.read(0, 10)
    expect(await weak.read(5, 10)).toEqual(slice(5, 10))
    await expect(weak.read(0, 10)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    const strong = httpSource((await serve(dated('"a"', monday), dated('"a"', tuesday))).url)
    await strong.read(0, 10)
    expect(await strong.read(5, 10)).toEqual(slice(5, 10))
  })

  test('a film that is shorter than it was', async () => {
    const source = httpSource((await serve(part, status(416, { 'content-range': 'bytes */100' }))).url)
    await source.read(0, 10)
    await expect(source.read(200, 10)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  test('another ETag between two halves of one read', async () => {
    const changed: Answer = (_, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last, { etag: '"v2"' })).end(BYTES.subarray(first, last + 1))
    }
    const source = httpSource((await serve(breakAfter(4000), changed)).url, fast)
    await expect(source.read(0, 10_000)).rejects.toMatchObject({ code: 'SOURCE_CHANGED', at: { offsetBytes: 4000 } })
  })
})

describe('httpSource reports SOURCE_UNREACHABLE', () => {
  test.each([
    [403, 'The server refuses access to'],
    [404, 'The server has no'],
    [410, 'The server no longer has'],
    [401, 'The server asks for a user and a password for'],
    [418, 'The server does not give out'],
  ])('at once for %d', async (code, message) => {
    const { url, ranges } = await serve(status(code))
    await expect(httpSource(url).read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: `${message} ${url} (HTTP ${code}).`,
    })
    expect(ranges).toHaveLength(1)
  })

  test('for a server that stays broken, after as many tries as it may make', async () => {
    const { url, ranges } = await serve(status(500))
    await expect(httpSource(url, { ...fast, maxRetries: 3 }).read(7, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: `${url} can't be read after 4 tries: the server answers 500.`,
      at: { offsetBytes: 7 },
    })
    expect(ranges).toHaveLength(4)
  })

  test('for a server that asks to wait too long', async () => {
    const { url, ranges } = await serve(status(503, { 'retry-after': '3600' }))
    await expect(httpSource(url).read(0, 10)).rejects.toMatchObject({
      message: `${url} can't be read after one try: the server answers 503, and asks to wait 3600 s.`,
    })
    expect(ranges).toHaveLength(1)
  })

  test('for a refused connection', async () => {
    const { url } = await serve(part)
    const closed = servers.pop()
    await new Promise(resolve => closed?.close(resolve))
    await expect(httpSource(url, fast).read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: `${url} can't be read after 3 tries: the connection is refused.`,
    })
  })

  test.each([
    ['another range', 'bytes 5-14/300000', {}],
    ['a range that is none', 'bytes 9-0/300000', {}],
    ['a range beyond the size', 'bytes 0-9/5', {}],
    ['no size', 'bytes 0-9/*', {}],
    ['a compressed range', 'bytes 0-9/300000', { 'content-encoding': 'gzip' }],
  ])('for %s', async (_, range, headers) => {
    const wrong: Answer = (_request, response) => {
      response.writeHead(206, { 'content-range': range, ...headers }).end(BYTES.subarray(0, 10))
    }
    await expect(httpSource((await serve(wrong)).url).read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('answers wrongly'),
    })
  })

  test('for a server that gives a byte at a time', async () => {
    const drip: Answer = (request, response, first) => part(request, response, first, first)
    const { url, ranges } = await serve(drip)
    await expect(httpSource(url).read(0, 1000)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(ranges.length).toBeLessThan(20)
  })

  test('after close(), and for a read that close() ends', async () => {
    const source = httpSource((await serve(silent)).url)
    const read = source.read(0, 10)
    await source.close()
    await expect(read).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })
})

describe('httpSource and the signal', () => {
  test('ends a read that waits for the server', async () => {
    const ending = new AbortController()
    const { url } = await serve((_request, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last))
      response.write(BYTES.subarray(0, 10))
      setTimeout(() => ending.abort(), 20)
    }, part)
    const source = httpSource(url)
    await expect(source.read(0, 100, { signal: ending.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await source.read(0, 100)).toEqual(slice(0, 100))
  })

  test('ends a read that waits to try again', async () => {
    const ending = new AbortController()
    const { url } = await serve((request, response, first, last) => {
      status(503)(request, response, first, last)
      setTimeout(() => ending.abort(), 20)
    })
    const read = httpSource(url, { retryDelayMs: 60_000 }).read(0, 100, { signal: ending.signal })
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('httpSource on a server without ranges', () => {
  const windowed: HttpSourceOptions = { ...fast, windowBytes: 64 * 1024 }

  test('downloads once what it reads in order', async () => {
    const { url, ranges } = await serve(whole)
    const source = httpSource(url, windowed)
    const read: Uint8Array[] = []
    for (let at = 0; at < BYTES.length; at += 7000) read.push(await source.read(at, 7000))
    expect(Buffer.compare(Buffer.concat(read), BYTES)).toBe(0)
    expect([ranges.length, source.sizeBytes]).toEqual([1, 300_000])
    expect(await source.read(290_000, 100)).toEqual(slice(290_000, 100))
    expect(ranges).toHaveLength(1)
  })

  test('starts again for what it no longer has', async () => {
    const { url, ranges } = await serve(whole)
    const source = httpSource(url, windowed)
    expect(await source.read(200_000, 1000)).toEqual(slice(200_000, 1000))
    expect(await source.read(10, 1000)).toEqual(slice(10, 1000))
    expect(await source.read(299_000, 5000)).toEqual(slice(299_000, 1000))
    expect(await source.read(0, 10)).toEqual(slice(0, 10))
    expect(ranges).toEqual(['bytes=200000-200999', 'all', 'all'])
  })

  test('goes on after a broken download', async () => {
    const broken: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': `${BYTES.length}`, etag: '"v1"' })
      response.write(BYTES.subarray(0, 100_000), () => response.destroy())
    }
    const { url, ranges } = await serve(broken, whole)
    const source = httpSource(url, windowed)
    expect(await source.read(90_000, 50_000)).toEqual(slice(90_000, 50_000))
    expect(ranges).toHaveLength(2)
  })

  test('serves reads that come at once, in any order', async () => {
    const source = httpSource((await serve(whole)).url, windowed)
    const offsets = [250_000, 0, 100_000, 10, 299_999, 150_000]
    const reads = await Promise.all(offsets.map(offset => source.read(offset, 2000)))
    offsets.forEach((offset, i) => {
      expect(reads[i]).toEqual(slice(offset, 2000))
    })
  })

  test("leaves the download to the next reader when one's signal fires", async () => {
    const held: ServerResponse[] = []
    const { url, ranges } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': `${BYTES.length}` })
      response.write(BYTES.subarray(0, 1000))
      held.push(response)
    })
    const source = httpSource(url, windowed)
    expect(await source.read(0, 100)).toEqual(slice(0, 100))
    const ending = new AbortController()
    const read = source.read(5000, 10, { signal: ending.signal })
    setTimeout(() => ending.abort(), 10)
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
    const next = source.read(2000, 10)
    held[0]?.end(BYTES.subarray(1000))
    expect(await next).toEqual(slice(2000, 10))
    expect(ranges).toHaveLength(1)
  })

  test('finds the size of a small film that comes without one, and refuses a large one', async () => {
    const endless: Answer = (_, response) => void response.writeHead(200).end(BYTES)
    const small = httpSource((await serve(endless)).url)
    expect(await small.read(5, 5)).toEqual(slice(5, 5))
    expect(small.sizeBytes).toBe(300_000)
    await expect(httpSource((await serve(endless)).url, windowed).read(5, 5)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('neither knows ranges nor says how large'),
    })
  })

  test('notices another film', async () => {
    const other: Answer = (_, response) => void response.writeHead(200, { etag: '"v2"' }).end(BYTES)
    const source = httpSource((await serve(whole, other)).url, windowed)
    await source.read(200_000, 10)
    await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })
})

describe('httpSource and secrets', () => {
  test('sends user and password in a header and shows them nowhere', async () => {
    const { url, requests } = await serve(status(403))
    const secret = url.replace('http://', 'http://me:pass%C3%A9@').concat('?token=hidden')
    const source = httpSource(secret, { headers: { Cookie: 'session=hidden' } })
    const error = await Promise.resolve(source.read(0, 1)).catch(cause => cause)
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Basic bWU6cGFzc8Op', cookie: 'session=hidden' })
    expect(requests[0]?.url).toBe('/films/A%20film.mkv?token=hidden')
    for (const text of [source.key, source.name, error.describe()]) expect(text).not.toMatch(/hidden|pass[^w]|me:/)
  })

  test('gives what is served differently different keys', () => {
    const key = (url: string, headers: Record<string, string> = {}): string => httpSource(url, { headers }).key
    expect(key('http://h/a.mkv')).toBe('http://h/a.mkv')
    const keys = ['http://h/a.mkv', 'http://h/a.mkv?b', 'http://u:p@h/a.mkv', 'http://u:q@h/a.mkv'].map(url => key(url))
    const told = ['cookie', 'authorization', 'referer', 'user-agent'].map(name =>
      key('http://h/a.mkv', { [name]: 'x' }),
    )
    expect(new Set([...keys, ...told]).size).toBe(8)
    expect(key('http://h/a.mkv', { 'accept-encoding': 'gzip' })).toBe('http://h/a.mkv')
    expect(() => httpSource('http://h/a.mkv', { maxRequestsPerHost: 0 })).toThrow(/maxRequestsPerHost is 0/)
    expect(() => httpSource('http://h/a.mkv', { key: '' })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })

  test.each(['ftp://h/a', 'file:///a', 'nonsense', 'data:,x'])('refuses %s', url => {
    expect(() => httpSource(url)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })

  test("refuses headers that can't be sent", () => {
    expect(() => httpSource('http://h/', { headers: { 'a b': 'c' } })).toThrow(/"a b"/)
    expect(() => httpSource('http://h/', { headers: { a: 'b\r\nc: d' } })).toThrow(/"a"/)
  })
})
