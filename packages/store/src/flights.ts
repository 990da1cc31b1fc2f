import { setTimeout as sleep } from 'node:timers/promises'
import { CuemuxError, SingleFlight, throwIfAborted } from '@cuemux/core'
import type { Cache, CacheBody, CacheEntry, CacheMeta, CacheSetOptions, Lease, Leases } from './cache.js'
import { clockFence } from './fence.js'
import { positive } from './limits.js'
import { joinBody } from './record.js'

/** Between two looks at what another process makes: at first, and at most. */
const FIRST_WAIT_MS = 10
const LONGEST_WAIT_MS = 200
/** A present entry that can't be read this many times in a row is made without a lease. */
const MAX_UNREADABLE = 3

/** What work makes: the bytes to keep under the key. */
export interface FlightResult {
  /** The bytes; not to be changed any more. */
  readonly body: CacheBody
  /** Stored beside them. */
  readonly meta?: CacheMeta
}

/**
 * Makes what is asked for. The signal fires when nobody in this process waits for it any more. The fence rises from one
 * holder of the key to the next, across processes where the cache is shared: for writes to places other than the cache.
 */
export type FlightWork = (signal: AbortSignal, fence: number) => Promise<FlightResult>

/** Options of {@link Flights.run}. Of those who wait together, the first one's `kind`, `ttlMs` and `leaseMs` count. */
export interface FlightOptions extends Pick<CacheSetOptions, 'kind' | 'ttlMs'> {
  /** Leaves the flight with `ABORTED`; the work goes on while others wait for it. */
  readonly signal?: AbortSignal | undefined
  /** How long after the death of a process that makes it another one takes over. Renewed while the work goes on. */
  readonly leaseMs?: number
}

/** How flights went so far. */
export interface FlightStats {
  /** Asked for while this process was already at it. */
  readonly joined: number
  /** Found in the cache before anything was done. */
  readonly found: number
  /** Made by this process. */
  readonly made: number
  /** Made by another process while this one waited. */
  readonly awaited: number
  /** Among those made: without a lease, though the cache has leases (it is out of reach, or the entry too large). */
  readonly alone: number
  /** Among those made: not stored, as another process had taken over. */
  readonly lost: number
}

/** Does the same work once for all who ask for it at the same time. */
export interface Flights {
  /**
   * The entry under the key: from the cache, from work that is under way, or made by `work` and stored.
   *
   * @throws CuemuxError `ABORTED`, and whatever `work` throws
   */
  run(key: string, work: FlightWork, options?: FlightOptions): Promise<CacheEntry>
  stats(): FlightStats
}

/** Options of {@link createFlights}. */
export interface FlightsOptions {
  /** {@link FlightOptions.leaseMs} where it isn't given; 10 s when left out. */
  readonly leaseMs?: number
}

/**
 * Flights whose results go through a cache. In one process those who ask together wait for one promise. With a cache that
 * processes share (Redis, disk, or one of them behind {@link layered}) only one process works at a key at a time; when it
 * dies its lease ends and the next one takes over, and what it would still write is refused. Where the shared cache is
 * out of reach, each process works for itself.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function createFlights(cache: Cache, options: FlightsOptions = {}): Flights {
  return new CachedFlights(cache, positive('leaseMs', options.leaseMs ?? 10_000))
}

class CachedFlights implements Flights {
  readonly #cache: Cache
  readonly #leaseMs: number
  readonly #flights = new SingleFlight<CacheEntry>()
  readonly #stats = { joined: 0, found: 0, made: 0, awaited: 0, alone: 0, lost: 0 }

  constructor(cache: Cache, leaseMs: number) {
    this.#cache = cache
    this.#leaseMs = leaseMs
  }

  run(key: string, work: FlightWork, options: FlightOptions = {}): Promise<CacheEntry> {
    if (this.#flights.has(key)) this.#stats.joined++
    return this.#flights.run(key, options.signal, signal => this.#fly(key, work, options, signal))
  }

  stats(): FlightStats {
    return { ...this.#stats }
  }

  async #fly(key: string, work: FlightWork, options: FlightOptions, signal: AbortSignal): Promise<CacheEntry> {
    const found = await this.#read(key, signal)
    if (found !== undefined) {
      this.#stats.found++
      return found
    }
    const { leases } = this.#cache
    if (leases === undefined) return this.#make(key, work, options, signal)
    const leaseMs = positive('leaseMs', options.leaseMs ?? this.#leaseMs)
    const answer = await this.#awaitLease(leases, key, leaseMs, signal)
    if (answer === undefined) {
      this.#stats.alone++
      return this.#make(key, work, options, signal)
    }
    return 'bytes' in answer ? answer : this.#makeUnder(answer, leaseMs, work, options, signal)
  }

  /** The lease, or what another process made meanwhile; `undefined` when the work is to be done without one. */
  async #awaitLease(
    leases: Leases,
    key: string,
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<Lease | CacheEntry | undefined> {
    let unreadable = 0
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS)) {
      const answer = await leases.acquire(key, leaseMs)
      if (answer === 'alone') return undefined
      if (answer === 'present') {
        const entry = await this.#read(key, signal)
        if (entry !== undefined) {
          this.#stats.awaited++
          return entry
        }
        if (++unreadable === MAX_UNREADABLE) return undefined
      } else if (answer !== 'held') {
        if (!signal.aborted) return answer
        await answer.release()
      }
      throwIfAborted(signal)
      // Not all at once, when many processes wait.
      await pause(waitMs * (0.5 + Math.random()), signal)
    }
  }

  async #makeUnder(
    lease: Lease,
    leaseMs: number,
    work: FlightWork,
    options: FlightOptions,
    signal: AbortSignal,
  ): Promise<CacheEntry> {
    const stopRenewing = keepRenewed(lease, leaseMs)
    try {
      const entry = entryOf(await work(signal, lease.fence))
      this.#stats.made++
      const committed = await lease.commit(entry.bytes, setOptions(entry, options))
      if (committed === 'lost') this.#stats.lost++
      return entry
    } catch (error) {
      await lease.release()
      throw error
    } finally {
      stopRenewing()
    }
  }

  async #make(key: string, work: FlightWork, options: FlightOptions, signal: AbortSignal): Promise<CacheEntry> {
    const entry = entryOf(await work(signal, clockFence()))
    this.#stats.made++
    await this.#cache.set(key, entry.bytes, setOptions(entry, options))
    return entry
  }

  /** A read that is a miss when a cache of the caller's own throws. */
  async #read(key: string, signal: AbortSignal): Promise<CacheEntry | undefined> {
    try {
      return await this.#cache.get(key, { signal })
    } catch (error) {
      throwIfAborted(signal)
      if (error instanceof CuemuxError && error.code === 'BAD_REQUEST') throw error
      return undefined
    }
  }
}

function entryOf(result: FlightResult): CacheEntry {
  return { bytes: joinBody(result.body), meta: { ...result.meta } }
}

function setOptions(entry: CacheEntry, { kind, ttlMs }: FlightOptions): CacheSetOptions {
  return { meta: entry.meta, ...(kind === undefined ? {} : { kind }), ...(ttlMs === undefined ? {} : { ttlMs }) }
}

/** Renews a lease three times in its length, until it is stopped or the lease is lost. */
function keepRenewed(lease: Lease, leaseMs: number): () => void {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  const schedule = (): void => {
    timer = setTimeout(() => {
      void lease.renew().then(isHeld => {
        if (isHeld && !isStopped) schedule()
      })
    }, leaseMs / 3)
    timer.unref()
  }
  schedule()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    throwIfAborted(signal)
  }
}
