import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Fault, FaultProxy } from '../../testing/fault-proxy.js'
import { S3Server } from '../../testing/s3-server.js'
import { isSignedRight } from '../../testing/sigv4.js'
import { patternFile } from '../../testing/unixfs-encoder.js'
import type { PublishStore } from './publish-store.js'
import { type S3StoreOptions, s3Store } from './s3-store.js'

let server: S3Server
let proxy: FaultProxy
beforeAll(async () => {
  server = await S3Server.start('films')
  proxy = await FaultProxy.start(server.port)
})
afterAll(async () => {
  await proxy.close()
  await server.close()
})
beforeEach(() => proxy.reset())

function storeWith(options: Partial<S3StoreOptions> = {}): PublishStore {
  return s3Store({
    endpoint: proxy.url,
    region: 'us-east-1',
    bucket: 'films',
    prefix: 'a film',
    credentials: S3Server.credentials,
    firstDelayMs: 10,
    ...options,
  })
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** What the server has under a path, with its headers, asked for with a signature of its own. */
async function fetchObject(path: string): Promise<{ readonly body: Buffer; readonly headers: Headers }> {
  const { AwsClient } = await import('aws4fetch')
  const client = new AwsClient({ ...S3Server.credentials, service: 's3', region: 'us-east-1' })
  const response = await client.fetch(`http://127.0.0.1:${server.port}/films/${path}`)
  expect(response.status).toBe(200)
  return { body: Buffer.from(await response.arrayBuffer()), headers: response.headers }
}

/** Faults of the first requests, then none. */
function faults(...list: readonly Fault[]): void {
  proxy.decide = (_, index) => list[index] ?? 'pass'
}

describe('s3Store', () => {
  it('stores a file with its type and caching, and says what is there', async () => {
    const store = storeWith()
    const stored = await store.put("video-1/7 (a+b)'s!.m4s", [Buffer.from('seg'), Buffer.from('ment')], {
      cacheControl: 'public, max-age=31536000, immutable',
    })
    expect(stored).toEqual({
      path: "video-1/7 (a+b)'s!.m4s",
      address: "s3://films/a film/video-1/7 (a+b)'s!.m4s",
      checksum: `etag:${md5(Buffer.from('segment'))}`,
      sizeBytes: 7,
    })
    const { body, headers } = await fetchObject('a%20film/video-1/7%20%28a%2Bb%29%27s%21.m4s')
    expect(body.toString()).toBe('segment')
    expect(headers.get('content-type')).toBe('video/iso.segment')
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const { path: _, ...verified } = stored
    expect(await store.verify(stored.address)).toEqual(verified)
    expect(await store.verify('s3://films/a film/none')).toBeUndefined()
    await expect(store.verify('s3://other/a')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(await store.put('empty', [])).toMatchObject({ sizeBytes: 0 })
    expect(await store.put('a.m3u8', Buffer.from('#EXTM3U\n'), { contentType: 'text/plain' })).toMatchObject({
      sizeBytes: 8,
    })
    expect((await fetchObject('a%20film/a.m3u8')).headers.get('content-type')).toBe('text/plain')
  })

  it('sends a long file in parts', async () => {
    const file = patternFile(20_000_000)
    const stored = await storeWith().put('long.mp4', file, { cacheControl: 'no-cache' })
    // s3rver's ETag of parts is that of the whole; S3's own is tested below.
    const etag = md5(file)
    expect(stored).toMatchObject({ sizeBytes: 20_000_000, checksum: `etag:${etag}` })
    const { body, headers } = await fetchObject('a%20film/long.mp4')
    expect(body.equals(file)).toBe(true)
    expect(headers.get('content-type')).toBe('video/mp4')
    expect(await storeWith().verify(stored.address)).toMatchObject({ checksum: `etag:${etag}` })
    expect(proxy.passed.filter(line => /partNumber/.test(line)).length).toBe(3)
    // Exactly one part is no upload of parts.
    proxy.reset()
    await storeWith().put('one', patternFile(8 * 2 ** 20))
    expect(proxy.passed).toEqual(['PUT /films/a%20film/one'])
  })

  it('names files relatively, or by a public address', async () => {
    const stored = await storeWith().put('video-1/7.m4s', Buffer.from('x'))
    expect(storeWith().playlistAddress(stored, 'master.m3u8')).toBe('video-1/7.m4s')
    const served = storeWith({ publicUrl: 'https://cdn.example/film' })
    expect(await served.put('video-1/7.m4s', Buffer.from('x'))).toMatchObject({
      url: 'https://cdn.example/film/video-1/7.m4s',
    })
    expect(served.playlistAddress(stored, 'video-1/a.m3u8')).toBe('https://cdn.example/film/video-1/7.m4s')
  })

  it('signs every request', async () => {
    const credentials = { ...S3Server.credentials, sessionToken: 'a token' }
    const store = storeWith({ credentials: async () => credentials, region: 'eu-west-1' })
    await store.put("a+b c/(d)'!*%41 ü.m4s", patternFile(9_000_000), { cacheControl: 'no-cache,  max-age=0' })
    await store.verify((await store.put('x', Buffer.from('x'))).address)
    expect(proxy.seen.map(({ method }) => method)).toEqual(['POST', 'PUT', 'PUT', 'POST', 'PUT', 'HEAD'])
    for (const request of proxy.seen) {
      expect(isSignedRight(request, 'S3RVER'), `${request.method} ${request.url}`).toBe(true)
      expect(isSignedRight(request, 'another'), request.url).toBe(false)
      expect(request.headers['x-amz-security-token']).toBe('a token')
    }
  })

  it("compares S3's own ETag of parts", async () => {
    const file = patternFile(9_000_000)
    const parts = [file.subarray(0, 8 * 2 ** 20), file.subarray(8 * 2 ** 20)]
    const etag = `${md5(Buffer.from(parts.map(md5).join(''), 'hex'))}-2`
    for (const [given, isRight] of [
      [etag, true],
      [etag.replace(/^./, first => (first === '0' ? '1' : '0')), false],
    ] as const) {
      // A server that says what S3 says.
      const own = http.createServer((request, response) => {
        const md5s: string[] = [request.headers['content-md5'] ?? ''].flat()
        response.setHeader('etag', `"${Buffer.from(md5s[0] ?? '', 'base64').toString('hex')}"`)
        if (request.method === 'HEAD') response.setHeader('etag', `"${given}"`)
        request.resume().on('end', () => {
          const isBeginning = request.url?.endsWith('?uploads=')
          const said = isBeginning ? '<UploadId>a&amp;b</UploadId>' : `<ETag>&quot;${given}&quot;</ETag>`
          response.end(request.method === 'POST' ? `<?xml version="1.0"?>\n<Result>${said}</Result>` : '')
        })
      })
      await new Promise<void>(resolve => own.listen(0, '127.0.0.1', resolve))
      const { port } = own.address() as AddressInfo
      const put = storeWith({ endpoint: `http://127.0.0.1:${port}` }).put('x', file)
      if (isRight) expect((await put).checksum).toBe(`etag:${etag}`)
      else
        await expect(put).rejects.toMatchObject({
          code: 'OUTPUT_FAILED',
          message: expect.stringContaining('other bytes'),
        })
      own.close()
      own.closeAllConnections()
    }
  })
})

describe('s3Store behind a bad network', () => {
  it.each(['unavailable', 'full', 'reset', 'lost', 'slow', 'silent'] as const)(
    'stores all the same (%s)',
    async fault => {
      faults(fault, fault)
      const timeoutMs = fault === 'silent' ? 700 : 20_000
      const stored = await storeWith({ timeoutMs }).put('x.m4s', Buffer.from('segment'))
      expect(stored.sizeBytes).toBe(7)
      expect((await fetchObject('a%20film/x.m4s')).body.toString()).toBe('segment')
      if (fault !== 'silent') expect(proxy.seen.length).toBe(fault === 'slow' ? 1 : 3)
    },
  )

  it.each(['unavailable', 'reset', 'lost'] as const)(
    'sends parts again, each for itself (%s)',
    async fault => {
      // Of every request the first attempt fails: beginning, three parts, completing.
      const failed = new Set<string>()
      proxy.decide = ({ method, url }) => {
        const name = `${method} ${/partNumber=\d/.exec(url)?.[0] ?? url.replace(/uploadId=.*/, 'uploadId')}`
        if (failed.has(name)) return 'pass'
        failed.add(name)
        return fault
      }
      const file = patternFile(20_000_000)
      expect(await storeWith().put('long.mp4', file)).toMatchObject({ sizeBytes: 20_000_000 })
      expect((await fetchObject('a%20film/long.mp4')).body.equals(file)).toBe(true)
      expect([...failed].filter(name => name.includes('partNumber')).length).toBe(3)
    },
    60_000,
  )

  it('gives up with what to do, and leaves no parts', async () => {
    proxy.decide = ({ url }) => (/partNumber=2/.test(url) ? 'full' : 'pass')
    await expect(storeWith({ retries: 1 }).put('long.mp4', patternFile(20_000_000))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: 'S3 failed at PUT films/a film/long.mp4: no space left on device (HTTP 507)',
      hint: 'See that the server runs and has room, then run the job again: what is stored is kept.',
    })
    expect(proxy.seen.at(-1)).toMatchObject({ method: 'DELETE' })
    expect(proxy.seen.filter(({ url }) => /partNumber=2/.test(url)).length).toBe(2)
  })

  it('does not retry what no retry mends', async () => {
    const wrong = { accessKeyId: 'nobody', secretAccessKey: 'the wrong secret' }
    const error: unknown = await storeWith({ credentials: async () => wrong })
      .put('x', Buffer.from('x'))
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('InvalidAccessKeyId'),
      hint: 'Give credentials that may write to this bucket, and its region.',
    })
    expect(JSON.stringify(error) + String(error)).not.toContain('the wrong secret')
    await expect(storeWith({ bucket: 'nobodys' }).put('x', Buffer.from('x'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: 'Make the bucket, or give the name of one that is there.',
    })
    expect(proxy.seen.length).toBe(2)
  })

  it('needs credentials', async () => {
    const none = { accessKeyId: '', secretAccessKey: 'x' }
    await expect(storeWith({ credentials: none }).put('x', Buffer.from('x'))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect(proxy.seen).toEqual([])
  })

  it('says that nothing answers', async () => {
    await expect(
      storeWith({ endpoint: 'http://127.0.0.1:1', retries: 0 }).put('x', Buffer.from('x')),
    ).rejects.toMatchObject({ code: 'OUTPUT_FAILED', message: expect.stringMatching(/ECONNREFUSED|bad port/) })
  })

  it('a stream that fails is told as it is, and leaves no parts', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield patternFile(17_000_000)
      throw new Error('the encoder died')
    }
    await expect(storeWith().put('x', failing())).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: "The bytes to publish can't be read: the encoder died",
    })
    expect(proxy.seen.at(-1)).toMatchObject({ method: 'DELETE' })
  })

  it('ends when it is told to, whatever it waits for', async () => {
    proxy.decide = () => 'silent'
    for (const body of [Buffer.from('x'), patternFile(10_000_000)]) {
      const controller = new AbortController()
      const put = storeWith().put('x', body, { signal: controller.signal })
      setTimeout(() => controller.abort(), 30)
      await expect(put).rejects.toMatchObject({ code: 'ABORTED' })
    }
  })
})

describe('options', () => {
  it.each([
    { bucket: 'a/b' },
    { region: '' },
    { endpoint: 'localhost:9000' },
    { endpoint: 'http://user:secret@localhost:9000' },
    { prefix: '../up' },
    { publicUrl: 'cdn.example' },
    { timeoutMs: -1 },
    { retries: 1.5 },
  ])('refuses %j', options => {
    expect(() => storeWith(options)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    expect(() => storeWith(options)).not.toThrow(/secret/)
  })
})
