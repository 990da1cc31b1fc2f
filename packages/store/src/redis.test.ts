import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { bodyOf } from '../testing/bodies.js'
import { compile } from '../testing/compiled.js'
import { RedisServer } from '../testing/redis-server.js'
import { Worker } from '../testing/worker.js'
import type { Cache, CacheEvent } from './cache.js'
import { type RedisCacheOptions, redisCache } from './redis.js'

const opened: { close?: () => Promise<void>; kill?: () => Promise<void> }[] = []
afterEach(async () => {
  for (const { close, kill } of opened.splice(0).reverse()) {
    await close?.()
    await kill?.()
  }
})

async function startServer(...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...args)
  opened.push({ kill: () => server.kill() })
  return server
}

function openCache(options: RedisCacheOptions): { cache: Cache; events: CacheEvent[] } {
  const events: CacheEvent[] = []
  const cache = redisCache({ timeoutMs: 3000, ...options, onEvent: event => events.push(event) })
  opened.push({ close: () => cache.close() })
  return { cache, events }
}

function openClient(server: RedisServer, options = {}): Redis {
  const client = new Redis(server.port, '127.0.0.1', options)
  opened.push({ close: async () => client.disconnect() })
  return client
}

/** How many times a read is asked until it finds what another read found. */
async function untilFound(cache: Cache, key: string): Promise<void> {
  await expect.poll(() => cache.get(key), { timeout: 10_000 }).toBeDefined()
}

describe('redisCache', () => {
  it('leaves nothing behind when it is closed: the process ends by itself', async () => {
    const compiled = compile('close')
    const [up, paused, down] = [await startServer(), await startServer(), await RedisServer.absent()]
    for (const server of [up, paused, down]) {
      const worker = new Worker(compiled.script('close-worker'), server.url)
      await worker.hear('asked')
      if (server === paused) server.pause()
      worker.send({})
      expect(await worker.ended()).toBe(0)
    }
    compiled.remove()
  })

  it('keeps binary values with metadata, each kind for its time', async () => {
    const server = await startServer()
    const { cache, events } = openCache({ url: server.url, ttlMs: { init: 40_000 } })
    const body = bodyOf('a')
    await cache.set('a', [body.subarray(0, 7), body.subarray(7)], { kind: 'index', meta: { contentType: 'x' } })
    await cache.set('b', new Uint8Array(), { kind: 'init' })
    await cache.set('c', body)
    await cache.set('d', body, { ttlMs: 20_000 })
    const entry = await cache.get('a')
    expect(entry?.meta).toEqual({ contentType: 'x' })
    expect(Buffer.compare(entry?.bytes ?? new Uint8Array(), body)).toBe(0)
    expect((await cache.get('b'))?.bytes.byteLength).toBe(0)
    const client = openClient(server)
    const names = await client.keys('*')
    expect(names.every(name => /^cuemux:[0-9a-f]{64}$/.test(name))).toBe(true)
    const ttls = await Promise.all(names.map(name => client.pttl(name)))
    expect(ttls.map(ms => Math.ceil(ms / 10_000) * 10).sort((a, b) => a - b)).toEqual([20, 40, 60, 3600])
    await cache.delete('a')
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 1, stored: 4, errors: 0, heldBytes: undefined })
    expect(events).toEqual([])
  })

  it('uses a client of the caller’s, and leaves it open', async () => {
    const server = await startServer()
    const client = openClient(server)
    const cache = redisCache({ client, prefix: 'films:' })
    await cache.set('a', bodyOf('a'))
    expect(await cache.get('a')).toBeDefined()
    await cache.close()
    expect(await cache.get('a')).toBeUndefined()
    expect(await client.keys('*')).toEqual([expect.stringMatching(/^films:[0-9a-f]{64}$/)])
    expect(client.listenerCount('error')).toBe(0)
  })

  it('takes a foreign or damaged value for a miss', async () => {
    const server = await startServer()
    const { cache } = openCache({ url: server.url })
    await cache.set('a', bodyOf('a'))
    const client = openClient(server)
    const [name = ''] = await client.keys('*')
    await client.setrange(name, 100, 'XX')
    expect(await cache.get('a')).toBeUndefined()
    await client.del(name)
    await client.lpush(name, 'list')
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats().errors).toBe(1)
  })

  it('does not store what is too large', async () => {
    const server = await startServer()
    const { cache } = openCache({ url: server.url, maxEntryBytes: 1000 })
    await cache.set('a', new Uint8Array(1000))
    expect(cache.stats()).toMatchObject({ stored: 0, rejected: 1, errors: 0 })
  })

  it('is all misses while Redis is down, tells it once, and finds it when it comes', async () => {
    const server = await RedisServer.absent()
    opened.push({ kill: () => server.kill() })
    const { cache, events } = openCache({ url: server.url })
    for (let i = 0; i < 50; i++) {
      expect(await cache.get('a')).toBeUndefined()
      await cache.set('a', bodyOf('a'))
    }
    expect(events.map(({ type }) => type)).toEqual(['unavailable'])
    expect(cache.stats()).toMatchObject({ misses: 50, rejected: 50, stored: 0, errors: 0 })
    await server.restart()
    await expect.poll(() => events.map(({ type }) => type), { timeout: 10_000 }).toEqual(['unavailable', 'available'])
    await cache.set('a', bodyOf('a'))
    expect(await cache.get('a')).toBeDefined()
  })

  it('goes on after Redis was killed and restarted in the middle', async () => {
    const server = await startServer()
    const { cache, events } = openCache({ url: server.url })
    await cache.set('a', bodyOf('a'))
    const asked = Array.from({ length: 100 }, () => cache.get('a'))
    await server.kill()
    await Promise.all(asked)
    expect(await cache.get('a')).toBeUndefined()
    await server.restart()
    await expect.poll(() => events.at(-1)?.type, { timeout: 10_000 }).toBe('available')
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', bodyOf('a'))
    expect(await cache.get('a')).toBeDefined()
  })

  it('asks a Redis that does not answer once, then rests, and comes back to it', async () => {
    const server = await startServer()
    const { cache, events } = openCache({ url: server.url, timeoutMs: 500 })
    await cache.set('a', bodyOf('a'))
    server.pause()
    for (let i = 0; i < 200; i++) expect(await cache.get('a')).toBeUndefined()
    // Each that were asked would have been an error.
    expect(cache.stats()).toMatchObject({ misses: 200, errors: 1 })
    const controller = new AbortController()
    server.resume()
    await untilFound(cache, 'a')
    expect(events.map(({ type }) => type)).toEqual(['unavailable', 'error', 'available'])
    server.pause()
    const left = cache.get('a', { signal: controller.signal })
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('does not store in a Redis that is full, and still reads', async () => {
    const server = await startServer()
    const { cache, events } = openCache({ url: server.url })
    await cache.set('a', bodyOf('a'))
    const client = openClient(server)
    await client.config('SET', 'maxmemory', '100kb')
    await cache.set('b', bodyOf('b'))
    expect(await cache.get('b')).toBeUndefined()
    expect(await cache.get('a')).toBeDefined()
    expect(events).toMatchObject([{ type: 'error', operation: 'set', error: { code: 'OUTPUT_FAILED' } }])
    await client.config('SET', 'maxmemory', '0')
    await cache.set('b', bodyOf('b'))
    expect(await cache.get('b')).toBeDefined()
  })

  it('uses a password, and never tells it', async () => {
    const server = await startServer('--requirepass', 'open/sesame')
    const right = openCache({ url: `redis://:open%2Fsesame@127.0.0.1:${server.port}/3` })
    await right.cache.set('a', bodyOf('a'))
    expect(await right.cache.get('a')).toBeDefined()
    const wrong = openCache({ url: `redis://:swordfish@127.0.0.1:${server.port}` })
    expect(await wrong.cache.get('a')).toBeUndefined()
    expect(wrong.events[0]?.type).toBe('unavailable')
    const { inspect } = await import('node:util')
    expect(inspect(wrong.events, { depth: 9, showHidden: true })).not.toContain('swordfish')
    expect(inspect([right.cache, wrong.cache], { depth: 9 })).not.toMatch(/swordfish|sesame/)
    expect(() => redisCache({ url: 'http://:swordfish@127.0.0.1' })).toThrow(/^(?!.*swordfish).*redis:\/\//)
  })

  it('speaks TLS where the address says so, and sends nothing else', async () => {
    const first: number[] = []
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', data => {
        first.push(data[0] as number)
        socket.destroy()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { cache, events } = openCache({ url: `rediss://:secret@127.0.0.1:${port}` })
    expect(await cache.get('a')).toBeUndefined()
    expect(events[0]?.type).toBe('unavailable')
    await cache.close()
    server.close()
    // RFC 8446 §5.1: 22 begins a record of a handshake.
    expect(new Set(first)).toEqual(new Set([22]))
  })
})
