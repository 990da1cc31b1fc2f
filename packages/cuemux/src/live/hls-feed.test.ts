import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { HlsFeed, resolveVariant } from './hls-feed.js'
import type { LiveFetch } from './http-feed.js'

const BASE = 'http://tv.example/live/'
const KEY = Buffer.from('0123456789abcdef')

/** Answers by path below {@link BASE}; a list gives one answer after the other, and its last one from then on. */
type Answers = Readonly<Record<string, string | Uint8Array | number | readonly (string | Uint8Array | number)[]>>

function server(answers: Answers): { readonly from: LiveFetch; readonly asked: string[]; readonly headers: Headers[] } {
  const asked: string[] = []
  const headers: Headers[] = []
  const given = new Map<string, number>()
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const path = url.replace(BASE, '')
    asked.push(path)
    headers.push(new Headers(init.headers))
    const answer = answers[path] ?? 404
    const n = given.get(path) ?? 0
    given.set(path, n + 1)
    const one = Array.isArray(answer) ? (answer[Math.min(n, answer.length - 1)] ?? 404) : answer
    if (typeof one === 'number') return new Response('no', { status: one })
    return new Response(one as string)
  }
  return {
    from: { fetch: fetch as typeof globalThis.fetch, http: { userAgent: 'TV', headers: { 'x-a': 'b' } } },
    asked,
    headers,
  }
}

/** A playlist of segments `N.ts`, whose bytes are their names. */
function playlist(first: number, count: number, more = '', end = ''): string {
  const segments = Array.from({ length: count }, (_, i) => `#EXTINF:1,\n${first + i}.ts\n`)
  return `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${first}\n${more}${segments.join('')}${end}`
}
const END = '#EXT-X-ENDLIST\n'
const segments = (from: number, to: number): Answers =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [`${from + i}.ts`, `${from + i} `]))

async function read(
  answers: Answers,
): Promise<{ readonly text: string; readonly asked: string[]; readonly feed: HlsFeed }> {
  const { from, asked } = server(answers)
  const feed = new HlsFeed(`${BASE}a.m3u8`, from)
  let text = ''
  for await (const piece of feed.read(new AbortController().signal)) text += Buffer.from(piece).toString('latin1')
  return { text, asked, feed }
}

describe('HlsFeed', () => {
  test('begins three segments before the end, and reads each new one once', async () => {
    const lists = [playlist(1, 6), playlist(1, 6), playlist(3, 6), playlist(4, 6, '', END)]
    const { text, asked, feed } = await read({ 'a.m3u8': lists, ...segments(1, 9) })
    expect(text).toBe('4 5 6 7 8 9 ')
    expect(asked.filter(path => path === '7.ts')).toHaveLength(1)
    expect(feed.hasEnded).toBe(true)
  })

  test('goes on with what is there where it has fallen out of the window, and where a sender counts anew', async () => {
    const lists = [playlist(1, 3), playlist(20, 3), playlist(0, 3, '', END)]
    const { text } = await read({ 'a.m3u8': lists, ...segments(0, 22) })
    expect(text).toBe('1 2 3 20 21 22 0 1 2 ')
  })

  test('asks again for what breaks off, and leaves out what is not there', async () => {
    const answers = { ...segments(1, 3), '1.ts': [503, '1 '], '2.ts': 404 }
    const { text, asked } = await read({ 'a.m3u8': [500, playlist(1, 3, '', END)], ...answers })
    expect(text).toBe('1 3 ')
    expect(asked.filter(path => path === '2.ts')).toHaveLength(4)
  })

  test('gives the init segment before the first segment', async () => {
    const map = '#EXT-X-MAP:URI="init.mp4"\n'
    const { text } = await read({ 'a.m3u8': playlist(1, 4, map, END), 'init.mp4': 'init ', ...segments(1, 4) })
    expect(text).toBe('init 2 3 4 ')
  })

  test('decrypts AES-128, by the key’s vector or the segment’s number', async () => {
    const encrypt = (text: string, iv: Buffer): Uint8Array => {
      const cipher = createCipheriv('aes-128-cbc', KEY, iv)
      return Buffer.concat([cipher.update(text), cipher.final()])
    }
    const number = Buffer.alloc(16)
    number.writeUInt8(5, 15)
    const own = Buffer.alloc(16, 7)
    const text = `#EXTM3U
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:5
#EXT-X-KEY:METHOD=AES-128,URI="key"
#EXTINF:1,
5.ts
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x${own.toString('hex')}
#EXTINF:1,
6.ts
#EXT-X-KEY:METHOD=NONE
#EXTINF:1,
7.ts
${END}`
    const answers = { '5.ts': encrypt('five ', number), '6.ts': encrypt('six ', own), '7.ts': 'seven' }
    const { text: read5, asked } = await read({ 'a.m3u8': text, key: KEY, ...answers })
    expect(read5).toBe('five six seven')
    expect(asked.filter(path => path === 'key')).toHaveLength(1)
  })

  test.each([
    ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"\n', 'ENCRYPTED'],
    ['#EXT-X-KEY:METHOD=AES-128,URI="key"\n', 'ENCRYPTED'],
  ])('refuses what it has no key for: %s', async (key, code) => {
    const answers = { 'a.m3u8': playlist(1, 3, key, END), key: KEY, ...segments(1, 3) }
    await expect(read(answers)).rejects.toMatchObject({ code })
  })

  test('gives up where the playlist is gone', async () => {
    await expect(read({})).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })
})

describe('resolveVariant', () => {
  const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Other",URI="other.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,URI="sound/main.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,AUDIO="a"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080
high.m3u8
`
  const resolve = (limits: object, answers: Answers = { 'master.m3u8': MASTER }): ReturnType<typeof resolveVariant> => {
    const { from } = server(answers)
    return resolveVariant({ kind: 'hls', url: `${BASE}master.m3u8`, ...limits }, from, new AbortController().signal)
  }

  test('takes the best variant within the limits, with its sound', async () => {
    expect(await resolve({})).toEqual({ url: `${BASE}high.m3u8`, audioUrl: undefined })
    const low = { url: `${BASE}low.m3u8`, audioUrl: `${BASE}sound/main.m3u8` }
    expect(await resolve({ maxHeight: 720 })).toEqual(low)
    expect(await resolve({ maxBandwidthBps: 1_000_000 })).toEqual(low)
  })

  test('takes a media playlist as it is, and says who asks', async () => {
    const { from, headers } = server({ 'master.m3u8': playlist(1, 3) })
    const input = { kind: 'hls', url: `${BASE}master.m3u8` } as const
    const addresses = await resolveVariant(input, from, new AbortController().signal)
    expect(addresses).toEqual({ url: `${BASE}master.m3u8`, audioUrl: undefined })
    expect([headers[0]?.get('user-agent'), headers[0]?.get('x-a')]).toEqual(['TV', 'b'])
  })

  test('is clear about what is no playlist', async () => {
    await expect(resolve({}, { 'master.m3u8': '<html>' })).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
    await expect(resolve({}, {})).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })
})
