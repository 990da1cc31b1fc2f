import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Fault, FaultProxy } from '../../testing/fault-proxy.js'
import { KuboServer } from '../../testing/kubo-server.js'
import { expectedCid, expectedDirectoryCid, patternFile } from '../../testing/unixfs-encoder.js'
import { type KuboStoreOptions, kuboStore } from './kubo-store.js'
import type { PublishStore } from './publish-store.js'

let server: KuboServer
let proxy: FaultProxy
beforeAll(async () => {
  server = await KuboServer.start()
  proxy = await FaultProxy.start(server.port)
})
afterAll(async () => {
  await proxy.close()
  await server.close()
})
beforeEach(() => {
  proxy.reset()
  server.files.clear()
  server.pinned.clear()
  server.isGarbling = false
})

function storeWith(options: Partial<KuboStoreOptions> = {}): PublishStore {
  return kuboStore({ url: proxy.url, firstDelayMs: 10, ...options })
}

async function* inPieces(file: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += 100_000) yield file.subarray(at, at + 100_000)
}

describe('kuboStore', () => {
  it.each([0, 1, 262_144, 262_145, 20_000_000])('adds and pins a file of %d bytes', async lengthBytes => {
    const file = patternFile(lengthBytes)
    const cid = expectedCid(file)
    const stored = await storeWith({ gateway: 'https://ipfs.example' }).put('video-1/7.m4s', inPieces(file))
    expect(stored).toEqual({
      path: 'video-1/7.m4s',
      address: `ipfs://${cid}`,
      url: `https://ipfs.example/ipfs/${cid}`,
      cid,
      sizeBytes: lengthBytes,
    })
    expect(server.files.get(cid)?.equals(file)).toBe(true)
    expect(server.pinned).toEqual(new Set([cid]))
    expect(server.addOptions.at(-1)).toEqual({
      cidVersion: 1,
      rawLeaves: true,
      chunker: 'size-262144',
      pin: true,
    })
    expect(await storeWith().verify(stored.address)).toEqual({ address: `ipfs://${cid}`, cid, sizeBytes: lengthBytes })
  })

  it('says what is not pinned, and pins it', async () => {
    const store = storeWith()
    const { address } = await store.put('x', Buffer.from('segment'))
    server.pinned.clear()
    expect(await store.verify(address)).toBeUndefined()
    await store.pin?.(address)
    expect(await store.verify(address)).toMatchObject({ sizeBytes: 7 })
  })

  it('makes a directory', async () => {
    const files = { 'a.m3u8': Buffer.from('#EXTM3U\n'), 'b.m4s': patternFile(1000) }
    const store = storeWith()
    const stored = []
    for (const [name, file] of Object.entries(files)) stored.push(await store.put(name, file))
    // As a job that was resumed does, which added them in another process.
    const root = await storeWith().finish?.(stored)
    expect(root?.cid).toBe(expectedDirectoryCid(files))
    expect(server.pinned.has(root?.cid ?? '')).toBe(true)
    expect(server.files.has(root?.cid ?? '')).toBe(true)
  })

  it('does not take another CID than its own', async () => {
    server.isGarbling = true
    const garbled = expectedCid(Buffer.from('segment!'))
    const added = server.adds
    await expect(storeWith({ retries: 1 }).put('x', Buffer.from('segment'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: `The Kubo node has x as ${garbled}, not as ${expectedCid(Buffer.from('segment'))}.`,
    })
    expect(server.adds - added).toBe(2)
  })
})

describe('kuboStore behind a bad network', () => {
  it.each(['unavailable', 'full', 'reset', 'lost', 'silent', 'slow'] as const)(
    'adds all the same (%s)',
    async (fault: Fault) => {
      proxy.decide = (_, index) => (index < 2 ? fault : 'pass')
      const file = patternFile(700_000)
      const timeoutMs = fault === 'silent' ? 700 : 20_000
      const stored = await storeWith({ timeoutMs }).put('x', [file.subarray(0, 300_000), file.subarray(300_000)])
      expect(stored.cid).toBe(expectedCid(file))
      if (fault !== 'silent') expect(proxy.seen.length).toBe(fault === 'slow' ? 1 : 3)
      proxy.reset()
      proxy.decide = (_, index) => (index < 2 ? fault : 'pass')
      expect(await storeWith({ timeoutMs }).verify(stored.address)).toMatchObject({ sizeBytes: 700_000 })
    },
  )

  it('gives up with what to do', async () => {
    proxy.decide = () => 'unavailable'
    await expect(storeWith({ retries: 1 }).put('x', Buffer.from('x'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: 'The Kubo node failed at add: try later (HTTP 503)',
      hint: 'See that the node runs and has room (ipfs repo stat), then run the job again.',
    })
    expect(proxy.seen.length).toBe(2)
  })

  it('a stream, which is read once, is added once', async () => {
    proxy.decide = () => 'unavailable'
    await expect(storeWith().put('x', inPieces(patternFile(1000)))).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
    expect(proxy.seen.length).toBe(1)
  })

  it('a stream that fails or waits is its own trouble', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield patternFile(300_000)
      throw new Error('the encoder died')
    }
    await expect(storeWith().put('x', failing())).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: "The bytes to publish can't be read: the encoder died",
    })
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('seg')
      await new Promise(resolve => setTimeout(resolve, 1800))
      yield Buffer.from('ment')
    }
    // The node is silent longer than it may be, because it has nothing to say.
    expect(await storeWith({ timeoutMs: 1200 }).put('x', slow())).toMatchObject({ sizeBytes: 7 })
  })

  it('ends when it is told to', async () => {
    proxy.decide = () => 'silent'
    const controller = new AbortController()
    const put = storeWith().put('x', Buffer.from('x'), { signal: controller.signal })
    setTimeout(() => controller.abort(), 30)
    await expect(put).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('is no gateway, and no page', async () => {
    await expect(
      kuboStore({ url: `${proxy.url}/elsewhere`, retries: 0 }).put('x', Buffer.from('x')),
    ).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: "Give the address of the node's RPC API, not of its gateway.",
    })
    expect(() => kuboStore({ url: '127.0.0.1:5001' })).toThrow(/url must be an address/)
  })

  it('sends the user of its URL, and shows no password', async () => {
    const url = proxy.url.replace('http://', 'http://user:se%20cret@')
    await kuboStore({ url: `${url}/api/v0/` }).put('x', Buffer.from('x'))
    expect(proxy.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:se cret').toString('base64')}`)
    proxy.decide = () => 'full'
    const error: unknown = await kuboStore({ url, retries: 0 })
      .put('x', Buffer.from('x'))
      .catch((reason: unknown) => reason)
    const { inspect } = await import('node:util')
    expect(inspect(error, { depth: 9 })).not.toMatch(/se( |%20)cret|dXNlcj/)
  })
})
