import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type Answer, part, serve, slice, status } from '../testing/http-server.js'
import { type S3SourceOptions, s3Source } from './index.js'

const SECRET = 'wJalrXUtnFEMI/K7MDENG'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** What a store does with a request: computes the signature from what arrived (AWS Signature Version 4). */
function signatureOf(request: IncomingMessage, region: string): { given: string; computed: string } {
  const parsed = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    request.headers.authorization ?? '',
  )
  if (parsed === null) throw new Error(`no signature: ${request.headers.authorization}`)
  const [, credential, signedHeaders = '', given = ''] = parsed
  const date = `${request.headers['x-amz-date']}`
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  expect(credential).toBe(`AKID/${scope}`)
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const lines = signedHeaders.split(';').map(name => `${name}:${request.headers[name]}\n`)
  const payload = `${request.headers['x-amz-content-sha256']}`
  const canonical = [request.method, path, query, lines.join(''), signedHeaders, payload].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${SECRET}`, date.slice(0, 8)))
  return { given, computed: hmac(key, toSign).toString('hex') }
}

/** A store that refuses what isn't signed rightly. */
const checking =
  (region: string): Answer =>
  (request, response, first, last) => {
    const { given, computed } = signatureOf(request, region)
    return (given === computed ? part : status(403))(request, response, first, last)
  }

const options = (endpoint: string, more: Partial<S3SourceOptions> = {}): S3SourceOptions => ({
  endpoint,
  region: 'eu-central-1',
  bucket: 'films',
  key: 'a film.mkv',
  credentials: { accessKeyId: 'AKID', secretAccessKey: SECRET },
  retryDelayMs: 1,
  ...more,
})

describe('s3Source', () => {
  test.each(['a film.mkv', 'a+b/ü & (c)!*.mkv', "it's 100%.mkv", 'x~y=z?q#f.mkv'])('reads %s', async key => {
    const { url, ranges, requests } = await serve(checking('eu-central-1'))
    const source = s3Source(options(new URL(url).origin, { key }))
    expect(await source.read(10, 100)).toEqual(slice(10, 100))
    expect(await source.read(1000, 100)).toEqual(slice(1000, 100))
    expect(ranges).toEqual(['bytes=10-109', 'bytes=1000-1099'])
    expect(decodeURIComponent(requests[0]?.url ?? '')).toBe(`/films/${key}`)
    expect(source.name).toBe(key.split('/').pop())
  })

  test('is refused with a wrong secret, and tells neither it nor the user', async () => {
    const { url } = await serve(checking('eu-central-1'))
    const wrong = { accessKeyId: 'AKID', secretAccessKey: 'wrong', sessionToken: 'session' }
    const source = s3Source(options(new URL(url).origin, { credentials: wrong }))
    const error = await Promise.resolve(source.read(0, 1)).catch(cause => cause)
    expect(error.code).toBe('SOURCE_UNREACHABLE')
    expect(error.describe() + source.key).not.toMatch(/AKID|wrong|session/)
    expect(source.key).toBe(`s3:${new URL(url).origin}/films/a%20film.mkv`)
  })

  test('asks for credentials each time, and sends a session token signed', async () => {
    const { url, requests } = await serve(checking('auto'))
    let asked = 0
    const source = s3Source(
      options(new URL(url).origin, {
        region: 'auto',
        credentials: async () => ({ accessKeyId: 'AKID', secretAccessKey: SECRET, sessionToken: `token-${++asked}` }),
      }),
    )
    await source.read(0, 10)
    await source.read(1000, 10)
    expect(requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['token-1', 'token-2'])
    expect(requests[0]?.headers.authorization).toContain('x-amz-security-token')
  })

  test('signs nothing for another origin', async () => {
    const elsewhere = await serve(part)
    const { url } = await serve(status(307, { location: elsewhere.url }))
    expect(await s3Source(options(new URL(url).origin)).read(0, 10)).toEqual(slice(0, 10))
    expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined()
  })

  test('puts the bucket before the host on request, and knows the store of a region', async () => {
    const asked: string[] = []
    const fetch: typeof globalThis.fetch = async input => {
      asked.push(String(input))
      return new Response(null, { status: 404 })
    }
    const base = { region: 'us-west-2', bucket: 'films', key: 'a/b.mkv', credentials: options('').credentials, fetch }
    await Promise.resolve(s3Source(base).read(0, 1)).catch(() => undefined)
    await Promise.resolve(s3Source({ ...base, addressing: 'host' }).read(0, 1)).catch(() => undefined)
    expect(asked).toEqual([
      'https://s3.us-west-2.amazonaws.com/films/a/b.mkv',
      'https://films.s3.us-west-2.amazonaws.com/a/b.mkv',
    ])
  })

  test.each([
    [{ key: '' }],
    [{ key: 'a/../b' }],
    [{ bucket: 'a/b' }],
    [{ bucket: '' }],
    [{ endpoint: 'nonsense' }],
    [{ endpoint: 'ftp://host' }],
  ])('refuses %j', wrong => {
    expect(() => s3Source(options('https://s3.example', wrong))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    )
  })
})
