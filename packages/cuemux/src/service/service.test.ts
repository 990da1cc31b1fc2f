import { readdir, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { memoryCache } from '@cuemux/store'
import { describe, expect, it } from 'vitest'
import { RemoteFilm, sampleBytes } from '../../testing/remote-film.js'
import { bodyOf, serve } from '../../testing/serve.js'
import { CuemuxError, type HandlerEvent } from '../index.js'

describe('limits', () => {
  it('let so many wait, and tell the others when to come again', async () => {
    const film = new RemoteFilm()
    let open = (): void => {}
    film.gate = new Promise(resolve => (open = resolve))
    const events: HandlerEvent[] = []
    const { get, handler } = serve({
      resolve: () => film,
      limits: { requests: 2, queue: 1 },
      onEvent: event => events.push(event),
    })
    const answers = [1, 2, 3].map(() => get('/film/info.json'))
    await delay(10)
    expect(handler.metrics().requests).toMatchObject({ active: 2, queued: 1 })
    const refused = await get('/film/info.json')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    expect(events).toContainEqual({ type: 'refused', id: 'film', caller: undefined, status: 503 })
    open()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(handler.metrics().requests).toMatchObject({ total: 4, active: 0, queued: 0, refused: 1 })
  })

  it('stop one caller and let the others pass', async () => {
    const film = new RemoteFilm()
    let open = (): void => {}
    film.gate = new Promise(resolve => (open = resolve))
    const { get } = serve({
      resolve: () => film,
      limits: { requestsPerCaller: 1 },
      callerOf: request => request.headers.get('x-account') ?? undefined,
    })
    const as = (account: string): Promise<Response> => get('/film/info.json', { headers: { 'x-account': account } })
    const first = as('a')
    const again = await as('a')
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '1'])
    const other = as('b')
    open()
    expect([(await first).status, (await other).status]).toEqual([200, 200])
  })

  it('make segments one after the other when there is room for one, and free what nobody reads', async () => {
    const { get, handler } = serve({ limits: { bytesInFlight: 600_000 } })
    const held = await get('/film/video-1/0.m4s')
    expect(handler.metrics().bytesInFlight.used).toBeGreaterThan(100_000)
    const bodies = await Promise.all([1, 2, 3, 4].map(async n => bodyOf(await get(`/film/video-1/${n}.m4s`))))
    expect(new Set(bodies.map(body => body.byteLength)).size).toBeGreaterThan(1)
    // Its bytes were given up meanwhile, and are made again.
    expect((await bodyOf(held)).byteLength).toBe(Number(held.headers.get('content-length')))
    expect(handler.metrics().bytesInFlight).toEqual({ used: 0, waiting: 0 })
  })
})

describe('a cache', () => {
  const settled = (): Promise<void> => delay(20)

  it('opens a film whose index it has without reading it again', async () => {
    const cache = memoryCache()
    const [first, second] = [new RemoteFilm(), new RemoteFilm()]
    const plain = await bodyOf(await serve({ resolve: () => first, cache }).get('/film/video-1/playlist.m3u8'))
    const events: HandlerEvent[] = []
    const again = serve({ resolve: () => second, cache, onEvent: event => events.push(event) })
    expect(Buffer.compare(await bodyOf(await again.get('/film/video-1/playlist.m3u8')), plain)).toBe(0)
    expect(second.reads[0]).toEqual({ offsetBytes: 0, lengthBytes: 4096 })
    expect(events.find(({ type }) => type === 'open')).toMatchObject({ index: 'cache' })
    expect(again.handler.metrics().films).toEqual({ open: 1, opened: 1, openedFromCache: 1 })
  })

  it.each([
    ['another validator', () => new RemoteFilm(sampleBytes(), undefined, '"2"')],
    ['another size', () => new RemoteFilm(Buffer.concat([sampleBytes(), new Uint8Array(8)]))],
    ['another beginning', () => new RemoteFilm(sampleBytes('mp4'))],
  ])('reads a film anew that has %s', async (_, changed) => {
    const cache = memoryCache()
    await serve({ resolve: () => new RemoteFilm(), cache }).get('/film/info.json')
    const film = changed()
    const { get, handler } = serve({ resolve: () => film, cache })
    expect((await get('/film/master.m3u8')).status).toBe(200)
    expect(handler.metrics().films.openedFromCache).toBe(0)
    const once = serve({ resolve: () => changed(), cache })
    expect((await once.get('/film/master.m3u8')).status).toBe(200)
    expect(once.handler.metrics().films.openedFromCache).toBe(1)
  })

  it('gives what the film is now another entity tag than what it was', async () => {
    const tags = await Promise.all(
      ['"1"', '"1"', '"2"'].map(async validator => {
        const film = new RemoteFilm(sampleBytes(), undefined, validator)
        return (await serve({ resolve: () => film }).get('/film/video-1/0.m4s')).headers.get('etag')
      }),
    )
    expect([tags[0] === tags[1], tags[1] === tags[2]]).toEqual([true, false])
  })

  it('gives a segment without reading, the same to the byte', async () => {
    const film = new RemoteFilm()
    const { get, handler } = serve({ resolve: () => film, readAhead: false })
    const made = await bodyOf(await get('/film/video-1/2.m4s'))
    const reads = film.reads.length
    const again = await get('/film/video-1/2.m4s')
    expect(Buffer.compare(await bodyOf(again), made)).toBe(0)
    expect(film.reads.length).toBe(reads)
    expect(handler.metrics().resources).toMatchObject({ made: 1, fromCache: 1 })
    const part = await get('/film/video-1/2.m4s', { headers: { range: 'bytes=100-199' } })
    expect([part.status, Buffer.compare(Buffer.from(await part.arrayBuffer()), made.subarray(100, 200))]).toEqual([
      206, 0,
    ])
    const plain = await serve().get('/film/video-1/2.m4s')
    expect(Buffer.compare(await bodyOf(plain), made)).toBe(0)
  })

  it('reads picture and sound of a segment once, whichever comes first', async () => {
    for (const paths of [
      ['video-1/3.m4s', 'audio-2/3.m4s'],
      ['audio-2/3.m4s', 'video-1/3.m4s'],
    ]) {
      const film = new RemoteFilm()
      const { get } = serve({ resolve: () => film, readAhead: false })
      await bodyOf(await get(`/film/${paths[0]}`))
      const reads = film.reads.length
      await bodyOf(await get(`/film/${paths[1]}`))
      expect(film.reads.length).toBe(reads)
    }
  })

  it('does not keep what failed', async () => {
    const film = new RemoteFilm()
    const { get } = serve({ resolve: () => film })
    await get('/film/master.m3u8')
    film.failure = new CuemuxError('SOURCE_UNREACHABLE', 'The server is down.')
    expect((await get('/film/video-1/4.m4s')).status).toBe(502)
    film.failure = undefined
    await bodyOf(await get('/film/video-1/4.m4s'))
  })

  it('makes a segment once for all who ask at once', async () => {
    const [film, once] = [new RemoteFilm(), new RemoteFilm()]
    const { get, handler } = serve({ resolve: () => film, readAhead: false })
    await serve({ resolve: () => once, readAhead: false }).get('/film/video-1/1.m4s')
    const bodies = await Promise.all(Array.from({ length: 16 }, async () => bodyOf(await get('/film/video-1/1.m4s'))))
    expect(new Set(bodies.map(body => body.toString('base64'))).size).toBe(1)
    expect(handler.metrics().resources).toMatchObject({ made: 1, fromCache: 15 })
    expect(film.reads).toEqual(once.reads)
  })

  it('has the next segment ready before it is asked for', async () => {
    const film = new RemoteFilm()
    const events: HandlerEvent[] = []
    const { get, handler } = serve({ resolve: () => film, onEvent: event => events.push(event) })
    await bodyOf(await get('/film/video-1/1.m4s'))
    await settled()
    const reads = film.reads.length
    expect(events.filter(({ type }) => type === 'read-ahead')).toEqual([
      { type: 'read-ahead', id: 'film', path: 'video-1/2.m4s', outcome: 'prepared' },
    ])
    await bodyOf(await get('/film/video-1/2.m4s'))
    await bodyOf(await get('/film/audio-2/2.m4s'))
    // Nothing of segment 2 is read: what is, is segment 3.
    expect(
      film.reads.slice(reads).every(({ offsetBytes }) => offsetBytes > (film.reads[reads - 1]?.offsetBytes ?? 0)),
    ).toBe(true)
    expect(handler.metrics().resources.fromCache).toBeGreaterThanOrEqual(1)
  })

  it('is left out for a film that is near, unless one is given', async () => {
    const { get, handler } = serve()
    await bodyOf(await get('/film/video-1/1.m4s'))
    expect(handler.metrics().cache).toBeUndefined()
    const cache = memoryCache()
    const kept = serve({ cache })
    await bodyOf(await kept.get('/film/video-1/1.m4s'))
    expect(cache.stats().stored).toBe(2)
    await kept.handler.close()
    await bodyOf(await serve({ cache }).get('/film/video-1/1.m4s'))
    expect(cache.stats().hits).toBe(2)
  })
})

describe('If-None-Match', () => {
  const opened = '/film/audio-2/playlist.m3u8'

  it.each(['video-1/2.m4s', 'audio-2/2.m4s', 'video-1/init.mp4', 'video-1/playlist.m3u8', 'manifest.mpd'])(
    'on %s, which the client has, is answered without reading or making it',
    async path => {
      const tag = (await serve({ resolve: () => new RemoteFilm() }).get(`/film/${path}`)).headers.get('etag') ?? ''
      const film = new RemoteFilm()
      const { get, handler } = serve({ resolve: () => film, cacheSegments: 'none' })
      await get(opened)
      const [reads, { made, bytes }] = [film.reads.length, handler.metrics().resources]
      for (const method of ['GET', 'HEAD']) {
        const response = await get(`/film/${path}`, { method, headers: { 'if-none-match': `"other", W/${tag}` } })
        expect([response.status, response.headers.get('etag'), response.body]).toEqual([304, tag, null])
      }
      expect(film.reads.length).toBe(reads)
      expect(handler.metrics().resources).toMatchObject({ made, bytes })
    },
  )

  it('is answered with what the client lacks, and with 404 where there is nothing', async () => {
    const { get } = serve()
    const ask = async (path: string, tag: string): Promise<number> =>
      (await get(`/film/${path}`, { headers: { 'if-none-match': tag } })).status
    const tag = (await get('/film/video-1/2.m4s')).headers.get('etag') ?? ''
    expect(await ask('video-1/2.m4s', '*')).toBe(304)
    expect(await ask('video-1/1.m4s', tag)).toBe(200)
    for (const path of ['video-1/99.m4s', 'video-1/02.m4s', 'video-9/0.m4s', 'attachments/cover.jpg', 'nothing']) {
      expect([path, await ask(path, tag), await ask(path, '*')]).toEqual([path, 404, 404])
    }
  })
})

describe('observing', () => {
  it('tells of every read, resource and error', async () => {
    const events: HandlerEvent[] = []
    const film = new RemoteFilm()
    const { get } = serve({ resolve: () => film, readAhead: false, onEvent: event => events.push(event) })
    await bodyOf(await get('/film/video-1/0.m4s'))
    await bodyOf(await get('/film/video-1/0.m4s'))
    await get('/film/video-1/99.m4s')
    const resources = events.filter(event => event.type === 'resource')
    expect(resources.map(({ path, kind, origin }) => [path, kind, origin])).toEqual([
      ['video-1/0.m4s', 'segment', 'made'],
      ['video-1/0.m4s', 'segment', 'cache'],
    ])
    expect(events.filter(({ type }) => type === 'read').length).toBe(film.reads.length)
    expect(events.at(-1)).toMatchObject({ type: 'error', id: 'film', status: 404, error: { code: 'NOT_FOUND' } })
  })

  it('writes lines for a logger, whose failure is its own', async () => {
    const lines: [string, object, string][] = []
    const line =
      (level: string) =>
      (fields: object, message: string): void => {
        lines.push([level, fields, message])
        throw new Error('the disk is full')
      }
    const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    const { get } = serve({ logger })
    expect((await get('/film/info.json')).status).toBe(200)
    expect((await get('/film/nothing')).status).toBe(404)
    expect(lines.map(([level, , message]) => [level, message]).filter(([level]) => level !== 'debug')).toEqual([
      ['info', 'film opened'],
      ['warn', expect.stringContaining('NOT_FOUND')],
    ])
  })

  it('gives its metrics to Prometheus', async () => {
    const { get } = serve({ metricsPath: '/metrics' })
    await get('/film/info.json')
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await response.text()
    expect(text).toContain(
      '# HELP cuemux_requests_total Requests answered, by status.\n# TYPE cuemux_requests_total counter\ncuemux_requests_total{status="200"} 1\n',
    )
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) cuemux_\w+ .+|cuemux_\w+(?:\{\w+="[\w-]+"\})? -?\d+(?:\.\d+)?)$/)
    }
  })
})

describe('close', () => {
  it('lets go of films and sends away what comes', async () => {
    const film = new RemoteFilm()
    const { get, handler } = serve({ resolve: () => film })
    await bodyOf(await get('/film/video-1/0.m4s'))
    await handler.close()
    await handler.close()
    expect(film.isClosed).toBe(true)
    const response = await get('/film/video-1/1.m4s')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })

  it('leaves no descriptor open', async () => {
    const path = fileURLToPath(new URL('../../../../sample/cuemux-sample.mkv', import.meta.url))
    const isOpen = async (): Promise<boolean> => {
      const links = (await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
      return (await Promise.all(links)).includes(path)
    }
    const { get, handler } = serve({ resolve: () => path })
    await bodyOf(await get('/film/video-1/0.m4s'))
    expect(await isOpen()).toBe(true)
    await handler.close()
    expect(await isOpen()).toBe(false)
  })
})

describe('stream.mp4', () => {
  it('is the whole of unknown length, whatever range a browser asks for', async () => {
    const response = await serve().get('/film/stream.mp4', { headers: { range: 'bytes=0-' } })
    expect([response.status, response.headers.get('accept-ranges'), response.headers.get('content-length')]).toEqual([
      200,
      'none',
      null,
    ])
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(500_000)
  })

  it('says how long it is, and about how large', async () => {
    const { get } = serve()
    const head = await get('/film/stream.mp4?start=20', { method: 'HEAD' })
    const whole = (await (await get('/film/stream.mp4?start=20')).arrayBuffer()).byteLength
    expect(head.headers.get('x-content-duration')).toBe('30.000')
    const estimate = Number(head.headers.get('x-cuemux-estimated-length'))
    expect(Math.abs(estimate - whole) / whole).toBeLessThan(0.2)
    expect(head.headers.get('content-length')).toBeNull()
  })

  it('has times from zero, or those of the film', async () => {
    const { get } = serve()
    const firstTimes = async (query: string): Promise<number[]> => {
      const bytes = Buffer.from(await (await get(`/film/stream.mp4?start=20&duration=1${query}`)).arrayBuffer())
      const times: number[] = []
      for (let at = bytes.indexOf('tfdt'); at > 0 && times.length < 2; at = bytes.indexOf('tfdt', at + 4)) {
        times.push(Number(bytes.readBigUInt64BE(at + 8)))
      }
      return times
    }
    const [zero, absolute] = [await firstTimes(''), await firstTimes('&timestamps=absolute')]
    const shifts = absolute.map((time, i) => time - (zero[i] ?? 0))
    // Picture and sound by the same time: 20 s and the film's own start.
    const start = Number((await get('/film/stream.mp4?start=20', { method: 'HEAD' })).headers.get('x-cuemux-start'))
    expect(shifts.length).toBe(2)
    for (const [i, timescale] of [24_000, 48_000].entries()) {
      expect(Math.abs((shifts[i] ?? 0) / timescale - start)).toBeLessThan(0.03)
    }
    expect((await get('/film/stream.mp4?timestamps=later')).status).toBe(400)
  })

  it('reads no further than its viewer, and gives the film back when the viewer leaves', async () => {
    const film = new RemoteFilm()
    const { get, handler } = serve({ resolve: () => film })
    const response = await get('/film/stream.mp4')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.read()
    await delay(20)
    expect(film.bytesRead).toBeLessThan(film.sizeBytes / 3)
    expect(handler.metrics().streams.active).toBe(1)
    await reader.cancel()
    expect(handler.metrics().streams).toMatchObject({ active: 0, total: 1 })
    expect(handler.metrics().requests.active).toBe(0)
  })
})
