import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ipfsStore, s3Store } from '@cuemux/store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { S3Server } from '../../../store/testing/s3-server.js'
import type { FilmList } from './film.js'
import { createLibrary } from './library.js'
import { createPageListener } from './page-server.js'

const MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo-720/playlist.m3u8\n'
const SEGMENT = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >>> 10)) & 0xff)

let folder: string
let server: Server | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-published-'))
})
afterEach(async () => {
  server?.close()
  server?.closeAllConnections()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** Serves inputs; gives what asks for paths. */
async function serve(
  ...inputs: string[]
): Promise<(path: string, headers?: Record<string, string>) => Promise<Response>> {
  const library = await createLibrary(inputs)
  server = createServer(
    createPageListener({ library, assets: new Map(), media: (_, res) => void res.end(), host: '127.0.0.1' }),
  )
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return (path, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers })
}

async function films(ask: (path: string) => Promise<Response>): Promise<FilmList['media']> {
  return ((await (await ask('/api/media')).json()) as FilmList).media
}

/** Looks at a presentation through its address. */
async function expectPlayable(ask: Awaited<ReturnType<typeof serve>>, master: string): Promise<void> {
  const base = master.replace(/[^/]*$/, '')
  const playlist = await ask(master)
  expect([playlist.status, playlist.headers.get('content-type')]).toEqual([200, 'application/vnd.apple.mpegurl'])
  expect(await playlist.text()).toBe(MASTER)
  const part = await ask(`${base}video-720/0.m4s`, { range: 'bytes=1048000-2100000' })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 1048000-2100000/3000000'])
  expect(Buffer.compare(new Uint8Array(await part.arrayBuffer()), SEGMENT.subarray(1_048_000, 2_100_001))).toBe(0)
  const whole = await ask(`${base}video-720/0.m4s`)
  expect([whole.status, whole.headers.get('content-length')]).toEqual([200, '3000000'])
  expect(Buffer.compare(new Uint8Array(await whole.arrayBuffer()), SEGMENT)).toBe(0)
  const behind = await ask(`${base}video-720/0.m4s`, { range: 'bytes=3000000-' })
  expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */3000000'])
  expect((await ask(`${base}video-720/none.m4s`)).status).toBe(404)
  expect((await ask(`${base}video-720`)).status).toBe(404)
}

describe('what a ladder left', () => {
  it('in a folder is a film, and its parts are none', async () => {
    const out = join(folder, 'Films', 'My film')
    await mkdir(join(out, 'video-720'), { recursive: true })
    await writeFile(join(out, 'master.m3u8'), MASTER)
    await writeFile(join(out, 'video-720/init.mp4'), 'x')
    await writeFile(join(out, 'video-720/0.m4s'), SEGMENT)
    await writeFile(join(out, '.cuemux-ladder.json'), 'secret')
    await writeFile(join(folder, 'secret.m3u8'), 'secret')
    await symlink(join(folder, 'secret.m3u8'), join(out, 'link.m3u8'))
    await writeFile(join(folder, 'Films', 'other.mkv'), 'x')
    const ask = await serve(folder)
    const [published, other, ...rest] = await films(ask)
    expect(published).toEqual({
      id: published?.id,
      name: 'My film',
      folder: 'Films',
      master: `/published/${published?.id}/master.m3u8`,
    })
    expect(other?.name).toBe('other.mkv')
    expect(rest).toEqual([])
    await expectPlayable(ask, published?.master ?? '')
    const base = published?.master.replace('master.m3u8', '') ?? ''
    const hidden = ['.cuemux-ladder.json', 'link.m3u8', '..%2fother.mkv', '%2e%2e/other.mkv', '%00', 'a%5c..%5cb', '%']
    for (const path of hidden)
      expect([path, [400, 404].includes((await ask(base + path)).status)]).toEqual([path, true])
    const etag = (await ask(published?.master ?? '')).headers.get('etag') ?? ''
    expect((await ask(published?.master ?? '', { 'if-none-match': etag })).status).toBe(304)
    expect((await ask('/published/123456789abc/master.m3u8')).status).toBe(404)
  })

  it('in a folder of IPFS blocks is a film, and a gateway leads to all of it', async () => {
    const store = ipfsStore({ folder })
    const files = [await store.put('master.m3u8', Buffer.from(MASTER)), await store.put('video-720/0.m4s', SEGMENT)]
    const { cid } = await store.finish(files)
    const json = { format: 'cuemux-published', version: 1, name: 'My film', master: `ipfs://${cid}/master.m3u8` }
    await writeFile(join(folder, 'published.json'), JSON.stringify(json))
    const ask = await serve(folder)
    expect(await films(ask)).toMatchObject([{ name: 'My film', master: `/ipfs/${cid}/master.m3u8` }])
    await expectPlayable(ask, `/ipfs/${cid}/master.m3u8`)
    const segment = await ask(`/ipfs/${files[1]?.cid}`, { range: 'bytes=-2' })
    expect([...new Uint8Array(await segment.arrayBuffer())]).toEqual([...SEGMENT.subarray(-2)])
    expect(segment.headers.get('etag')).toBe(`"${files[1]?.cid}"`)
    expect(segment.headers.get('cache-control')).toContain('immutable')
    const unknown = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
    for (const path of [unknown, 'nonsense', cid, '%2e%2e', `${cid}/a%20b`]) {
      expect([path, [400, 404].includes((await ask(`/ipfs/${path}`)).status)]).toEqual([path, true])
    }
  })

  it('in a bucket is a film, read with credentials that stay here', async () => {
    const remote = await S3Server.start('films')
    try {
      const endpoint = `http://127.0.0.1:${remote.port}`
      const store = s3Store({
        endpoint,
        region: 'us-east-1',
        bucket: 'films',
        prefix: 'My film',
        credentials: S3Server.credentials,
      })
      await store.put('master.m3u8', Buffer.from(MASTER))
      await store.put('video-720/0.m4s', SEGMENT)
      vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint)
      vi.stubEnv('AWS_ACCESS_KEY_ID', S3Server.credentials.accessKeyId)
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3Server.credentials.secretAccessKey)
      const ask = await serve('s3://films/My film/master.m3u8')
      const list = await films(ask)
      expect(list).toMatchObject([{ name: 'My film' }])
      expect(JSON.stringify(list)).not.toMatch(/S3RVER|127/)
      await expectPlayable(ask, list[0]?.master ?? '')
      await remote.close()
      expect((await ask(list[0]?.master ?? '')).status).toBe(502)
    } finally {
      await remote.close().catch(() => {})
    }
  })

  it('has one kind of address in a bucket', async () => {
    await expect(createLibrary(['s3://films/film.mkv'])).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    vi.stubEnv('AWS_ACCESS_KEY_ID', '')
    await expect(createLibrary(['s3://films/a/master.m3u8'])).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})
