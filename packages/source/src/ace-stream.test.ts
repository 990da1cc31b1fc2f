import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { BYTES, rangeHeaders, servers, slice } from '../testing/http-server.js'
import { type AceStreamOptions, aceStreamSource } from './index.js'

const HASH = '0123456789ABCDEF0123456789abcdef01234567'

interface Engine {
  readonly url: string
  readonly asked: string[]
}

/** A stand-in for an engine: its states in turn, then the content. It names itself as its container sees it. */
async function startEngine(states: readonly string[], isLive = 0, error: string | null = null): Promise<Engine> {
  const asked: string[] = []
  const left = [...states]
  const json = (response: ServerResponse, body: object): void => void response.end(JSON.stringify(body))
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://engine')
    asked.push(url.pathname + (url.searchParams.has('method') ? '?method=stop' : ''))
    const own = 'http://172.17.0.2:6878/ace'
    if (url.pathname === '/ace/getstream') {
      const started = { playback_url: `${own}/r/1/2`, stat_url: `${own}/stat/1/2`, command_url: `${own}/cmd/1/2` }
      return json(response, { response: error === null ? { ...started, is_live: isLive } : null, error })
    }
    if (url.pathname.startsWith('/ace/stat'))
      return json(response, { response: { status: left.shift() ?? 'dl' }, error: null })
    if (url.pathname.startsWith('/ace/cmd')) return json(response, { response: 'ok', error: null })
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (first === undefined) return void response.writeHead(200).end(BYTES)
    response.writeHead(206, rangeHeaders(Number(first), Number(last)))
    response.end(BYTES.subarray(Number(first), Number(last) + 1))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const open = (engine: Engine, more: AceStreamOptions = {}): ReturnType<typeof aceStreamSource> =>
  aceStreamSource({
    engine: engine.url,
    pollMs: 1,
    ...(more.infohash === undefined ? { contentId: HASH } : {}),
    ...more,
  })

describe('aceStreamSource', () => {
  test('starts a session at the first read, waits until it is ready, and stops it', async () => {
    const engine = await startEngine(['prebuf', 'prebuf', 'dl'])
    const source = open(engine, { name: 'film.mkv' })
    expect([source.key, source.sizeBytes, engine.asked]).toEqual([`acestream:id:${HASH.toLowerCase()}`, undefined, []])
    const reads = await Promise.all([source.read(0, 10), source.read(1000, 10)])
    expect(reads).toEqual([slice(0, 10), slice(1000, 10)])
    expect(source.sizeBytes).toBe(300_000)
    await source.close?.()
    await source.close?.()
    expect(engine.asked).toEqual([
      '/ace/getstream',
      '/ace/stat/1/2',
      '/ace/stat/1/2',
      '/ace/stat/1/2',
      '/ace/r/1/2',
      '/ace/cmd/1/2?method=stop',
    ])
    expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREACHABLE' }))
  })

  test('reads a broadcast forward', async () => {
    const source = open(await startEngine([], 1), { infohash: HASH })
    expect(await source.read(0, 10)).toEqual(slice(0, 10))
    expect(source.sizeBytes).toBe(2 ** 50)
    expect(source.key).toBe(`acestream:infohash:${HASH.toLowerCase()}`)
    await source.close?.()
  })

  test('gives up after its time, and ends the session', async () => {
    const engine = await startEngine(new Array(10_000).fill('prebuf'))
    const source = open(engine, { timeoutMs: 30 })
    await expect(source.read(0, 1)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringMatching(/^AceStream has not found 0123.* its state is "prebuf"\.$/),
    })
    expect(engine.asked.at(-1)).toBe('/ace/cmd/1/2?method=stop')
  })

  test('leaves a session that starts to other readers, until close()', async () => {
    const engine = await startEngine(new Array(10_000).fill('prebuf'))
    const source = open(engine)
    const ending = new AbortController()
    const [one, two] = [source.read(0, 1, { signal: ending.signal }), source.read(0, 1)]
    ending.abort()
    await expect(one).rejects.toMatchObject({ code: 'ABORTED' })
    const refused = expect(two).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    while (!engine.asked.includes('/ace/stat/1/2')) await new Promise(resolve => setTimeout(resolve, 1))
    await source.close?.()
    await refused
    expect(engine.asked.at(-1)).toBe('/ace/cmd/1/2?method=stop')
  })

  test('says what the engine says', async () => {
    const refusing = open(await startEngine([], 0, 'failed to load content'))
    await expect(refusing.read(0, 1)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringMatching(/^The AceStream engine at 127.*: failed to load content$/),
    })
    const nobody = aceStreamSource({ engine: 'http://127.0.0.1:9', contentId: HASH })
    await expect(nobody.read(0, 1)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  test.each([{}, { contentId: HASH, infohash: HASH }, { contentId: 'x' }, { contentId: HASH, engine: 'ftp://h' }])(
    'refuses %j',
    wrong => {
      expect(() => aceStreamSource(wrong)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    },
  )
})
