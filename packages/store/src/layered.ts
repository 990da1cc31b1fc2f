import { throwIfAborted } from '@cuemux/core'
import type {
  Cache,
  CacheBody,
  CacheEntry,
  CacheEventListener,
  CacheGetOptions,
  CacheSetOptions,
  CacheStats,
  Leases,
} from './cache.js'
import { Counters } from './counters.js'
import { checkKey } from './key.js'
import { positive } from './limits.js'
import { expiryOf, joinBody, metaJson } from './record.js'

/** Options of {@link layered}. */
export interface LayeredOptions {
  /** How many bytes may wait to be written to the cache behind; what comes beyond isn't. 64 MiB when left out. */
  readonly maxQueuedBytes?: number
  /** Is told what a cache of the caller's own throws. */
  readonly onEvent?: CacheEventListener
}

interface Queued {
  readonly bytes: Uint8Array
  readonly options: CacheSetOptions
  readonly entry: CacheEntry
}

/**
 * A small, near cache before a large, far one: memory in front of disk or Redis. What is found behind fills the front;
 * what is stored is in front at once and goes behind in the background. What goes wrong with one doesn't concern the
 * other. Closing it closes both.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function layered(front: Cache, back: Cache, options: LayeredOptions = {}): Cache {
  return new LayeredCache(front, back, positive('maxQueuedBytes', options.maxQueuedBytes ?? 64 * 2 ** 20), options)
}

class LayeredCache implements Cache {
  readonly leases?: Leases
  readonly #front: Cache
  readonly #back: Cache
  readonly #counters: Counters
  readonly #maxQueuedBytes: number
  readonly #queue = new Map<string, Queued>()
  #queuedBytes = 0
  #writer: Promise<void> | undefined
  #isClosed = false

  constructor(front: Cache, back: Cache, maxQueuedBytes: number, options: LayeredOptions) {
    this.#front = front
    this.#back = back
    this.#maxQueuedBytes = maxQueuedBytes
    this.#counters = new Counters('layered', options.onEvent)
    if (back.leases !== undefined) this.leases = leasesThrough(front, back.leases, this.#counters)
  }

  async get(key: string, options: CacheGetOptions = {}): Promise<CacheEntry | undefined> {
    checkKey(key)
    throwIfAborted(options.signal)
    const entry = (await this.#read(this.#front, key, options)) ?? this.#queued(key)
    if (entry !== undefined) return this.#counters.found(entry)
    const behind = await this.#read(this.#back, key, options)
    if (behind !== undefined) await this.#fill(key, behind)
    return this.#counters.found(behind)
  }

  async set(key: string, body: CacheBody, options: CacheSetOptions = {}): Promise<void> {
    checkKey(key)
    metaJson(options.meta)
    const expiresAtMs = expiryOf(options)
    const bytes = joinBody(body)
    this.#counters.stored(bytes.byteLength)
    const entry = { bytes, meta: { ...options.meta }, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) }
    this.#enqueue(key, { bytes, options, entry })
    await this.#guard('set', () => this.#front.set(key, bytes, options))
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    this.#unqueue(key)
    // What is being written right now would come after the removal.
    await this.#writer
    await Promise.all([
      this.#guard('delete', () => this.#front.delete(key)),
      this.#guard('delete', () => this.#back.delete(key)),
    ])
  }

  stats(): CacheStats {
    return this.#counters.stats(this.#front.stats().heldBytes, [this.#front.stats(), this.#back.stats()])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writer
    await Promise.all([this.#guard('set', () => this.#front.close()), this.#guard('set', () => this.#back.close())])
  }

  #read(cache: Cache, key: string, options: CacheGetOptions): Promise<CacheEntry | undefined> {
    return this.#guard('get', () => cache.get(key, options), options.signal)
  }

  #queued(key: string): CacheEntry | undefined {
    const entry = this.#queue.get(key)?.entry
    return entry?.expiresAtMs !== undefined && entry.expiresAtMs <= Date.now() ? undefined : entry
  }

  async #fill(key: string, entry: CacheEntry): Promise<void> {
    const ttlMs = entry.expiresAtMs === undefined ? undefined : entry.expiresAtMs - Date.now()
    if (ttlMs !== undefined && ttlMs <= 0) return
    const options = { meta: entry.meta, ...(ttlMs === undefined ? {} : { ttlMs }) }
    await this.#guard('set', () => this.#front.set(key, entry.bytes, options))
  }

  #enqueue(key: string, queued: Queued): void {
    this.#unqueue(key)
    if (this.#isClosed || this.#queuedBytes + queued.bytes.byteLength > this.#maxQueuedBytes) {
      this.#counters.rejected()
      return
    }
    this.#queue.set(key, queued)
    this.#queuedBytes += queued.bytes.byteLength
    this.#writer ??= this.#writeQueue()
  }

  #unqueue(key: string): void {
    this.#queuedBytes -= this.#queue.get(key)?.bytes.byteLength ?? 0
    this.#queue.delete(key)
  }

  /** One after the other, so that what is stored last under a key stays. */
  async #writeQueue(): Promise<void> {
    // Nothing is written before the caller knows that there is a writer.
    await Promise.resolve()
    for (const [key, queued] of this.#queue) {
      // The queue is a view of what isn't written yet: an entry leaves it when the cache behind has it.
      await this.#guard('set', () => this.#back.set(key, queued.bytes, queued.options))
      if (this.#queue.get(key) === queued) this.#unqueue(key)
    }
    this.#writer = undefined
  }

  async #guard<T>(
    operation: 'get' | 'set' | 'delete',
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      throwIfAborted(signal)
      this.#counters.failed(operation, error)
      return undefined
    }
  }
}

/** The leases of the cache behind; what is stored by one is in front as well. */
function leasesThrough(front: Cache, leases: Leases, counters: Counters): Leases {
  return {
    acquire: async (key, leaseMs) => {
      const lease = await leases.acquire(key, leaseMs)
      if (typeof lease === 'string') return lease
      return {
        fence: lease.fence,
        renew: () => lease.renew(),
        release: () => lease.release(),
        commit: async (body, options) => {
          const whole = joinBody(body)
          const result = await lease.commit(whole, options)
          if (result === 'stored') counters.stored(whole.byteLength)
          if (result !== 'lost') await front.set(key, whole, options).catch(() => {})
          return result
        },
      }
    },
  }
}
