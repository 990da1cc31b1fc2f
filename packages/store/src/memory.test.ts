import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryCache } from './memory.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('memoryCache', () => {
  it('gives what was stored, with its metadata, and counts', async () => {
    const cache = memoryCache()
    await cache.set('a', bytes(1, 2, 3), { kind: 'init', meta: { contentType: 'video/mp4' } })
    expect(await cache.get('a')).toEqual({ bytes: bytes(1, 2, 3), meta: { contentType: 'video/mp4' } })
    expect(await cache.get('b')).toBeUndefined()
    await cache.delete('a')
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats()).toEqual({
      name: 'memory',
      hits: 1,
      misses: 2,
      stored: 1,
      rejected: 0,
      evictions: 0,
      errors: 0,
      readBytes: 3,
      writtenBytes: 3,
      heldBytes: 0,
    })
  })

  it('joins pieces, and copies a view so that the buffer around it can go', async () => {
    const cache = memoryCache()
    const large = new Uint8Array(1 << 20).fill(7)
    await cache.set('view', large.subarray(10, 20))
    await cache.set('pieces', [bytes(1), bytes(), bytes(2, 3)])
    await cache.set('whole', large)
    expect((await cache.get('view'))?.bytes.buffer.byteLength).toBe(10)
    expect((await cache.get('pieces'))?.bytes).toEqual(bytes(1, 2, 3))
    expect((await cache.get('whole'))?.bytes).toBe(large)
  })

  it('does not keep what is larger than its room, nor the older entry under that key', async () => {
    const cache = memoryCache({ maxBytes: 1000 })
    await cache.set('a', bytes(1))
    await cache.set('a', new Uint8Array(1000))
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ rejected: 1, heldBytes: 0 })
  })

  it('does not give out an entry past its end', async () => {
    const cache = memoryCache()
    await cache.set('a', bytes(1), { ttlMs: 5 })
    await cache.set('b', bytes(2), { ttlMs: 60_000 })
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(await cache.get('a')).toBeUndefined()
    expect((await cache.get('b'))?.expiresAtMs).toBeGreaterThan(Date.now())
  })

  it('says what is wrong with arguments', async () => {
    expect(() => memoryCache({ maxBytes: 0 })).toThrow('maxBytes must be a positive number; it is 0.')
    const cache = memoryCache()
    await expect(cache.get('')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(cache.set('a', bytes(), { ttlMs: 0 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(cache.set('a', bytes(), { meta: { n: Number.NaN } })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(cache.set('a', bytes(), { meta: { s: 'x'.repeat(5000) } })).rejects.toThrow('at most 4096 bytes')
    await expect(cache.get('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('keeps what a list in the order of use would keep', async () => {
    const cost = (key: string, length: number): number => length + 2 * (key.length + 2) + 256
    const key = fc.integer({ min: 0, max: 12 }).map(String)
    const step = fc.oneof(
      fc.record({ kind: fc.constant('get' as const), key }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('set' as const), key, length: fc.integer({ min: 0, max: 1500 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), async steps => {
        const maxBytes = 2500
        const cache = memoryCache({ maxBytes })
        let model: { key: string; body: Uint8Array }[] = []
        const held = (): number => model.reduce((sum, kept) => sum + cost(kept.key, kept.body.length), 0)
        for (const [index, next] of steps.entries()) {
          const kept = model.find(entry => entry.key === next.key)
          if (next.kind === 'get') {
            expect((await cache.get(next.key))?.bytes).toEqual(kept?.body)
            if (kept !== undefined) model = [...model.filter(entry => entry !== kept), kept]
          } else {
            model = model.filter(entry => entry !== kept)
            if (next.kind === 'delete') await cache.delete(next.key)
            else {
              const body = new Uint8Array(next.length).fill(index)
              await cache.set(next.key, body)
              if (cost(next.key, next.length) <= maxBytes) model.push({ key: next.key, body })
              while (held() > maxBytes) model.shift()
            }
          }
          expect(cache.stats().heldBytes).toBe(held())
        }
      }),
    )
  })
})
