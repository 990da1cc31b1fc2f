import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { CuemuxError, createHandler, type HandlerEvent, type HandlerOptions } from './index.js'

const SAMPLE = fileURLToPath(new URL('../../../sample/cuemux-sample.mp4', import.meta.url))
let film: Uint8Array

beforeAll(async () => {
  film = new Uint8Array(await readFile(SAMPLE))
})

function serve(options: Partial<HandlerOptions> = {}): (path: string, init?: RequestInit) => Promise<Response> {
  const handler = createHandler({ resolve: id => (id === 'film' ? film : undefined), ...options })
  return (path, init) => handler(new Request(`http://films.test${path}`, init))
}

describe('createHandler', () => {
  it('serves a film from its multivariant playlist down to its last segment', async () => {
    const get = serve()
    const master = await (await get('/film/master.m3u8')).text()
    const video = /^(video-\d+)\/playlist\.m3u8$/m.exec(master)?.[1]
    const audio = /URI="(audio-\d+)\/playlist\.m3u8"/.exec(master)?.[1]
    for (const name of [video, audio]) {
      const playlist = await (await get(`/film/${name}/playlist.m3u8`)).text()
      const segments = playlist.match(/^\d+\.m4s$/gm) ?? []
      expect(segments.length).toBe(8)
      for (const path of ['init.mp4', ...segments]) {
        const response = await get(`/film/${name}/${path}`)
        expect([path, response.status]).toEqual([path, 200])
        expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')))
      }
    }
  })

  it('leads a client that was named in the query to its own presentation all the way', async () => {
    const get = serve()
    const master = await (await get('/film/master.m3u8?client=avc1,mp4a.40.2')).text()
    expect(master).toContain('\nvideo-1/playlist.m3u8?client=avc1%2Cmp4a.40.2\n')
    expect(master).toContain('URI="audio-2/playlist.m3u8?client=avc1%2Cmp4a.40.2"')
    const playlist = await (await get('/film/video-1/playlist.m3u8?client=avc1%2Cmp4a.40.2')).text()
    expect(playlist).toContain('#EXT-X-MAP:URI="init.mp4?client=avc1%2Cmp4a.40.2"')
    expect(playlist).toContain('\n0.m4s?client=avc1%2Cmp4a.40.2\n')
  })

  it('gives the same tag for the same bytes, and another one for another resource', async () => {
    const [one, again, other] = await Promise.all(
      ['0.m4s', '0.m4s', '1.m4s'].map(path => serve()(`/film/video-1/${path}`)),
    )
    expect(one?.headers.get('etag')).toBe(again?.headers.get('etag'))
    expect(one?.headers.get('etag')).not.toBe(other?.headers.get('etag'))
  })

  it('opens a film once however many ask at once', async () => {
    const events: HandlerEvent[] = []
    const get = serve({ onEvent: event => events.push(event) })
    await Promise.all(Array.from({ length: 20 }, () => get('/film/info.json')))
    await get('/film/master.m3u8')
    expect(events.filter(event => event.type === 'open').length).toBe(1)
  })

  it('tells what becomes of each track for the asked client', async () => {
    const info = (await (await serve()('/film/info.json?client=av01')).json()) as {
      container: string
      decisions: { kind: string; action: string; reason: string }[]
    }
    expect(info.container).toBe('mp4')
    expect(info.decisions.map(({ kind, action }) => [kind, action])).toEqual([
      ['video', 'drop'],
      ['audio', 'drop'],
    ])
  })

  it('streams a part of the film from the keyframe before the start', async () => {
    const response = await serve()('/film/stream.mp4?start=13.5&duration=4')
    expect(response.status).toBe(200)
    expect(response.headers.get('x-cuemux-start')).toBe('12.021')
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(new TextDecoder('latin1').decode(bytes.subarray(4, 8))).toBe('ftyp')
    const head = await serve()('/film/stream.mp4?start=13.5', { method: 'HEAD' })
    expect([head.status, head.body, head.headers.get('x-content-duration')]).toEqual([200, null, '36.000'])
  })

  it.each([
    ['/film/nothing.txt', 404, 'NOT_FOUND'],
    ['/film/video-1/8.m4s', 404, 'NOT_FOUND'],
    ['/film/video-1/-1.m4s', 404, 'NOT_FOUND'],
    ['/film/video-1/00.m4s', 404, 'NOT_FOUND'],
    ['/film/video-9/0.m4s', 404, 'NOT_FOUND'],
    ['/other/master.m3u8', 404, 'NOT_FOUND'],
    ['/film/', 404, 'NOT_FOUND'],
    ['/', 404, 'NOT_FOUND'],
    ['/%E0%A4%A/master.m3u8', 400, 'BAD_REQUEST'],
    ['/film/master.m3u8?client=<script>', 400, 'BAD_REQUEST'],
    ['/film/stream.mp4?start=abc', 400, 'BAD_REQUEST'],
    ['/film/stream.mp4?start=1e9', 400, 'BAD_REQUEST'],
    ['/film/master.m3u8?client=av01', 415, 'UNSUPPORTED_CODEC'],
  ])('answers %s with %i %s', async (path, status, title) => {
    const response = await serve()(path)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, title })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('answers preflights, and other methods with 405', async () => {
    expect((await serve()('/film/master.m3u8', { method: 'OPTIONS' })).status).toBe(204)
    const post = await serve()('/film/master.m3u8', { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  it('lets resolve refuse a request', async () => {
    const get = serve({
      resolve: () => {
        throw new CuemuxError('CAPACITY', 'Two streams are enough.')
      },
    })
    const response = await get('/film/master.m3u8')
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5'])
  })

  it('serves below its base path only', async () => {
    const get = serve({ basePath: '/media' })
    expect((await get('/media/film/master.m3u8')).status).toBe(200)
    expect((await get('/film/master.m3u8')).status).toBe(404)
    expect((await get('/mediafilm/master.m3u8')).status).toBe(404)
  })

  it('names every wrong option', () => {
    const wrong = { resolve: 'film', maxOpen: 0, colour: 'red' } as unknown as HandlerOptions
    expect(() => createHandler(wrong)).toThrow(/resolve.*maxOpen.*colour/s)
  })
})
