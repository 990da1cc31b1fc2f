import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compiled, compile } from '../testing/compiled.js'
import { RedisServer } from '../testing/redis-server.js'
import { Worker } from '../testing/worker.js'
import type { Cache, Lease } from './cache.js'
import { diskCache } from './disk.js'
import { createFlights, type FlightResult } from './flights.js'
import { layered } from './layered.js'
import { memoryCache } from './memory.js'
import { redisCache } from './redis.js'

const text = (value: string): FlightResult => ({ body: Buffer.from(value) })

describe('createFlights in one process', () => {
  it('does the work once, stores it, and finds it the next time', async () => {
    const flights = createFlights(memoryCache())
    let made = 0
    const work = async (): Promise<FlightResult> => ({ body: Buffer.of(++made), meta: { contentType: 'x' } })
    const entries = await Promise.all(Array.from({ length: 20 }, () => flights.run('a', work)))
    expect(new Set(entries)).toHaveLength(1)
    expect(await flights.run('a', work)).toEqual({ bytes: new Uint8Array([1]), meta: { contentType: 'x' } })
    expect(flights.stats()).toEqual({ joined: 19, found: 1, made: 1, awaited: 0, alone: 0, lost: 0 })
  })

  it('gives a failure to all who waited, and tries again for the next', async () => {
    const flights = createFlights(memoryCache())
    const fail = (): never => {
      throw new Error('broken')
    }
    const results = await Promise.allSettled([flights.run('a', fail), flights.run('a', fail)])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(Buffer.from((await flights.run('a', async () => text('fine'))).bytes).toString()).toBe('fine')
  })

  it('aborts the work when the last who waits has left, not before', async () => {
    const flights = createFlights(memoryCache())
    const [first, second] = [new AbortController(), new AbortController()]
    let inner: AbortSignal | undefined
    const work = (signal: AbortSignal): Promise<FlightResult> => {
      inner = signal
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const a = flights.run('a', work, { signal: first.signal })
    const b = flights.run('a', work, { signal: second.signal })
    await expect.poll(() => inner, { timeout: 10_000 }).toBeDefined()
    first.abort()
    await expect(a).rejects.toMatchObject({ code: 'ABORTED' })
    expect(inner?.aborted).toBe(false)
    second.abort()
    await expect(b).rejects.toMatchObject({ code: 'ABORTED' })
    expect(inner?.aborted).toBe(true)
  })

  it('works with a cache that throws', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    const cache: Cache = {
      ...memoryCache(),
      get: broken,
      set: async () => {},
      stats: broken,
      delete: broken,
      close: broken,
    }
    expect(Buffer.from((await createFlights(cache).run('a', async () => text('fine'))).bytes).toString()).toBe('fine')
  })
})

interface Place {
  readonly address: string
  readonly open: () => Cache
  readonly remove: () => Promise<void>
}

async function redisPlace(): Promise<Place> {
  const server = await RedisServer.start()
  return {
    address: server.url,
    open: () => redisCache({ url: server.url, timeoutMs: 3000 }),
    remove: () => server.kill(),
  }
}

async function diskPlace(): Promise<Place> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cuemux-flights-'))
  const remove = async (): Promise<void> => rmSync(folder, { recursive: true, force: true })
  return { address: folder, open: () => diskCache({ folder }), remove }
}

describe.each([
  ['Redis', redisPlace],
  ['a folder', diskPlace],
])('flights of several processes through %s', (_, makePlace) => {
  let place: Place
  let compiled: Compiled
  const workers: Worker[] = []
  beforeAll(async () => {
    place = await makePlace()
    compiled = compile(path.basename(place.address).replace(/\W/g, ''))
  })
  afterAll(async () => {
    for (const worker of workers) await worker.kill()
    await place.remove()
    compiled.remove()
  })

  async function startWorker(...args: string[]): Promise<Worker> {
    const worker = new Worker(compiled.script('flight-worker'), place.address, ...args)
    workers.push(worker)
    await worker.hear('ready')
    return worker
  }

  it('do the work once', async () => {
    const three = await Promise.all([startWorker(), startWorker(), startWorker('--layered')])
    for (const worker of three) worker.send({ key: 'once', workMs: 300, leaseMs: 3000 })
    const done = await Promise.all(three.map(worker => worker.hear('done')))
    expect(new Set(done.map(message => message.text))).toHaveLength(1)
    expect(three.flatMap(worker => worker.heard.filter(({ type }) => type === 'working'))).toHaveLength(1)
  })

  it('keep the lease while the work takes longer', async () => {
    const two = await Promise.all([startWorker(), startWorker()])
    for (const worker of two) worker.send({ key: 'long', workMs: 3500, leaseMs: 1200 })
    await Promise.all(two.map(worker => worker.hear('done')))
    expect(two.flatMap(worker => worker.heard.filter(({ type }) => type === 'working'))).toHaveLength(1)
  })

  it('take over from a process that was killed, once its lease has ended', async () => {
    const [first, second] = (await Promise.all([startWorker(), startWorker()])) as [Worker, Worker]
    first.send({ key: 'killed', workMs: 60_000, leaseMs: 800 })
    const before = await first.hear('working')
    second.send({ key: 'killed', workMs: 10, leaseMs: 800 })
    await first.kill()
    const done = await second.hear('done')
    expect(done.text).toBe(`made by ${second.pid}`)
    expect(done.fence).toBeGreaterThan(before.fence ?? Number.POSITIVE_INFINITY)
  })

  it('refuse what a holder still writes that had lost its lease', async () => {
    const [first, second] = (await Promise.all([startWorker(), startWorker()])) as [Worker, Worker]
    first.send({ key: 'paused', workMs: 1500, leaseMs: 500 })
    await first.hear('working')
    first.pause()
    second.send({ key: 'paused', workMs: 10, leaseMs: 500 })
    await second.hear('done')
    first.resume()
    expect(await first.hear('done')).toMatchObject({ text: `made by ${first.pid}`, stats: { made: 1, lost: 1 } })
    const cache = place.open()
    expect(Buffer.from((await cache.get('paused'))?.bytes ?? []).toString()).toBe(`made by ${second.pid}`)
    await cache.close()
  })

  it('let the next one try when the work failed', async () => {
    const [a, b] = [place.open(), place.open()]
    await expect(
      createFlights(a).run('fails', async () => {
        throw new Error('broken')
      }),
    ).rejects.toThrow('broken')
    const entry = await createFlights(b, { leaseMs: 60_000 }).run('fails', async () => text('fine'))
    expect(Buffer.from(entry.bytes).toString()).toBe('fine')
    await a.close()
    await b.close()
  })

  it('leave a flight of another process when their own callers have left', async () => {
    const [a, b] = [place.open(), place.open()]
    const lease = (await a.leases?.acquire('left', 60_000)) as Lease
    const controller = new AbortController()
    const waiting = createFlights(b).run('left', async () => text('never'), { signal: controller.signal })
    setTimeout(() => controller.abort(), 30)
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    await lease.release()
    await a.close()
    await b.close()
  })

  it('give a lease to one of many who ask at once, and again when it is let go', async () => {
    const caches = Array.from({ length: 12 }, () => place.open())
    let fence = 0
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(caches.map(cache => cache.leases?.acquire('crowd', 30_000)))
      const leases = answers.filter(answer => typeof answer === 'object')
      expect(answers.filter(answer => answer === 'held')).toHaveLength(answers.length - leases.length)
      expect(leases.length).toBeLessThanOrEqual(1)
      for (const lease of leases) {
        expect(lease.fence).toBeGreaterThan(fence)
        fence = lease.fence
        expect(await lease.renew()).toBe(true)
        await lease.release()
        // A lease that was let go changes nothing any more.
        expect(await lease.commit(Buffer.from('late'))).toBe('lost')
      }
    }
    expect(fence).toBeGreaterThan(0)
    expect(await caches[0]?.get('crowd')).toBeUndefined()
    for (const cache of caches) await cache.close()
  })
})

describe('flights and a Redis in trouble', () => {
  it('work without leases while it is down, and go on when it dies in the middle', async () => {
    const server = await RedisServer.start()
    const cache = layered(memoryCache(), redisCache({ url: server.url, timeoutMs: 3000 }))
    const flights = createFlights(cache)
    const entry = await flights.run('a', async () => {
      await server.kill()
      return text('made')
    })
    expect(Buffer.from(entry.bytes).toString()).toBe('made')
    // The memory in front has it.
    expect(await flights.run('a', async () => text('again'))).toEqual(entry)
    expect(Buffer.from((await flights.run('b', async () => text('alone'))).bytes).toString()).toBe('alone')
    expect(flights.stats()).toMatchObject({ made: 2, found: 1, alone: 1, lost: 0 })
    await cache.close()
  })

  it('do not store what they made under a lease that a restart has lost', async () => {
    const server = await RedisServer.start()
    const cache = redisCache({ url: server.url, timeoutMs: 3000 })
    const other = redisCache({ url: server.url, timeoutMs: 3000 })
    const flights = createFlights(cache)
    let fence = 0
    await flights.run('a', async (_, ours) => {
      await server.kill()
      await server.restart()
      await expect.poll(() => other.leases?.acquire('other', 1000), { timeout: 10_000 }).not.toBe('alone')
      await expect.poll(() => cache.leases?.acquire('own', 1000), { timeout: 10_000 }).not.toBe('alone')
      const lease = (await other.leases?.acquire('a', 10_000)) as Lease
      fence = lease.fence
      expect(fence).toBeGreaterThan(ours)
      await lease.commit(Buffer.from('second'))
      return text('first')
    })
    expect(flights.stats().lost).toBe(1)
    expect(Buffer.from((await other.get('a'))?.bytes ?? []).toString()).toBe('second')
    await cache.close()
    await other.close()
    await server.kill()
  })

  it('let others work for themselves at what Redis can not hold', async () => {
    const server = await RedisServer.start()
    const caches = [1, 2, 3].map(() => redisCache({ url: server.url, timeoutMs: 3000, maxEntryBytes: 1000 }))
    const all = caches.map(cache => createFlights(cache))
    await Promise.all(
      all.map(flights =>
        flights.run('large', async () => {
          await new Promise(resolve => setTimeout(resolve, 50))
          return { body: new Uint8Array(2000) }
        }),
      ),
    )
    expect(all.map(flights => flights.stats().made)).toEqual([1, 1, 1])
    expect(all.reduce((sum, flights) => sum + flights.stats().alone, 0)).toBe(2)
    for (const cache of caches) await cache.close()
    await server.kill()
  })
})

describe('a lock in a folder', () => {
  it('is gone when the work is done', async () => {
    const place = await diskPlace()
    const cache = place.open()
    await createFlights(cache).run('a', async () => text('made'))
    expect(readdirSync(path.join(place.address, 'v1/locks'))).toEqual([])
    expect(readdirSync(path.join(place.address, 'v1/temp'))).toEqual([])
    await cache.close()
    await place.remove()
  })
})
