import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  BYTES,
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
import { httpSource, type Spool } from './index.js'
import { diskSpool } from './node.js'

/** Answers that wait until they are let go. */
function held(): { answer: Answer; waiting: (() => void)[] } {
  const waiting: (() => void)[] = []
  return { answer: (...given) => void waiting.push(() => part(...given)), waiting }
}
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await delay(1)
}

describe('reads that lie together', () => {
  test('become one request when they are asked for at once, with a small gap between them', async () => {
    const { url, ranges } = await serve(part)
    const source = httpSource(url)
    const reads = [source.read(2000, 100), source.read(0, 1000), source.read(1000, 500), source.read(2050, 10)]
    expect(await Promise.all(reads)).toEqual([slice(2000, 100), slice(0, 1000), slice(1000, 500), slice(2050, 10)])
    expect(ranges).toEqual(['bytes=0-2099'])
  })

  test('stay apart when reading the gap would cost more than asking twice', async () => {
    const large = new Uint8Array(2_000_000)
    const { url, ranges } = await serve((_, response, first, last) => {
      const end = Number(/-(\d+)$/.exec(ranges.at(-1) ?? '')?.[1])
      response.writeHead(206, { 'content-range': `bytes ${first}-${end}/${large.length}` })
      response.end(large.subarray(first, Math.max(end, last) + 1))
    })
    const source = httpSource(url)
    await source.read(0, 10)
    await Promise.all([source.read(100, 10), source.read(110 + source.seekCostBytes + 1, 10)])
    expect(ranges.slice(1).sort()).toEqual(['bytes=100-109', 'bytes=524399-524408'])
  })

  test('wait for what is on its way instead of asking again', async () => {
    const { answer, waiting } = held()
    const { url, ranges } = await serve(part, answer)
    const source = httpSource(url)
    await source.read(0, 1)
    const long = source.read(1000, 5000)
    await until(() => waiting.length === 1)
    const again = source.read(3000, 100)
    waiting[0]?.()
    expect([await long, await again]).toEqual([slice(1000, 5000), slice(3000, 100)])
    expect(ranges).toEqual(['bytes=0-0', 'bytes=1000-5999'])
  })

  test('are given out as their bytes come', async () => {
    let rest = (): void => undefined
    const { url } = await serve(part, (_, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last))
      response.write(BYTES.subarray(first, first + 1000))
      rest = () => response.end(BYTES.subarray(first + 1000, last + 1))
    })
    const source = httpSource(url)
    await source.read(0, 1)
    const late = source.read(50_000, 1000)
    expect(await source.read(0, 500)).toEqual(slice(0, 500))
    rest()
    expect(await late).toEqual(slice(50_000, 1000))
  })

  test('of which one is aborted leave the others their bytes, and are not read beyond what these want', async () => {
    const { answer, waiting } = held()
    const { url, ranges } = await serve(part, answer, part)
    const source = httpSource(url)
    await source.read(0, 1)
    const ending = new AbortController()
    const kept = source.read(1000, 100)
    const left = source.read(1100, 100_000, { signal: ending.signal })
    await until(() => waiting.length === 1)
    ending.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    waiting[0]?.()
    expect(await kept).toEqual(slice(1000, 100))
    expect(ranges).toHaveLength(2)
  })
})

describe('a reader that leaves', () => {
  test('ends the answer: the connection is closed before the next piece', async () => {
    let sent = 0
    const closed: Promise<unknown>[] = []
    const { url } = await serve(part, (_, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last))
      closed.push(once(response, 'close'))
      const drip = (): void => {
        if (response.destroyed) return
        sent += 100
        response.write(BYTES.subarray(0, 100))
        setTimeout(drip, 5)
      }
      drip()
    })
    const source = httpSource(url)
    await source.read(0, 1)
    const ending = new AbortController()
    const reads = [0, 50_000].map(offset => source.read(offset, 100_000, { signal: ending.signal }))
    await until(() => sent > 200)
    ending.abort()
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
    await closed[0]
    const sentAtEnd = sent
    await delay(30)
    expect(sent - sentAtEnd).toBeLessThanOrEqual(100)
  })
})

describe('a host', () => {
  test('gets no more requests at once than allowed, over all sources', async () => {
    const { answer, waiting } = held()
    const { url, ranges } = await serve(answer)
    const sources = Array.from({ length: 5 }, () => httpSource(url, { maxRequestsPerHost: 2 }))
    const reads = sources.map((source, i) => source.read(i * 1000, 10))
    await until(() => waiting.length === 2)
    await delay(20)
    expect(ranges).toHaveLength(2)
    for (let i = 0; i < 5; i++) {
      await until(() => waiting.length > i)
      waiting[i]?.()
    }
    expect(await Promise.all(reads)).toEqual([0, 1, 2, 3, 4].map(i => slice(i * 1000, 10)))
  })

  test('is not asked for a reader that left while waiting for it', async () => {
    const { answer, waiting } = held()
    const { url, ranges } = await serve(answer)
    const [one, two] = [0, 1].map(() => httpSource(url, { maxRequestsPerHost: 1 }))
    const first = one?.read(0, 10)
    await until(() => waiting.length === 1)
    const ending = new AbortController()
    const second = two?.read(0, 10, { signal: ending.signal })
    ending.abort()
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' })
    waiting[0]?.()
    await first
    expect(ranges).toHaveLength(1)
  })

  test('keeps its connection for the next request', async () => {
    const { url } = await serve(part)
    let connections = 0
    servers.at(-1)?.on('connection', () => connections++)
    const source = httpSource(url)
    for (let i = 0; i < 10; i++) {
      await source.read(i * 20_000, 1000)
      await delay(1)
    }
    // One, or another while the first is not quite done.
    expect(connections).toBeLessThanOrEqual(3)
  })

  test('without ranges gets one request from many first readers', async () => {
    const { url, ranges } = await serve(whole)
    const source = httpSource(url)
    const reads = [0, 290_000, 100_000].map(offset => source.read(offset, 1000))
    expect(await Promise.all(reads)).toEqual([slice(0, 1000), slice(290_000, 1000), slice(100_000, 1000)])
    expect(ranges).toHaveLength(1)
  })

  test('that once forgets its ranges is asked again', async () => {
    const { url, ranges } = await serve(part, whole, part)
    const source = httpSource(url, fast)
    await source.read(0, 10)
    expect(await source.read(200_000, 10)).toEqual(slice(200_000, 10))
    expect(ranges).toEqual(['bytes=0-9', 'bytes=200000-200009', 'bytes=200000-200009'])
  })

  test('that packs what it was asked to send as it is, is refused', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BYTES))
    })
    await expect(httpSource(url).read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('compressed (gzip)'),
    })
  })
})

describe('a spool', () => {
  test('lets a film on a server without ranges be downloaded once, however it is read', async () => {
    const { url, ranges } = await serve(whole)
    const source = httpSource(url, { ...fast, windowBytes: 64 * 1024, spool: diskSpool() })
    for (const offset of [250_000, 0, 100_000, 299_990, 5, 60_000]) {
      expect(await source.read(offset, 2000)).toEqual(slice(offset, 2000))
    }
    expect(ranges).toHaveLength(1)
    await source.close()
  })

  test('that is full leaves the rest to the window', async () => {
    const { url, ranges } = await serve(whole)
    const spool: Spool = diskSpool({ limitBytes: 50_000 })
    const source = httpSource(url, { ...fast, windowBytes: 64 * 1024, spool })
    expect(await source.read(299_000, 1000)).toEqual(slice(299_000, 1000))
    expect(await source.read(10, 1000)).toEqual(slice(10, 1000))
    expect(ranges).toHaveLength(1)
    expect(await source.read(60_000, 1000)).toEqual(slice(60_000, 1000))
    expect(ranges).toHaveLength(2)
    await source.close()
  })

  test('tells the size of a film whose server does not', async () => {
    const { url } = await serve((_, response) => void response.writeHead(200).end(BYTES))
    const source = httpSource(url, { windowBytes: 64 * 1024, spool: diskSpool() })
    expect(await source.read(0, 100)).toEqual(slice(0, 100))
    expect([source.sizeBytes, await source.read(150_000, 10)]).toEqual([300_000, slice(150_000, 10)])
    await source.close()
  })
})

const redirect = (location: string, code = 302): Answer => status(code, { location })

describe('a redirect', () => {
  test('is followed once, and its end is asked from then on', async () => {
    const films = await serve(part)
    const { url, ranges } = await serve(redirect('/elsewhere/film.mkv', 301), redirect(films.url))
    const source = httpSource(url)
    expect(await source.read(0, 10)).toEqual(slice(0, 10))
    expect(await source.read(1000, 10)).toEqual(slice(1000, 10))
    expect([ranges, films.ranges]).toEqual([
      ['bytes=0-9', 'bytes=0-9'],
      ['bytes=0-9', 'bytes=1000-1009'],
    ])
  })

  test('to another origin takes no credentials, cookies or headers of the caller along', async () => {
    const films = await serve(part)
    const { url, requests } = await serve(redirect('/same'), redirect(films.url))
    const headers = {
      authorization: 'Bearer secret',
      cookie: 'a=secret',
      'x-api-key': 'secret',
      referer: 'http://own/',
    }
    await httpSource(url, { headers }).read(0, 10)
    expect(requests[1]?.headers).toMatchObject(headers)
    expect(JSON.stringify(films.requests[0]?.headers)).not.toMatch(/secret|own/)
    expect(films.requests[0]?.headers.range).toBe('bytes=0-9')
  })

  test('whose end has lapsed is followed anew', async () => {
    const [old, fresh] = [await serve(part, status(403)), await serve(part)]
    const { url, ranges } = await serve(redirect(old.url), redirect(fresh.url))
    const source = httpSource(url)
    for (const offset of [0, 1000, 2000]) expect(await source.read(offset, 10)).toEqual(slice(offset, 10))
    expect([ranges.length, old.ranges.length, fresh.ranges.length]).toEqual([2, 2, 2])
  })

  test('whose end has gone is followed anew', async () => {
    const [old, fresh] = [await serve(part), await serve(part)]
    const server = servers.at(-2)
    const { url } = await serve(redirect(old.url), redirect(fresh.url))
    const source = httpSource(url, fast)
    await source.read(0, 10)
    server?.closeAllConnections()
    server?.close()
    expect(await source.read(1000, 10)).toEqual(slice(1000, 10))
  })

  test('whose end has fallen silent is followed anew', async () => {
    const [old, fresh] = [await serve(part, silent), await serve(part)]
    const { url } = await serve(redirect(old.url), redirect(fresh.url))
    const source = httpSource(url, { ...fast, timeoutMs: 100 })
    await source.read(0, 10)
    expect(await source.read(1000, 10)).toEqual(slice(1000, 10))
    expect([old.ranges.length, fresh.ranges.length]).toEqual([2, 1])
  })

  test.each([
    ['in a circle', '/again', 'sends its readers on more than 10 times'],
    ['to a file', 'file:///etc/passwd', 'an address that is none'],
    ['to nowhere', 'http://', 'an address that is none'],
  ])('%s is refused', async (_, location, message) => {
    const { url, ranges } = await serve(redirect(location))
    await expect(httpSource(url, fast).read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining(message),
    })
    expect(ranges.length).toBeLessThanOrEqual(11)
  })
})

describe('an address that expires', () => {
  test.each([401, 403, 410])('with %d is renewed once for all who read', async code => {
    const fresh = await serve(part)
    const { url } = await serve(part, status(code))
    const asked: string[] = []
    const source = httpSource(`${url}?signature=old`, {
      renew: async error => {
        asked.push(error.code)
        await delay(10)
        return fresh.url
      },
    })
    const { key } = source
    await source.read(0, 10)
    const offsets = [1000, 100_000, 250_000]
    const reads = await Promise.all([
      ...offsets.map(offset => source.read(offset, 10)),
      delay(3).then(() => source.read(9, 9)),
    ])
    expect(reads).toEqual([...offsets.map(offset => slice(offset, 10)), slice(9, 9)])
    expect([asked, source.key]).toEqual([['SOURCE_UNREACHABLE'], key])
  })

  test('is renewed again at its next expiry, but not when the new one never worked', async () => {
    let renewals = 0
    const { url, ranges } = await serve(status(403), part, status(403), part, status(403))
    const source = httpSource(url, {
      renew: async () => {
        renewals++
        return url
      },
    })
    expect(await source.read(0, 10)).toEqual(slice(0, 10))
    expect(await source.read(1000, 10)).toEqual(slice(1000, 10))
    await expect(source.read(2000, 10)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect([renewals, ranges.length]).toEqual([3, 6])
  })

  test('fails with the reason why it was not renewed', async () => {
    const { url } = await serve(status(403))
    const source = httpSource(url, { renew: () => Promise.reject(new Error('signed out')) })
    await expect(source.read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: `${url} has expired and was not renewed: signed out`,
    })
  })

  test('keeps to the film that was opened', async () => {
    const other: Answer = (_, response: ServerResponse, first, last) => {
      response.writeHead(206, rangeHeaders(first, last, { etag: '"other"' })).end(BYTES.subarray(first, last + 1))
    }
    const fresh = await serve(other)
    const { url } = await serve(part, status(403))
    const source = httpSource(url, { renew: async () => fresh.url })
    await source.read(0, 10)
    await expect(source.read(10, 10)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })
})
