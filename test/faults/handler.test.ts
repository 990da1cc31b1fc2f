// Films on servers with faults, behind the handler: what a viewer gets, and what is kept.
import { createHandler, type HandlerOptions } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { type Fault, serveFaults } from '../support/fault-server.js'
import { seededRandom } from '../support/random.js'
import { sampleBytes } from './inputs.js'

const film = sampleBytes('mkv')
const NONE: Fault = { kind: 'none' }

type Get = (path: string) => Promise<Response>

function serve(resolve: HandlerOptions['resolve']): { handler: ReturnType<typeof createHandler>; get: Get } {
  const handler = createHandler({ resolve })
  return { handler, get: path => handler(new Request(`http://films.test/film/${path}`)) }
}

describe('a film whose address comes from a request', () => {
  const policy = { allowHosts: ['127.0.0.1'], allowPrivate: true }

  test('is served from where the policy allows', async () => {
    const server = await serveFaults(film, () => NONE)
    const { get, handler } = serve(() => ({ input: server.url, policy }))
    expect((await get('video-1/0.m4s')).status).toBe(200)
    await handler.close()
    await server.close()
  })

  test('is refused when it is redirected elsewhere, without a word of where', async () => {
    const other = await serveFaults(film, () => NONE)
    const elsewhere = other.url.replace('127.0.0.1', 'localhost')
    const server = await serveFaults(film, () => ({ kind: 'redirect', to: elsewhere }))
    const { get, handler } = serve(() => ({ input: server.url, policy }))
    const response = await get('master.m3u8')
    const text = await response.text()
    expect([response.status, /localhost|127\.0\.0\.1/.test(text)]).toEqual([400, false])
    expect(other.ranges).toEqual([])
    await handler.close()
    await Promise.all([server.close(), other.close()])
  })

  test('is refused at an address inside the network', async () => {
    const server = await serveFaults(film, () => NONE)
    for (const input of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
      const { get, handler } = serve(() => ({ input, untrusted: true }))
      expect((await get('master.m3u8')).status).toBe(400)
      await handler.close()
    }
    expect(server.ranges).toEqual([])
    await server.close()
  })
})

test('segments are right to the byte or clean errors, and only the right ones are kept', async () => {
  const random = seededRandom(7)
  const faults: readonly Fault[] = [
    { kind: 'reset', afterBytes: 20_000 },
    { kind: 'short', bytes: 5000 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 404 },
    { kind: 'wrong-range', byBytes: 100 },
    { kind: 'gzip' },
  ]
  let isFaulty = false
  const server = await serveFaults(film, () =>
    isFaulty && random() < 0.6 ? (faults[Math.floor(random() * faults.length)] ?? NONE) : NONE,
  )
  const near = serve(() => new Uint8Array(film))
  const { get, handler } = serve(() => server.url)
  expect((await get('master.m3u8')).status).toBe(200)
  const paths = Array.from({ length: 8 }, (_, n) => [`video-1/${n}.m4s`, `audio-2/${n}.m4s`]).flat()
  const right = new Map<string, Buffer>()
  for (const path of paths) right.set(path, Buffer.from(await (await near.get(path)).arrayBuffer()))
  isFaulty = true
  const statuses = new Set<number>()
  for (let round = 0; round < 2; round++) {
    for (const path of paths) {
      const response = await get(path)
      statuses.add(response.status)
      const body = Buffer.from(await response.arrayBuffer())
      if (response.status === 200) expect(Buffer.compare(body, right.get(path) ?? Buffer.alloc(0))).toBe(0)
      else expect(JSON.parse(body.toString())).toMatchObject({ status: response.status, detail: expect.any(String) })
    }
  }
  expect([...statuses].every(status => [200, 404, 409, 502].includes(status))).toBe(true)
  isFaulty = false
  for (const path of paths) {
    const body = Buffer.from(await (await get(path)).arrayBuffer())
    expect([path, Buffer.compare(body, right.get(path) ?? Buffer.alloc(0))]).toEqual([path, 0])
  }
  await Promise.all([handler.close(), near.handler.close()])
  await server.close()
}, 120_000)
