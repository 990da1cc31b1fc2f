import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf } from '../testing/bodies.js'
import { type Compiled, compile } from '../testing/compiled.js'
import { Worker } from '../testing/worker.js'
import type { CacheEvent } from './cache.js'
import { diskCache } from './disk.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const filesBelow = (part: string): string[] =>
  readdirSync(path.join(folder, 'v1', part), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
const sizeOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0)

describe('diskCache', () => {
  it('keeps entries for the next process, in files that only this user can read, under names that tell nothing', async () => {
    const first = diskCache({ folder })
    const keys = ['../../etc/passwd', 'a/b', 'secret?token=1', '\0', 'ü'.repeat(5000)]
    for (const key of keys) await first.set(key, [bodyOf(key)], { kind: 'index', meta: { contentType: 'x' } })
    await first.close()
    const files = filesBelow('objects')
    expect(files).toHaveLength(5)
    for (const file of files) {
      expect(path.relative(folder, file)).toMatch(/^v1\/objects\/([0-9a-f]{2})\/\1[0-9a-f]{62}$/)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    }
    expect(statSync(path.join(folder, 'v1')).mode & 0o777).toBe(0o700)
    expect(filesBelow('temp')).toEqual([])
    const next = diskCache({ folder })
    for (const key of keys) {
      const entry = await next.get(key)
      expect(entry?.meta).toEqual({ contentType: 'x' })
      expect(Buffer.compare(entry?.bytes ?? new Uint8Array(), bodyOf(key))).toBe(0)
    }
    await next.delete('a/b')
    expect(await next.get('a/b')).toBeUndefined()
    await next.close()
  })

  it('takes a torn or damaged file for a miss, and removes it', async () => {
    const cache = diskCache({ folder })
    for (const damage of [
      (file: string) => truncateSync(file, statSync(file).size - 1),
      (file: string) => truncateSync(file, 0),
      (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size)),
      (file: string) => {
        const bytes = readFileSync(file)
        bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
        writeFileSync(file, bytes)
      },
    ]) {
      await cache.set('a', bodyOf('a'))
      const [file = ''] = filesBelow('objects')
      damage(file)
      expect(await cache.get('a')).toBeUndefined()
      expect(filesBelow('objects')).toEqual([])
    }
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 4, errors: 0 })
    await cache.close()
  })

  it('removes the least recently used files when there are too many', async () => {
    const first = diskCache({ folder, maxBytes: 1_000_000 })
    const body = new Uint8Array(60_000)
    const longAgo = Date.now() / 1000 - 10_000
    for (let i = 0; i < 14; i++) {
      await first.set(`film ${i}`, body)
      const newest = filesBelow('objects').sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0] ?? ''
      utimesSync(newest, longAgo + i, longAgo + i)
    }
    await first.close()
    const cache = diskCache({ folder, maxBytes: 1_000_000 })
    // The one that was stored first is used once more.
    expect(await cache.get('film 0')).toBeDefined()
    for (let i = 14; i < 17; i++) await cache.set(`film ${i}`, body)
    // Closing ends what is under way: the next look finishes it.
    await expect.poll(() => sizeOf(filesBelow('objects')), { timeout: 10_000 }).toBeLessThanOrEqual(1_000_000 * (7 / 8))
    await cache.close()
    expect(await diskCache({ folder }).get('film 0')).toBeDefined()
    expect(await diskCache({ folder }).get('film 1')).toBeUndefined()
    expect(await diskCache({ folder }).get('film 16')).toBeDefined()
    expect(cache.stats().evictions).toBeGreaterThan(0)
  })

  it('does not store what is larger than itself', async () => {
    const cache = diskCache({ folder, maxBytes: 1000 })
    await cache.set('a', new Uint8Array(1000))
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats().rejected).toBe(1)
  })

  it('removes what killed processes were writing, once it is old', async () => {
    const cache = diskCache({ folder })
    await cache.set('a', bodyOf('a'))
    await cache.close()
    const hour = Date.now() / 1000 - 3700
    const old = path.join(folder, 'v1/temp/00000000-0000-4000-8000-000000000000')
    const young = path.join(folder, 'v1/temp/00000000-0000-4000-8000-000000000001')
    for (const file of [old, young]) writeFileSync(file, 'torn')
    utimesSync(old, hour, hour)
    const next = diskCache({ folder })
    await next.set('b', bodyOf('b'))
    await expect.poll(() => filesBelow('temp'), { timeout: 10_000 }).toEqual([young])
    await next.close()
  })

  it('makes its folders again when they were removed', async () => {
    const cache = diskCache({ folder })
    await cache.set('a', bodyOf('a'))
    rmSync(path.join(folder, 'v1'), { recursive: true })
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', bodyOf('a'))
    expect(await cache.get('a')).toBeDefined()
    expect(cache.stats().errors).toBe(0)
    await cache.close()
  })

  it('is all misses where it can not write, and says so', async () => {
    // A file in the folder's place: also the system's superuser can't write below it.
    writeFileSync(path.join(folder, 'v1'), '')
    const events: CacheEvent[] = []
    const cache = diskCache({ folder, onEvent: event => events.push(event) })
    await cache.set('a', bodyOf('a'))
    expect(await cache.get('a')).toBeUndefined()
    await cache.delete('a')
    expect(events.map(event => event.type === 'error' && `${event.operation} ${event.error.code}`)).toEqual([
      'set OUTPUT_FAILED',
      'get SOURCE_UNREACHABLE',
      'delete OUTPUT_FAILED',
    ])
    await cache.close()
  })
})

describe('diskCache, shared by processes that are killed', () => {
  let compiled: Compiled
  beforeAll(() => {
    compiled = compile('disk')
  })
  afterAll(() => compiled.remove())

  it('gives the right bytes or a miss, and makes room without errors', async () => {
    const maxBytes = 600_000
    const start = (): Worker => new Worker(compiled.script('disk-worker'), folder, String(maxBytes))
    const past: Worker[] = []
    let workers = [start(), start()]
    for (let round = 0; round < 8; round++) {
      await Promise.all(workers.map(worker => worker.hear('hits')))
      await new Promise(resolve => setTimeout(resolve, Math.random() * 100))
      const [victim, other] = workers as [Worker, Worker]
      await victim.kill()
      past.push(victim)
      workers = [other, start()]
    }
    for (const worker of workers) await worker.kill()
    const heard = [...past, ...workers].flatMap(worker => worker.heard.filter(({ type }) => type !== 'hits'))
    expect(heard).toEqual([])
    const cache = diskCache({ folder, maxBytes })
    await cache.set('last', bodyOf('last'))
    await expect.poll(() => cache.stats().heldBytes, { timeout: 10_000 }).toBeLessThanOrEqual(maxBytes)
    expect(sizeOf(filesBelow('objects'))).toBeLessThanOrEqual(maxBytes)
    await cache.close()
  })
})
