import type { CuemuxError } from '@cuemux/core'

/** What is kept: decides how long a cache that ends entries by time holds it. */
export type CacheKind = 'index' | 'init' | 'segment'

/** How long Redis keeps an entry of each kind, in milliseconds, unless told otherwise. */
export const DEFAULT_TTL_MS: Readonly<Record<CacheKind, number>> = {
  index: 3_600_000,
  init: 3_600_000,
  segment: 60_000,
}

/** A few words about the bytes, as their content type: plain values, at most 4 KiB as JSON. */
export type CacheMeta = Readonly<Record<string, string | number | boolean>>

/** Bytes as one array or as pieces to be joined in this order. Once given to a cache they must not change. */
export type CacheBody = Uint8Array | readonly Uint8Array[]

/** What a cache gives. */
export interface CacheEntry {
  /** The bytes. They may be shared with other readers: not to be changed. */
  readonly bytes: Uint8Array
  /** What was stored with them. */
  readonly meta: CacheMeta
  /** When the entry ends, in milliseconds since 1970, where it was stored with a `ttlMs`. */
  readonly expiresAtMs?: number
}

/** Options of {@link Cache.get}. */
export interface CacheGetOptions {
  /** Ends the wait with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link Cache.set}. */
export interface CacheSetOptions {
  /** What is stored; `segment` when left out. Memory and disk keep every kind until they need the room. */
  readonly kind?: CacheKind
  /** The entry must not be given out after this many milliseconds, in any cache. */
  readonly ttlMs?: number
  /** Stored beside the bytes. */
  readonly meta?: CacheMeta
}

/** What a cache has done so far. */
export interface CacheStats {
  /** Which cache: `memory`, `disk`, `redis`, `layered`, or a name of the caller's own. */
  readonly name: string
  /** Reads that found the entry. */
  readonly hits: number
  /** Reads that did not, for whatever reason. */
  readonly misses: number
  /** Entries written. */
  readonly stored: number
  /** Entries not written: too large, no room in a queue, or a store that is out of reach. */
  readonly rejected: number
  /** Entries removed to make room. */
  readonly evictions: number
  /** Failures of the store underneath. None of them failed a request. */
  readonly errors: number
  /** Bytes given out. */
  readonly readBytes: number
  /** Bytes taken in. */
  readonly writtenBytes: number
  /** Bytes held now; `undefined` where that isn't known. */
  readonly heldBytes: number | undefined
  /** The caches that this one consists of. */
  readonly layers?: readonly CacheStats[]
}

/** Something that happened to a cache and that its user may want to see in a log. */
export type CacheEvent =
  | {
      readonly type: 'error'
      readonly cache: string
      readonly operation: 'get' | 'set' | 'delete' | 'sweep' | 'lease'
      readonly error: CuemuxError
    }
  | { readonly type: 'unavailable'; readonly cache: string; readonly error: CuemuxError }
  | { readonly type: 'available'; readonly cache: string }

/** Takes events. What it throws is ignored. */
export type CacheEventListener = (event: CacheEvent) => void

/**
 * A cache of bytes. Small on purpose, so that a caller can write one. It never fails a request: what goes wrong in the
 * store underneath is a miss, or an entry that isn't kept.
 *
 * Keys are any strings but the empty one. Whoever stores under a key promises that the same key means the same bytes.
 */
export interface Cache {
  /**
   * The entry, or `undefined` when it isn't there.
   *
   * @throws CuemuxError `ABORTED`, and `BAD_REQUEST` for an empty key
   */
  get(key: string, options?: CacheGetOptions): Promise<CacheEntry | undefined>
  /**
   * Stores bytes, replacing what was there. Resolves when they are stored or given up.
   *
   * @throws CuemuxError `BAD_REQUEST` for an empty key or metadata that can't be stored
   */
  set(key: string, body: CacheBody, options?: CacheSetOptions): Promise<void>
  /** Removes the entry, if it is there. */
  delete(key: string): Promise<void>
  /** What the cache has done so far. */
  stats(): CacheStats
  /** Ends what the cache does in the background and gives back what it holds open. Every read after it is a miss. */
  close(): Promise<void>
  /** Locks that the processes which share the cache share too; left out where there are none. */
  readonly leases?: Leases
}

/** What {@link Lease.commit} came to: stored; the lease had been lost; or the store did not take the bytes. */
export type CommitResult = 'stored' | 'lost' | 'rejected'

/** The right to make one entry, for as long as it is renewed. */
export interface Lease {
  /** Rises from holder to holder: whoever writes elsewhere can refuse a smaller one than the last it saw. */
  readonly fence: number
  /** Starts the lease's time anew; `false` when another holds it by now. */
  renew(): Promise<boolean>
  /** Stores the entry if the lease is still held, and ends the lease. */
  commit(body: CacheBody, options?: CacheSetOptions): Promise<CommitResult>
  /** Ends the lease without storing anything. */
  release(): Promise<void>
}

/**
 * What asking for a lease gives: the lease; `present` when the entry is there by now; `held` when another makes it;
 * `alone` when the store can't say, or the entry can't be stored: make it without a lease.
 */
export type LeaseAnswer = Lease | 'present' | 'held' | 'alone'

/** Locks by key, shared by the processes that share a cache. Nothing here throws. */
export interface Leases {
  /** Asks for the lease of `key`, which ends after `leaseMs` unless it is renewed. */
  acquire(key: string, leaseMs: number): Promise<LeaseAnswer>
}
