import { describe, expect, it } from 'vitest'
import type { Cache } from './cache.js'
import { layered } from './layered.js'
import { memoryCache } from './memory.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** A cache whose writes wait until they are let through. */
function slow(cache: Cache): { cache: Cache; open: () => void; written: string[] } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const written: string[] = []
  const wrapped: Cache = {
    get: (key, options) => cache.get(key, options),
    set: async (key, body, options) => {
      await opened
      written.push(key)
      await cache.set(key, body, options)
    },
    delete: key => cache.delete(key),
    stats: () => cache.stats(),
    close: () => cache.close(),
  }
  return { cache: wrapped, open, written }
}

const broken = (): Cache => {
  const fail = async (): Promise<never> => {
    throw new Error('broken')
  }
  return { get: fail, set: fail, delete: fail, close: fail, stats: () => memoryCache().stats() }
}

describe('layered', () => {
  it('stores in both, and fills the front with what is found behind', async () => {
    const [front, back] = [memoryCache(), memoryCache()]
    await back.set('b', bytes(2), { meta: { contentType: 'x' }, ttlMs: 60_000 })
    const cache = layered(front, back)
    await cache.set('a', [bytes(1), bytes(2)], { kind: 'init', meta: { n: 1 } })
    expect(await front.get('a')).toEqual({ bytes: bytes(1, 2), meta: { n: 1 } })
    await expect.poll(() => back.get('a'), { timeout: 10_000 }).toEqual({ bytes: bytes(1, 2), meta: { n: 1 } })
    const found = await cache.get('b')
    expect(found).toMatchObject({ bytes: bytes(2), meta: { contentType: 'x' } })
    expect((await front.get('b'))?.expiresAtMs).toBeLessThanOrEqual(found?.expiresAtMs ?? 0)
    await cache.delete('a')
    expect([await front.get('a'), await back.get('a'), await cache.get('a')]).toEqual([undefined, undefined, undefined])
    expect(cache.stats()).toMatchObject({ name: 'layered', hits: 1, misses: 1, layers: [{}, {}] })
    await cache.close()
  })

  it('does not wait for the cache behind, gives what is still to be written, and writes the last of each key', async () => {
    const back = memoryCache()
    const { cache: slowBack, open, written } = slow(back)
    const cache = layered(memoryCache({ maxBytes: 1 }), slowBack)
    for (const value of [1, 2, 3]) await cache.set('a', bytes(value))
    await cache.set('b', bytes(4))
    expect((await cache.get('a'))?.bytes).toEqual(bytes(3))
    open()
    await expect.poll(() => written, { timeout: 10_000 }).toEqual(['a', 'a', 'b'])
    expect((await back.get('a'))?.bytes).toEqual(bytes(3))
    await cache.close()
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('writes what is stored %i turns after the queue ran empty', async turns => {
    const written: string[] = []
    let late: Promise<void> | undefined
    const storeLate = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await cache.set('late', bytes(2))
    }
    const set = async (key: string): Promise<void> => {
      written.push(key)
      late ??= storeLate()
    }
    const cache = layered(memoryCache(), { ...broken(), set })
    await cache.set('early', bytes(1))
    await expect.poll(() => late !== undefined, { timeout: 10_000 }).toBe(true)
    await late
    await cache.close()
    expect(written).toEqual(['early', 'late'])
  })

  it('holds no more for the cache behind than it may', async () => {
    const { cache: slowBack, open } = slow(memoryCache())
    const cache = layered(memoryCache(), slowBack, { maxQueuedBytes: 100 })
    for (let i = 0; i < 20; i++) await cache.set(`key ${i}`, new Uint8Array(10))
    expect(cache.stats()).toMatchObject({ stored: 20, rejected: 10 })
    open()
    await cache.close()
  })

  it('does not let one suffer from the other', async () => {
    for (const cache of [layered(broken(), memoryCache()), layered(memoryCache(), broken())]) {
      await cache.set('a', bytes(1))
      expect((await cache.get('a'))?.bytes).toEqual(bytes(1))
      expect(cache.stats().errors).toBeGreaterThan(0)
      await cache.delete('a')
      expect(await cache.get('a')).toBeUndefined()
      await cache.close()
    }
    const none = layered(broken(), broken())
    await none.set('a', bytes(1))
    await expect.poll(() => none.get('a'), { timeout: 10_000 }).toBeUndefined()
  })

  it('leaves with ABORTED', async () => {
    const never: Cache = {
      ...broken(),
      get: (_, options) =>
        new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))),
    }
    const controller = new AbortController()
    const left = layered(memoryCache(), never).get('a', { signal: controller.signal })
    setTimeout(() => controller.abort(), 5)
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
