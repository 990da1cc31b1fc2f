import { throwIfAborted } from '@cuemux/core'
import type { Cache, CacheBody, CacheEntry, CacheGetOptions, CacheSetOptions, CacheStats } from './cache.js'
import { Counters } from './counters.js'
import { checkKey } from './key.js'
import { positive } from './limits.js'
import { bodyLength, expiryOf, joinBody, metaJson } from './record.js'

/** What an entry costs beside its bytes, key and metadata: the map's slot and the objects. */
const ENTRY_OVERHEAD_BYTES = 256

/** Options of {@link memoryCache}. */
export interface MemoryCacheOptions {
  /** How much memory the entries may take, with keys, metadata and what they cost beside their bytes. 64 MiB when left out. */
  readonly maxBytes?: number
}

interface Kept {
  readonly key: string
  readonly entry: CacheEntry
  readonly costBytes: number
  older: Kept | undefined
  newer: Kept | undefined
}

/**
 * A cache in this process's memory; the least recently used entry goes first.
 *
 * Bytes that are a view on a larger buffer, or come in several pieces, are copied, so that a small view never keeps a
 * large buffer alive; an array that has its buffer for itself is kept as it is.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function memoryCache(options: MemoryCacheOptions = {}): Cache {
  return new MemoryCache(positive('maxBytes', options.maxBytes ?? 64 * 2 ** 20))
}

class MemoryCache implements Cache {
  readonly #maxBytes: number
  readonly #counters = new Counters('memory')
  readonly #kept = new Map<string, Kept>()
  // The order of use is a list of its own: finding a Map's first key walks over all the removed ones before it.
  #oldest: Kept | undefined
  #newest: Kept | undefined
  #heldBytes = 0
  #isClosed = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  async get(key: string, options: CacheGetOptions = {}): Promise<CacheEntry | undefined> {
    checkKey(key)
    throwIfAborted(options.signal)
    return this.#counters.found(this.#take(key))
  }

  async set(key: string, body: CacheBody, options: CacheSetOptions = {}): Promise<void> {
    checkKey(key)
    const json = metaJson(options.meta)
    const expiresAtMs = expiryOf(options)
    this.#remove(key)
    const costBytes = bodyLength(body) + 2 * (key.length + json.length) + ENTRY_OVERHEAD_BYTES
    if (costBytes > this.#maxBytes || this.#isClosed) {
      this.#counters.rejected()
      return
    }
    const bytes = ownBytes(body)
    // Through JSON and back, so that the entry isn't changed with the caller's object.
    const entry: CacheEntry = { bytes, meta: JSON.parse(json), ...(expiresAtMs === undefined ? {} : { expiresAtMs }) }
    const kept: Kept = { key, entry, costBytes, older: undefined, newer: undefined }
    this.#kept.set(key, kept)
    this.#append(kept)
    this.#heldBytes += costBytes
    this.#counters.stored(bytes.byteLength)
    this.#makeRoom()
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    this.#remove(key)
  }

  stats(): CacheStats {
    return this.#counters.stats(this.#heldBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#kept.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#heldBytes = 0
  }

  #take(key: string): CacheEntry | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.entry.expiresAtMs !== undefined && kept.entry.expiresAtMs <= Date.now()) {
      this.#remove(key)
      return undefined
    }
    this.#unlink(kept)
    this.#append(kept)
    return kept.entry
  }

  #remove(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#unlink(kept)
    this.#heldBytes -= kept.costBytes
  }

  #append(kept: Kept): void {
    kept.older = this.#newest
    kept.newer = undefined
    if (this.#newest === undefined) this.#oldest = kept
    else this.#newest.newer = kept
    this.#newest = kept
  }

  #unlink(kept: Kept): void {
    if (kept.older === undefined) this.#oldest = kept.newer
    else kept.older.newer = kept.newer
    if (kept.newer === undefined) this.#newest = kept.older
    else kept.newer.older = kept.older
  }

  #makeRoom(): void {
    while (this.#heldBytes > this.#maxBytes && this.#oldest !== undefined) {
      this.#remove(this.#oldest.key)
      this.#counters.evicted()
    }
  }
}

function ownBytes(body: CacheBody): Uint8Array {
  const bytes = joinBody(body)
  return bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes)
}
