import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { s3Source } from '@cuemux/source'
import { ipfsStore, kuboStore, type PublishStore, s3Store } from '@cuemux/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultProxy } from '../../../store/testing/fault-proxy.js'
import { KuboServer } from '../../../store/testing/kubo-server.js'
import { S3Server } from '../../../store/testing/s3-server.js'
import { expectedCid } from '../../../store/testing/unixfs-encoder.js'
import { FakeEngine } from '../../testing/fake-ladder-engine.js'
import type { LadderResult, LadderUpdate } from './options.js'
import { startLadder } from './start.js'

let folder: string
const closing: (() => Promise<unknown>)[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function run(
  store: PublishStore,
  count = 4,
  onPlaylist?: (update: LadderUpdate) => void,
  settings?: Readonly<Record<string, string>>,
): Promise<LadderResult> {
  const ladder = await startLadder({
    engine: new FakeEngine({ count, ...(settings === undefined ? {} : { settings }) }),
    isPushed: false,
    store,
    checkpoint: path.join(folder, 'job.json'),
    playlistIntervalMs: 1,
    uploads: { firstDelayMs: 1, retries: 2 },
    ...(onPlaylist === undefined ? {} : { onPlaylist }),
  })
  return await ladder.done
}

/** Which uploads fail, by their numbers: some of each kind, and none twice in a row for one upload. */
function someFaults(proxy: FaultProxy): void {
  const kinds = ['unavailable', 'pass', 'reset', 'pass', 'lost', 'pass', 'slow', 'pass'] as const
  proxy.decide = ({ method }, index) => (method === 'PUT' || method === 'POST' ? (kinds[index % 8] ?? 'pass') : 'pass')
}

describe('a ladder in a bucket', () => {
  /** A bucket behind a proxy, and a way to it: with `timeoutMs` for each request. */
  async function start(): Promise<{
    readonly proxy: FaultProxy
    readonly open: (timeoutMs: number) => PublishStore
    readonly read: (key: string) => Promise<string>
  }> {
    const server = await S3Server.start('films')
    const proxy = await FaultProxy.start(server.port)
    closing.push(
      () => server.close(),
      () => proxy.close(),
    )
    const { credentials } = S3Server
    const at = { region: 'us-east-1', bucket: 'films', prefix: 'film', credentials }
    const open = (timeoutMs: number): PublishStore =>
      s3Store({ ...at, endpoint: proxy.url, timeoutMs, retries: 1, firstDelayMs: 1 })
    const read = async (key: string): Promise<string> => {
      const endpoint = `http://127.0.0.1:${server.port}`
      const source = s3Source({ endpoint, bucket: 'films', key: `film/${key}`, credentials })
      const bytes = await Promise.resolve(source.read(0, 1e6)).catch(() => new Uint8Array())
      return Buffer.from(bytes).toString()
    }
    return { proxy, open, read }
  }

  it('is whole after 503s, broken connections, lost answers and slow ones', async () => {
    const { proxy, open, read } = await start()
    const store = open(500)
    someFaults(proxy)
    const result = await run(store)
    expect(result).toMatchObject({ isComplete: true, segments: 12, master: { address: 's3://films/film/master.m3u8' } })
    expect(proxy.seen.filter(({ fault }) => fault !== 'pass').length).toBeGreaterThan(4)
    const playlist = parsePlaylist(await read('video-720/playlist.m3u8'))
    expect(playlist).toMatchObject({ kind: 'media', isEnded: true, segments: { length: 4 } })
    expect(await read('master.m3u8')).toContain('video-720/playlist.m3u8')
  })

  it('that is full, or gone, ends with an error and no hole, and goes on later without uploading twice', async () => {
    const { proxy, open, read } = await start()
    // Only silence has to time out: a request that is slow on a busy machine would be sent twice.
    const store = open(20_000)
    const isBlocked = (url: string): boolean => /video-360\/2\.m4s/.test(url)
    proxy.decide = ({ method, url }) => (method === 'PUT' && isBlocked(url) ? 'full' : 'pass')
    await expect(run(store)).rejects.toMatchObject({ code: 'OUTPUT_FAILED', hint: expect.stringContaining('resumed') })
    const playlist = parsePlaylist((await read('video-360/playlist.m3u8')) || '#EXTM3U\n#EXT-X-TARGETDURATION:4')
    expect(playlist).toMatchObject({ kind: 'media' })
    if (playlist.kind === 'media') expect(playlist.segments.length).toBeLessThanOrEqual(2)
    proxy.decide = () => 'silent'
    await expect(run(open(200))).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
    proxy.decide = () => 'pass'
    expect(await run(store)).toMatchObject({ isComplete: true, segments: 12 })
    const puts = proxy.passed.filter(request => /^PUT .*(?:m4s|mp4)$/.test(request))
    expect(puts.length).toBe(new Set(puts).size)
    expect(puts.length).toBe(15)
    expect(parsePlaylist(await read('video-360/playlist.m3u8'))).toMatchObject({
      isEnded: true,
      segments: { length: 4 },
    })
  }, 60_000)
})

describe('a ladder on a Kubo node', () => {
  it('has another CID in each version, each pinned, and a directory at the end, whatever fails on the way', async () => {
    const server = await KuboServer.start()
    const proxy = await FaultProxy.start(server.port)
    closing.push(
      () => server.close(),
      () => proxy.close(),
    )
    someFaults(proxy)
    const gateway = 'https://gateway.example'
    const store = kuboStore({ url: proxy.url, gateway, timeoutMs: 500, retries: 1, firstDelayMs: 1 })
    const updates: LadderUpdate[] = []
    const result = await run(store, 4, update => void updates.push(update))
    const masters = updates.map(({ master }) => master.url)
    expect(new Set(masters).size).toBe(masters.length)
    expect(masters.length).toBeGreaterThan(1)
    const text = (address = ''): string => String(server.files.get(address.replace(/^.*\//, '')))
    for (const { master, rungs } of updates) {
      const playlist = parsePlaylist(text(master.address))
      if (playlist.kind !== 'multivariant') throw new Error('That is no multivariant playlist.')
      const uris = [...playlist.variants, ...(playlist.renditions ?? [])].map(({ uri }) => uri)
      expect(uris).toEqual(Object.values(rungs).map(({ url }) => url))
      for (const uri of uris) {
        const media = parsePlaylist(text(uri))
        if (media.kind !== 'media') throw new Error('That is no media playlist.')
        for (const segment of [...media.segments, media.map ?? { uri: '' }]) {
          const cid = segment.uri.replace(`${gateway}/ipfs/`, '')
          expect(server.pinned).toContain(cid)
          expect(expectedCid(server.files.get(cid) ?? Buffer.from('gone'))).toBe(cid)
        }
      }
    }
    expect(server.pinned).toContain(result.directory?.address.replace('ipfs://', ''))
    expect(result.manifest?.url).toBe(`${result.directory?.url}/manifest.mpd`)
  }, 60_000)
})

describe('a ladder in blocks of IPFS', () => {
  it('without a gateway is found in a directory, in each version', async () => {
    const store = ipfsStore({ folder })
    const updates: LadderUpdate[] = []
    const result = await run(store, 3, update => void updates.push(update))
    expect(updates.length).toBeGreaterThan(1)
    for (const { master, rungs } of updates) {
      expect(master.address).toMatch(/^ipfs:\/\/bafy\w+\/master\.m3u8$/)
      expect(await textOf(store, master.address)).toContain('\nvideo-720/playlist.m3u8\n')
      const directory = master.address.replace('/master.m3u8', '')
      const media = parsePlaylist(await textOf(store, rungs['video-720']?.address ?? ''))
      if (media.kind !== 'media') throw new Error('That is no media playlist.')
      for (const { uri } of media.segments) {
        expect(await store.describe(`${directory}/video-720/${uri}`)).toMatchObject({ isDirectory: false })
      }
    }
    expect(result.manifest?.address).toBe(`${result.directory?.address}/manifest.mpd`)
    const again = await run(ipfsStore({ folder }), 3)
    expect(again).toMatchObject({ resumed: 9, master: result.master, directory: result.directory })
  })
})

async function textOf(store: ReturnType<typeof ipfsStore>, address: string): Promise<string> {
  const pieces = []
  for await (const piece of store.read(address)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
