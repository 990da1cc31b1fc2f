import { type CuemuxErrorCode, toCuemuxError } from '@cuemux/core'
import type { CacheEntry, CacheEvent, CacheEventListener, CacheStats } from './cache.js'

type Operation = Extract<CacheEvent, { type: 'error' }>['operation']

/** Counts what a cache does, and tells its listener. */
export class Counters {
  readonly #name: string
  readonly #listener: CacheEventListener | undefined
  #hits = 0
  #misses = 0
  #stored = 0
  #rejected = 0
  #evictions = 0
  #errors = 0
  #readBytes = 0
  #writtenBytes = 0

  constructor(name: string, listener?: CacheEventListener) {
    this.#name = name
    this.#listener = listener
  }

  /** Counts a read and hands on what it found. */
  found(entry: CacheEntry | undefined): CacheEntry | undefined {
    if (entry === undefined) this.#misses++
    else {
      this.#hits++
      this.#readBytes += entry.bytes.byteLength
    }
    return entry
  }

  stored(bytes: number): void {
    this.#stored++
    this.#writtenBytes += bytes
  }

  rejected(): void {
    this.#rejected++
  }

  evicted(): void {
    this.#evictions++
  }

  /** Counts a failure of the store, and tells it. */
  failed(operation: Operation, error: unknown): void {
    this.#errors++
    const code: CuemuxErrorCode = operation === 'get' ? 'SOURCE_UNREACHABLE' : 'OUTPUT_FAILED'
    this.tell({
      type: 'error',
      cache: this.#name,
      operation,
      error: toCuemuxError(error, code, `The ${this.#name} cache failed`),
    })
  }

  tell(event: CacheEvent): void {
    try {
      this.#listener?.(event)
    } catch {
      // A listener's own failure is no reason to fail a request.
    }
  }

  stats(heldBytes: number | undefined, layers?: readonly CacheStats[]): CacheStats {
    return {
      name: this.#name,
      hits: this.#hits,
      misses: this.#misses,
      stored: this.#stored,
      rejected: this.#rejected,
      evictions: this.#evictions,
      errors: this.#errors,
      readBytes: this.#readBytes,
      writtenBytes: this.#writtenBytes,
      heldBytes,
      ...(layers === undefined ? {} : { layers }),
    }
  }
}
