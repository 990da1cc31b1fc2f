import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ByteSource } from '@cuemux/core'
import { afterEach, describe, expect, it } from 'vitest'
import { RemoteFilm, sampleBytes } from '../testing/remote-film.js'
import { resourceResponse } from './http.js'
import { createHandler, type Handler, type HandlerOptions, openMedia, toNodeListener } from './index.js'
import { BytesInFlight } from './service/bytes-in-flight.js'
import { PieceBody } from './service/piece-body.js'

const SAMPLE = sampleBytes()
let server: Server | undefined

afterEach(async () => {
  server?.close()
  server?.closeAllConnections()
  server = undefined
})

async function serve(options: Partial<HandlerOptions> = {}): Promise<{ handler: Handler; url: string; port: number }> {
  const handler = createHandler({ resolve: () => SAMPLE, ...options })
  server = createServer(toNodeListener(handler)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { handler, url: `http://127.0.0.1:${port}/film`, port }
}

/** The sample as a near film that reads into memory that is there. */
class NearFilm implements ByteSource {
  readonly key = 'near'
  readonly name = 'near'
  readonly sizeBytes: number = SAMPLE.byteLength
  readonly seekCostBytes: number = 32 * 1024
  readonly targets = new Set<ArrayBufferLike>()
  readsInto = 0

  read(offset: number, length: number): Uint8Array {
    return SAMPLE.slice(offset, offset + length)
  }

  async readInto(offset: number, target: Uint8Array): Promise<number> {
    this.readsInto++
    this.targets.add(target.buffer)
    const bytes = SAMPLE.subarray(offset, offset + target.byteLength)
    // Another's bytes for a while: whoever still looks at them sees it.
    target.fill(0xee)
    await delay(1)
    target.set(bytes)
    return bytes.byteLength
  }
}

/** A client that has asked for something and reads nothing of it. */
async function askAndWait(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write(`GET /film/${path} HTTP/1.1\r\nHost: films\r\n\r\n`)
  await once(socket, 'connect')
  return socket
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries++) await delay(10)
  expect(isSo()).toBe(true)
}

describe('toNodeListener', () => {
  it('hands on a body as far as it is read', async () => {
    const lengths: number[] = []
    const read = async (request: Request): Promise<Response> => {
      if (request.url.endsWith('/refused')) return new Response(null, { status: 403 })
      lengths.push((await request.arrayBuffer()).byteLength)
      return new Response('taken')
    }
    server = createServer(toNodeListener(read)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const body = new Uint8Array(300_000)
    expect(await (await fetch(url, { method: 'POST', body })).text()).toBe('taken')
    expect((await fetch(`${url}/refused`, { method: 'POST', body: 'text' })).status).toBe(403)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
    expect(lengths).toEqual([300_000, 0])
  })

  it('writes the same bytes as the response has', async () => {
    const { handler, url } = await serve()
    const direct = await handler(new Request(`${url}/video-1/0.m4s`))
    const sent = await fetch(`${url}/video-1/0.m4s`)
    expect(Buffer.compare(Buffer.from(await sent.arrayBuffer()), Buffer.from(await direct.arrayBuffer()))).toBe(0)
    expect(Object.fromEntries(sent.headers)).toMatchObject(Object.fromEntries(direct.headers))
    await until(() => handler.metrics().bytesInFlight.used === 0)
  })

  it('ends the reading of the film when the client leaves', async () => {
    const film = new RemoteFilm()
    const { handler, port, url } = await serve({ resolve: () => film, readAhead: false })
    await (await fetch(`${url}/master.m3u8`)).arrayBuffer()
    let open = (): void => {}
    film.gate = new Promise(resolve => (open = resolve))
    const reads = film.reads.length
    const socket = await askAndWait(port, 'video-1/3.m4s')
    await until(() => handler.metrics().requests.active === 1)
    socket.destroy()
    await until(() => handler.metrics().requests.active === 0)
    open()
    await delay(20)
    expect(film.reads.length).toBe(reads)
    expect(handler.metrics()).toMatchObject({ bytesInFlight: { used: 0, waiting: 0 }, errors: {} })
  })

  it('ends a stream when the client leaves, a chunk later at most', async () => {
    const film = new RemoteFilm()
    const { handler, url } = await serve({ resolve: () => film })
    const response = await new Promise<IncomingMessage>(resolve => get(`${url}/stream.mp4`, resolve))
    await once(response, 'data')
    response.destroy()
    await until(() => handler.metrics().streams.active === 0)
    const read = film.bytesRead
    await delay(50)
    expect(film.bytesRead).toBe(read)
  })

  it('cuts off who takes nothing for too long, and lets go of the bytes', async () => {
    const bytes = new BytesInFlight(1 << 30)
    // More than the sockets of both ends take on their own.
    const pieces = [new Uint8Array(64 << 20)]
    const resource = {
      path: '0.m4s',
      kind: 'segment',
      contentType: 'video/mp4',
      etag: '"a"',
      byteLength: 64 << 20,
      pieces,
    } as const
    let stallTimeoutMs = 200
    const listener = toNodeListener(request =>
      resourceResponse(request, resource, {
        body: part => new PieceBody(part, { bytes, remake: async () => pieces, stallTimeoutMs }),
      }),
    )
    server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = await askAndWait(port, '0.m4s')
    await until(() => bytes.usedBytes === 64 << 20)
    await until(() => bytes.usedBytes === 0)
    socket.resume()
    await once(socket, 'close')
    expect(socket.bytesRead).toBeLessThan(64 << 20)
    stallTimeoutMs = 60_000
    const whole = await fetch(`http://127.0.0.1:${port}/0.m4s`)
    expect((await whole.arrayBuffer()).byteLength).toBe(64 << 20)
  })

  it('sends right bytes while their memory is used again, whoever leaves, and what others record stays', async () => {
    const film = new NearFilm()
    const { url, handler } = await serve({ resolve: () => film, segmentDurationMs: 20_000, cacheBytes: 0 })
    const recorded: { path: string; chunks: Uint8Array[] }[] = []
    const packing = createServer((req, res) => {
      // As middleware does that packs or records bodies.
      const record = { path: (req.url ?? '').replace('/film/', ''), chunks: [] as Uint8Array[] }
      recorded.push(record)
      const write = res.write.bind(res) as (chunk: Uint8Array, then?: () => void) => boolean
      res.write = ((chunk: Uint8Array, then?: () => void) => {
        record.chunks.push(chunk)
        return write(chunk, then)
      }) as typeof res.write
      toNodeListener(handler)(req, res)
    }).listen(0, '127.0.0.1')
    await once(packing, 'listening')
    const recording = `http://127.0.0.1:${(packing.address() as AddressInfo).port}/film`
    const film2 = await openMedia(SAMPLE)
    const right = await film2.hls({ segmentDurationMs: 20_000, storyboard: true })
    const paths = (await right.resources()).map(({ path }) => path).filter(path => /video-1\/\d+\.m4s$/.test(path))
    const want = await Promise.all(paths.map(async path => Buffer.concat((await right.resource(path)).pieces)))
    const ask = async (n: number): Promise<void> => {
      const path = paths[n % paths.length]
      const base = n % 3 === 0 ? recording : url
      if (n % 5 === 3) {
        const response = await fetch(`${base}/${path}`)
        return response.body?.cancel()
      }
      const got = Buffer.from(await (await fetch(`${base}/${path}`)).arrayBuffer())
      expect([path, Buffer.compare(got, want[n % paths.length] as Buffer)]).toEqual([path, 0])
    }
    for (let n = 0; n < 60; n += 6) await Promise.all([0, 1, 2, 3, 4, 5].map(k => ask(n + k)))
    for (const { path, chunks } of recorded) {
      const got = Buffer.concat(chunks)
      expect([path, got.equals(want[paths.indexOf(path)]!.subarray(0, got.length))]).toEqual([path, true])
    }
    expect(film.targets.size).toBeLessThan(film.readsInto)
    packing.close()
    packing.closeAllConnections()
    await film2.close()
  })

  it('fires the signal for a client that leaves, not for one that was served', async () => {
    const signals: AbortSignal[] = []
    const handler = async (request: Request): Promise<Response> => {
      signals.push(request.signal)
      const endless = new ReadableStream({ start: controller => controller.enqueue(new Uint8Array(1)) })
      return new Response(request.url.endsWith('/all') ? 'all' : endless)
    }
    let closed = 0
    server = createServer((req, res) => {
      res.once('close', () => closed++)
      toNodeListener(handler)(req, res)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await (await fetch(`${url}/all`)).text()).toBe('all')
    await (await fetch(`${url}/endless`)).body?.cancel()
    await until(() => closed === 2 && signals.length === 2)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
  })

  it('answers what is no request with 400', async () => {
    const { port } = await serve()
    const socket = connect(port, '127.0.0.1')
    socket.write('GET http:// HTTP/1.1\r\nHost: films\r\n\r\n')
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
  })
})
