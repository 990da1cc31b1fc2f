import { throwIfAborted } from '@cuemux/core'
import { withSignal } from './abort.js'
import {
  type Cache,
  type CacheBody,
  type CacheEntry,
  type CacheEventListener,
  type CacheGetOptions,
  type CacheKind,
  type CacheSetOptions,
  type CacheStats,
  DEFAULT_TTL_MS,
  type Leases,
} from './cache.js'
import { Counters } from './counters.js'
import { storedName } from './key.js'
import { positive } from './limits.js'
import { bodyLength, decodeRecord, encodeRecord } from './record.js'
import { RedisLeases } from './redis-leases.js'
import { NOT_ASKED, type RedisClient, RedisLink, type RedisTarget } from './redis-link.js'

/** Options of {@link redisCache}: `url` or `client`, and what has defaults. */
export interface RedisCacheOptions {
  /** `redis://` or `rediss://` (TLS), with user, password and database as `redis://user:password@host:6379/0`. */
  readonly url?: string
  /** A client of ioredis that the caller made, and closes. */
  readonly client?: RedisClient
  /** What all keys in Redis begin with; `cuemux:` when left out. */
  readonly prefix?: string
  /** How long entries are kept by kind, in milliseconds; {@link DEFAULT_TTL_MS} where left out. */
  readonly ttlMs?: Partial<Readonly<Record<CacheKind, number>>>
  /** How long a command may take; 250 ms when left out. Large entries have more time to be written. */
  readonly timeoutMs?: number
  /** Larger entries aren't stored; 32 MiB when left out. */
  readonly maxEntryBytes?: number
  /** Is told when Redis goes and comes back, and what it refuses. */
  readonly onEvent?: CacheEventListener
}

/**
 * A cache in Redis (7, standalone or behind Sentinel), shared by all processes that use the same prefix there.
 *
 * A Redis that is down, slow or full is a miss and never fails a request. While it is known not to answer it isn't asked:
 * then a miss takes no time. It is connected to in the background, and again whenever the connection is lost. Passwords
 * stand in no event and no error.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function redisCache(options: RedisCacheOptions): Cache {
  const target: RedisTarget = options.client === undefined ? { url: options.url ?? '' } : { client: options.client }
  const counters = new Counters('redis', options.onEvent)
  const timeoutMs = positive('timeoutMs', options.timeoutMs ?? 250)
  const maxEntryBytes = positive('maxEntryBytes', options.maxEntryBytes ?? 32 * 2 ** 20)
  const ttlMs = { ...DEFAULT_TTL_MS, ...options.ttlMs }
  for (const [kind, ms] of Object.entries(ttlMs)) positive(`ttlMs.${kind}`, ms)
  const link = new RedisLink(target, timeoutMs, event => counters.tell(event))
  return new RedisCache(link, options.prefix ?? 'cuemux:', ttlMs, maxEntryBytes, counters)
}

/** A record as it is sent: its bytes, and how long Redis keeps them. */
interface Outgoing {
  readonly record: Buffer
  readonly ttlMs: number
}

class RedisCache implements Cache {
  readonly leases: Leases
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #ttlMs: Readonly<Record<CacheKind, number>>
  readonly #maxEntryBytes: number
  readonly #counters: Counters
  readonly #writing = new Set<Promise<unknown>>()

  constructor(
    link: RedisLink,
    prefix: string,
    ttlMs: Readonly<Record<CacheKind, number>>,
    maxEntryBytes: number,
    counters: Counters,
  ) {
    this.#link = link
    this.#prefix = prefix
    this.#ttlMs = ttlMs
    this.#maxEntryBytes = maxEntryBytes
    this.#counters = counters
    this.leases = new RedisLeases(link, prefix, {
      nameOf: key => this.#nameOf(key),
      encode: (body, options) => this.#encode(body, options),
      onStored: bytes => counters.stored(bytes),
      onError: error => counters.failed('lease', error),
    })
  }

  async get(key: string, options: CacheGetOptions = {}): Promise<CacheEntry | undefined> {
    const name = this.#nameOf(key)
    throwIfAborted(options.signal)
    return this.#counters.found(await withSignal(this.#read(name), options.signal))
  }

  async set(key: string, body: CacheBody, options: CacheSetOptions = {}): Promise<void> {
    const name = this.#nameOf(key)
    const outgoing = this.#encode(body, options)
    if (outgoing === undefined) return
    const { record, ttlMs } = outgoing
    const writing = this.#link.send('SET', [name, record, 'PX', ttlMs], record.byteLength)
    this.#writing.add(writing)
    try {
      if ((await writing) === NOT_ASKED) this.#counters.rejected()
      else this.#counters.stored(bodyLength(body))
    } catch (error) {
      this.#counters.rejected()
      this.#counters.failed('set', error)
    } finally {
      this.#writing.delete(writing)
    }
  }

  async delete(key: string): Promise<void> {
    const name = this.#nameOf(key)
    try {
      await this.#link.send('DEL', [name])
    } catch (error) {
      this.#counters.failed('delete', error)
    }
  }

  stats(): CacheStats {
    return this.#counters.stats(undefined)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writing)
    await this.#link.close()
  }

  #nameOf(key: string): string {
    return this.#prefix + storedName(key)
  }

  async #read(name: string): Promise<CacheEntry | undefined> {
    try {
      const record = await this.#link.send('GET', [name])
      return Buffer.isBuffer(record) ? decodeRecord(record) : undefined
    } catch (error) {
      this.#counters.failed('get', error)
      return undefined
    }
  }

  /** What is sent for an entry; `undefined`, and counted, when it is too large. */
  #encode(body: CacheBody, options: CacheSetOptions): Outgoing | undefined {
    const pieces = encodeRecord(body, options)
    const sizeBytes = bodyLength(pieces)
    if (sizeBytes > this.#maxEntryBytes) {
      this.#counters.rejected()
      return undefined
    }
    const record = Buffer.concat(pieces, sizeBytes)
    return { record, ttlMs: Math.ceil(options.ttlMs ?? this.#ttlMs[options.kind ?? 'segment']) }
  }
}
