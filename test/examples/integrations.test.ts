// The handler in frameworks that have no example of their own that could be started.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { fastifyApp } from './fastify-app.js'

const folder = fileURLToPath(new URL('../../sample', import.meta.url))
const film = path.join(folder, 'cuemux-sample.mkv')

/** What is wrong with the presentation that answers give. */
async function judgeAnswers(get: (name: string) => Promise<Response>): Promise<readonly string[]> {
  const load = async (name: string): Promise<Uint8Array> => {
    const response = await get(name)
    if (response.status !== 200) throw new Error(`${response.status} for ${name}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  return (await judge(load, { source: film })).summary
}

describe('in Fastify', () => {
  test('the sample is served, ranges and errors among it', async () => {
    const { app, handler } = fastifyApp({ film })
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    try {
      expect(await judgeAnswers(name => fetch(`${address}/films/film/${name}`))).toEqual([])
      const part = await fetch(`${address}/films/film/video-1/0.m4s`, { headers: { range: 'bytes=0-99' } })
      expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 100])
      const missing = await fetch(`${address}/films/other/master.m3u8`)
      expect([missing.status, missing.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ])
    } finally {
      await app.close()
    }
    expect(handler.metrics().bytesInFlight).toEqual({ used: 0, waiting: 0 })
  })
})

// Next itself isn't installed for this (it is some hundred megabytes): its router calls what a route file exports with a
// Request and sends the Response, which is done here.
describe('as a route of Next', () => {
  test('the sample is served', async () => {
    process.env.FILMS = folder
    const route = await import('../../examples/next-route.js')
    expect([route.runtime, route.dynamic]).toEqual(['nodejs', 'force-dynamic'])
    const address = 'https://app.test/films/cuemux-sample.mkv'
    expect(await judgeAnswers(name => route.GET(new Request(`${address}/${name}`)))).toEqual([])
    const head = await route.HEAD(new Request(`${address}/stream.mp4`, { method: 'HEAD' }))
    expect([head.status, Number(head.headers.get('x-content-duration'))]).toEqual([200, expect.closeTo(48, 0)])
    expect((await route.OPTIONS(new Request(`${address}/master.m3u8`, { method: 'OPTIONS' }))).status).toBe(204)
    expect((await route.GET(new Request('https://app.test/films/..%2Fpackage.json/master.m3u8'))).status).toBe(404)
  })
})
