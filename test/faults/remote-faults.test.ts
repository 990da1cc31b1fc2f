// A film behind a server that fails in one way: survived, or refused with one clear error.
import { httpSource } from '@cuemux/source'
import { guardedFetch } from '@cuemux/source/node'
import { CuemuxError, openMedia } from 'cuemux'
import { afterEach, describe, expect, test } from 'vitest'
import { type Fault, type FaultServer, type FaultServerOptions, serveFaults } from '../support/fault-server.js'
import { bytesOf } from '../support/presentation.js'
import { sampleBytes } from './inputs.js'
import { selfSignedCertificate } from './tls.js'

const films = { mkv: sampleBytes('mkv'), mp4: sampleBytes('mp4') }
const NONE: Fault = { kind: 'none' }
const SEGMENTS = ['video-1/init.mp4', 'video-1/0.m4s', 'video-1/2.m4s', 'video-1/1.m4s']

const servers: FaultServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server whose answers have these faults in turn, and none after them. */
async function failing(
  faults: readonly Fault[],
  film: Buffer = films.mkv,
  options?: FaultServerOptions,
): Promise<FaultServer> {
  const server = await serveFaults(film, request => faults[request] ?? NONE, options)
  servers.push(server)
  return server
}

const quick = { retryDelayMs: 1, timeoutMs: 500 } as const

/** What a viewer gets of a film: the start, and a few segments. */
async function watch(url: string, more: Parameters<typeof httpSource>[1] = {}): Promise<Buffer> {
  const media = await openMedia(httpSource(url, { ...quick, ...more }))
  try {
    const presentation = await media.hls()
    const parts: Uint8Array[] = []
    for (const path of SEGMENTS) parts.push(await bytesOf(presentation, path))
    return Buffer.concat(parts)
  } finally {
    await media.close()
  }
}

async function clean(film: Buffer): Promise<Buffer> {
  const media = await openMedia(new Uint8Array(film))
  const presentation = await media.hls()
  return Buffer.concat(await Promise.all(SEGMENTS.map(path => bytesOf(presentation, path))))
}

const every = (fault: Fault): Fault[] => new Array<Fault>(200).fill(fault)
const twice = (...faults: Fault[]): Fault[] => [NONE, ...faults, ...faults]

describe.each(['mkv', 'mp4'] as const)('survived with an %s', kind => {
  const film = films[kind]
  test.each<[string, Fault[]]>([
    ['a slow server', every({ kind: 'slow', pieceBytes: 20_000, waitMs: 1 })],
    ['connections reset before the answer', twice({ kind: 'reset', afterBytes: undefined })],
    ['connections reset at byte 0', twice({ kind: 'reset', afterBytes: 0 })],
    ['connections reset at byte 1', twice({ kind: 'reset', afterBytes: 1 })],
    ['connections reset at byte 10,000', twice({ kind: 'reset', afterBytes: 10_000 })],
    ['short bodies', twice({ kind: 'short', bytes: 5000 })],
    ['ranges given in part', every({ kind: 'part', bytes: 50_000 })],
    ['429 with Retry-After in seconds', twice({ kind: 'status', status: 429, headers: { 'retry-after': '0' } })],
    [
      '429 with Retry-After as a date',
      twice({ kind: 'status', status: 429, headers: { 'retry-after': new Date(Date.now() - 1000).toUTCString() } }),
    ],
    ['503 then fine', [{ kind: 'status', status: 503 }, ...twice({ kind: 'status', status: 503 })]],
    ['500, 502 and 504', [NONE, ...[500, 502, 504].map((status): Fault => ({ kind: 'status', status }))]],
    ['silence', [NONE, { kind: 'silent' }]],
    ['redirects', every({ kind: 'redirect' }).map((fault, i) => (i % 2 === 0 ? fault : NONE))],
  ])('%s', async (_, faults) => {
    const { url } = await failing(faults, film)
    expect(Buffer.compare(await watch(url), await clean(film))).toBe(0)
  })

  test('no ranges: the film is downloaded once', async () => {
    const server = await failing(every({ kind: 'no-ranges' }), film)
    expect(Buffer.compare(await watch(server.url), await clean(film))).toBe(0)
    expect([server.ranges.length, server.bytes <= film.length]).toEqual([1, true])
  })

  test('TLS with a certificate of its own that is trusted', async () => {
    const tls = await selfSignedCertificate()
    const { url } = await failing([NONE, { kind: 'reset', afterBytes: 1000 }], film, { tls })
    const fetch = guardedFetch({ allowPrivate: true, schemes: ['https'] }, { ca: tls.cert })
    expect(Buffer.compare(await watch(url, { fetch }), await clean(film))).toBe(0)
  })
})

describe('refused with one clear error', () => {
  const refusals: [string, Fault[], string, RegExp][] = [
    ['a server that stays broken', every({ kind: 'status', status: 500 }), 'SOURCE_UNREACHABLE', /after 5 tries/],
    [
      'a server that asks to wait an hour',
      every({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }),
      'SOURCE_UNREACHABLE',
      /asks to wait 3600 s/,
    ],
    ['wrong ranges', every({ kind: 'wrong-range', byBytes: 1 }), 'SOURCE_UNREACHABLE', /answers wrongly: bytes 0-/],
    ['wrong ranges later', [NONE, ...every({ kind: 'wrong-range', byBytes: -7 })], 'SOURCE_UNREACHABLE', /wrongly/],
    ['a changing ETag', [NONE, NONE, { kind: 'changed' }], 'SOURCE_CHANGED', /its ETag was "first" and is "second"/],
    ['packed bodies', every({ kind: 'gzip' }), 'SOURCE_UNREACHABLE', /compressed \(gzip\)/],
    ['a film that is gone', [NONE, ...every({ kind: 'status', status: 404 })], 'SOURCE_UNREACHABLE', /has no .* 404/],
    ['redirects in a circle', every({ kind: 'redirect' }), 'SOURCE_UNREACHABLE', /more than 10 times/],
    ['bodies that are always cut', every({ kind: 'short', bytes: 10 }), 'SOURCE_UNREACHABLE', /answers wrongly|tries/],
  ]
  test.each(refusals)('%s', async (_, faults, code, message) => {
    const { url } = await failing(faults)
    const error = await watch(url).catch(cause => cause)
    expect(error).toBeInstanceOf(CuemuxError)
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(message) })
    expect(error.message).not.toContain('\n')
  })

  test('TLS with a certificate that nobody vouches for, at once', async () => {
    const server = await failing([], films.mkv, { tls: await selfSignedCertificate() })
    for (const fetch of [undefined, guardedFetch({ allowPrivate: true })]) {
      await expect(watch(server.url, { fetch, retryDelayMs: 60_000 })).rejects.toMatchObject({
        code: 'SOURCE_UNREACHABLE',
        message: expect.stringContaining("can't be reached: DEPTH_ZERO_SELF_SIGNED_CERT"),
      })
    }
    expect(server.ranges).toEqual([])
  })
})

describe('a redirect to a private address', () => {
  const port = (url: string): string => new URL(url).port

  test.each([
    ['the address of a cloud', () => 'http://169.254.169.254/latest/meta-data/'],
    ['this machine by its name', (inside: string) => `http://localhost:${port(inside)}/film.mkv`],
    ['this machine in IPv6', (inside: string) => `http://[::1]:${port(inside)}/film.mkv`],
    ['this machine mapped into IPv6', (inside: string) => `http://[::ffff:127.0.0.1]:${port(inside)}/film.mkv`],
    ['this machine in hexadecimal', (inside: string) => `http://0x7f000001:${port(inside)}/film.mkv`],
  ])('is refused for %s, and nothing is asked there', async (_, target) => {
    const inside = await failing([])
    const outside = await failing(every({ kind: 'redirect', to: target(inside.url) }))
    // The first host stands for a public one: it alone is let through.
    const guarded = guardedFetch()
    const fetch: typeof globalThis.fetch = (input, init) =>
      String(input) === outside.url ? globalThis.fetch(input, init) : guarded(input, init)
    await expect(watch(outside.url, { fetch })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/^The address can't be read: /),
    })
    expect([outside.ranges.length, inside.ranges.length]).toEqual([1, 0])
  })

  test('is refused when the list has the first host only', async () => {
    const inside = await failing([])
    const outside = await failing(every({ kind: 'redirect', to: inside.url.replace('127.0.0.1', 'inside.example') }))
    const fetch = guardedFetch(
      { allowPrivate: true, allowHosts: ['127.0.0.1'] },
      { resolve: async () => ['127.0.0.1'] },
    )
    await expect(watch(outside.url, { fetch })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(inside.ranges).toEqual([])
  })
})

describe('a viewer who leaves', () => {
  test('ends the upstream read in the middle of its answer', async () => {
    let isDripping = false
    const server = await serveFaults(films.mkv, () =>
      isDripping ? { kind: 'slow', pieceBytes: 500, waitMs: 5 } : NONE,
    )
    servers.push(server)
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise(resolve => setTimeout(resolve, 1))
    }
    const media = await openMedia(httpSource(server.url, quick))
    const presentation = await media.hls()
    const whole = await bytesOf(presentation, 'video-1/1.m4s')
    await until(() => server.open === 0)
    isDripping = true
    const before = server.bytes
    const ending = new AbortController()
    const made = presentation.resource('video-1/3.m4s', { signal: ending.signal })
    await until(() => server.bytes > before + 1000)
    ending.abort()
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' })
    await until(() => server.open === 0)
    expect(server.bytes - before).toBeLessThan(whole.byteLength / 2)
    await media.close()
  })
})
