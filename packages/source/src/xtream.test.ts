import { describe, expect, test } from 'vitest'
import { type Answer, BYTES, fast, part, serve, slice, status } from '../testing/http-server.js'
import { type XtreamOptions, xtreamSource } from './index.js'

const account = { username: 'j doe', password: 'p/ss?word' } as const
const options = (url: string, more: Partial<XtreamOptions> = {}): XtreamOptions => ({
  server: new URL(url).origin,
  ...account,
  kind: 'movie',
  id: 4711,
  extension: 'mkv',
  ...fast,
  ...more,
})

describe('xtreamSource', () => {
  test.each([
    ['movie', '/movie/j%20doe/p%2Fss%3Fword/4711.mkv'],
    ['series', '/series/j%20doe/p%2Fss%3Fword/4711.mkv'],
  ] as const)('reads a %s by ranges', async (kind, path) => {
    const { url, ranges, requests } = await serve(part)
    const source = xtreamSource(options(url, { kind }))
    expect(await source.read(1000, 100)).toEqual(slice(1000, 100))
    expect([requests[0]?.url, ranges, source.name]).toEqual([path, ['bytes=1000-1099'], '4711.mkv'])
  })

  test('reads a channel forward, and ends it at close()', async () => {
    let isLeft = false
    const endless: Answer = (_, response) => {
      response.writeHead(200).write(BYTES)
      response.on('close', () => (isLeft = true))
    }
    const { url, ranges, requests } = await serve(status(503), endless)
    const source = xtreamSource({ ...options(url), kind: 'live', extension: undefined, windowBytes: 64 * 1024 })
    expect(await source.read(0, 1000)).toEqual(slice(0, 1000))
    expect(await source.read(250_000, 1000)).toEqual(slice(250_000, 1000))
    expect([requests[0]?.url, ranges]).toEqual(['/live/j%20doe/p%2Fss%3Fword/4711.ts', ['all', 'all']])
    await expect(source.read(0, 1)).rejects.toMatchObject({ message: expect.stringContaining('has gone by') })
    expect(source.sizeBytes).toBe(2 ** 50)
    await source.close?.()
    while (!isLeft) await new Promise(resolve => setTimeout(resolve, 1))
  })

  test.each(['movie', 'live'] as const)('tells user and password of a %s nowhere', async kind => {
    const { url } = await serve(status(403))
    const source = xtreamSource(options(url, { kind }))
    const error = await Promise.resolve(source.read(0, 1)).catch(cause => cause)
    expect(error.message).toBe(`The server refuses access to ${new URL(url).origin}/${kind}/4711.mkv (HTTP 403).`)
    const told = [source.key, source.name, error.describe(), error.stack, String(error.cause)].join()
    expect(told).not.toMatch(/doe|p.{1,3}ss.{1,3}word/)
    const other = xtreamSource(options(url, { kind, password: 'other' }))
    expect(other.key).not.toBe(source.key)
    expect(source.key).toMatch(/^xtream:http:\/\/127\.0\.0\.1:\d+\/(movie|live)\/4711\.mkv#[0-9a-f]{32}$/)
  })

  test.each([
    [{ server: 'nonsense' }],
    [{ server: 'ftp://host' }],
    [{ id: '../1' }],
    [{ id: '' }],
    [{ extension: 'm/p4' }],
    [{ username: '' }],
    [{ password: '..' }],
  ])('refuses %j', wrong => {
    expect(() => xtreamSource(options('http://h', wrong))).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})
