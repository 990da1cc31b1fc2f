import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Answer, BYTES, fast, part, rangeHeaders, serve, servers, slice, status } from '../testing/http-server.js'
import { httpSource } from './index.js'
import { guardedFetch } from './node.js'

/** The same server under a name that a resolver of the test's own knows. */
const named = (url: string, host: string): string => url.replace('127.0.0.1', host)

describe('guardedFetch', () => {
  test('reads ranges where the policy allows it, over connections that are kept', async () => {
    const { url, ranges, requests } = await serve(part)
    let connections = 0
    servers.at(-1)?.on('connection', () => connections++)
    const source = httpSource(url, { fetch: guardedFetch({ allowPrivate: true }) })
    for (let i = 0; i < 10; i++) {
      expect(await source.read(i * 20_000, 1000)).toEqual(slice(i * 20_000, 1000))
      await delay(1)
    }
    expect([ranges.length, source.sizeBytes]).toEqual([10, 300_000])
    // One, or another while the first is not quite done.
    expect(connections).toBeLessThanOrEqual(3)
    expect(requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  test.each(['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://0:1/', 'http://localhost:1/'])(
    'refuses %s',
    async url => {
      await expect(guardedFetch()(url)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      await expect(httpSource(url, { fetch: guardedFetch() }).read(0, 1)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    },
  )

  test('refuses a name one of whose addresses is private', async () => {
    const { url, ranges } = await serve(part)
    const fetch = guardedFetch({}, { resolve: async () => ['93.184.216.34', '127.0.0.1'] })
    await expect(fetch(named(url, 'films.example'))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(ranges).toEqual([])
  })

  test('connects to the address that was checked, whatever the name says later', async () => {
    const { url, ranges } = await serve(part)
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    const asked: string[] = []
    const resolve = async (name: string): Promise<readonly string[]> => {
      asked.push(name)
      return answers[asked.length - 1] ?? []
    }
    const fetch = guardedFetch({ allowPrivate: true }, { resolve })
    expect((await fetch(named(url, 'films.example'), { headers: { range: 'bytes=0-9' } })).status).toBe(206)
    // One resolution for the one connection; there is none between the check and the connection.
    expect([asked, ranges]).toEqual([['films.example'], ['bytes=0-9']])
  })

  test('refuses a redirect to a private address', async () => {
    const inside = await serve(part)
    const { url } = await serve(status(302, { location: named(inside.url, 'inside.example') }))
    const policy = { allowPrivate: false }
    const resolve = async (name: string): Promise<readonly string[]> =>
      name === 'out.example' ? ['127.0.0.1'] : ['10.0.0.1']
    // The first host is let through by a policy of its own, as if it were public.
    const outside = guardedFetch({ allowPrivate: true }, { resolve })
    const guarded = guardedFetch(policy, { resolve })
    const fetch: typeof globalThis.fetch = (input, init) =>
      (String(input).includes('out.example') ? outside : guarded)(input, init)
    const source = httpSource(named(url, 'out.example'), { fetch })
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(inside.ranges).toEqual([])
  })

  test('follows redirects itself when asked to, without what the caller sent to the first origin', async () => {
    const films = await serve(part)
    const { url } = await serve(status(307, { location: films.url }))
    const fetch = guardedFetch({ allowPrivate: true })
    const headers = { authorization: 'secret', range: 'bytes=0-4' }
    const response = await fetch(url, { headers })
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(slice(0, 5))
    expect(films.requests[0]?.headers.authorization).toBeUndefined()
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(307)
    await expect(fetch(url, { redirect: 'error' })).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    await expect(guardedFetch({ allowPrivate: true, allowHosts: ['nobody'] })(url)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })

  test('stops a redirect in a circle, and sends nothing but GET and HEAD', async () => {
    const { url, ranges, requests } = await serve(status(302, { location: '/' }))
    const fetch = guardedFetch({ allowPrivate: true })
    await expect(fetch(url)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(ranges.length).toBeLessThanOrEqual(11)
    await expect(fetch(url, { method: 'POST' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect((await fetch(url, { method: 'HEAD', redirect: 'manual' })).status).toBe(302)
    expect(requests.at(-1)?.method).toBe('HEAD')
  })

  test('takes in no more of a body than is read, and leaves it when its reader does', async () => {
    let sent = 0
    let left: Promise<unknown> | undefined
    const endless: Answer = (_, response) => {
      left = once(response, 'close')
      response.writeHead(206, { ...rangeHeaders(0, 299_999), 'content-length': 1e9 })
      const more = (): void => {
        if (response.destroyed) return
        response.write(BYTES, () => {
          sent += BYTES.length
          more()
        })
      }
      more()
    }
    const { url } = await serve(endless)
    const ending = new AbortController()
    const response = await guardedFetch({ allowPrivate: true })(url, { signal: ending.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    await delay(100)
    // What the system's buffers take, and not the film.
    expect(sent).toBeLessThan(16e6)
    ending.abort()
    await left
    await expect(reader?.closed).rejects.toThrow()
  })

  test('gives connections that break as such: a read goes on after them', async () => {
    const broken: Answer = (_, response, first, last) => {
      response.writeHead(206, rangeHeaders(first, last))
      response.write(BYTES.subarray(first, first + 1000), () => response.destroy())
    }
    const { url, ranges } = await serve(broken, part)
    const source = httpSource(url, { ...fast, fetch: guardedFetch({ allowPrivate: true }) })
    expect(await source.read(0, 5000)).toEqual(slice(0, 5000))
    expect(ranges).toEqual(['bytes=0-4999', 'bytes=1000-4999'])
    const nobody = guardedFetch({ allowPrivate: true }, { resolve: async () => [] })
    await expect(httpSource('http://nobody.example/', { fetch: nobody }).read(0, 1)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('there is no such host'),
    })
  })
})
