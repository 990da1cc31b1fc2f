import { randomUUID } from 'node:crypto'
import type { CacheBody, CacheSetOptions, CommitResult, Lease, LeaseAnswer, Leases } from './cache.js'
import { bodyLength } from './record.js'
import { NOT_ASKED, type RedisLink } from './redis-link.js'

/** How long others make an entry that couldn't be stored by themselves, instead of one after the other. */
const ALONE_MS = 2000

/**
 * KEYS: lock, entry, fence. ARGV: token, lease in ms. Gives the fence of a new lease, 0 when another holds it, -1 when
 * the entry is there, -2 when it can't be stored. The fence is never behind the clock (in microseconds), so that it also rises when Redis
 * has lost what it held.
 */
const ACQUIRE = `
if redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
local held = redis.call('GET', KEYS[1])
if held == 'alone' then return -2 end
if held then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local fence = redis.call('INCR', KEYS[3])
if fence < now then
  fence = now
  redis.call('SET', KEYS[3], string.format('%.0f', now))
end
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return fence`

/** KEYS: lock. ARGV: token, lease in ms. */
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

/** KEYS: lock, entry. ARGV: token, record, its time to live in ms. */
const COMMIT = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[1])
return 1`

/** KEYS: lock. ARGV: token, how long others shall make the entry alone in ms, or 0. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], 'alone', 'PX', ARGV[2])
return 1`

/** What the leases use of the cache that they belong to. */
export interface RedisEntries {
  nameOf(key: string): string
  /** What is sent for an entry; `undefined` when it is too large. */
  encode(body: CacheBody, options: CacheSetOptions): { readonly record: Buffer; readonly ttlMs: number } | undefined
  onStored(bytes: number): void
  onError(error: unknown): void
}

/** Leases in Redis: `SET NX PX` with a token, compared before anything is changed, by scripts. */
export class RedisLeases implements Leases {
  readonly #link: RedisLink
  readonly #entries: RedisEntries
  readonly #fenceName: string

  constructor(link: RedisLink, prefix: string, entries: RedisEntries) {
    this.#link = link
    this.#entries = entries
    this.#fenceName = `${prefix}fence`
  }

  async acquire(key: string, leaseMs: number): Promise<LeaseAnswer> {
    const name = this.#entries.nameOf(key)
    const lock = `${name}:lock`
    const token = randomUUID()
    const answer = await this.#run(ACQUIRE, [lock, name, this.#fenceName], [token, Math.ceil(leaseMs)])
    if (answer === 0) return 'held'
    if (answer === -1) return 'present'
    return answer === undefined || answer < 0 ? 'alone' : this.#lease(name, lock, token, answer, leaseMs)
  }

  #lease(name: string, lock: string, token: string, fence: number, leaseMs: number): Lease {
    const release = async (aloneMs = 0): Promise<void> => {
      await this.#run(RELEASE, [lock], [token, aloneMs])
    }
    return {
      fence,
      // While Redis can't be asked, nobody else can take the lease either.
      renew: async () => (await this.#run(RENEW, [lock], [token, Math.ceil(leaseMs)])) !== 0,
      release: () => release(),
      commit: async (body, options = {}): Promise<CommitResult> => {
        const outgoing = this.#entries.encode(body, options)
        if (outgoing !== undefined) {
          const { record, ttlMs } = outgoing
          const stored = await this.#run(COMMIT, [lock, name], [token, record, ttlMs], record.byteLength)
          if (stored === 1) this.#entries.onStored(bodyLength(body))
          if (stored !== undefined) return stored === 1 ? 'stored' : 'lost'
        }
        await release(ALONE_MS)
        return 'rejected'
      },
    }
  }

  /** A script's number; `undefined` when Redis couldn't be asked, or refused. */
  async #run(
    script: string,
    keys: readonly string[],
    args: readonly (string | Buffer | number)[],
    writtenBytes = 0,
  ): Promise<number | undefined> {
    try {
      const answer = await this.#link.send('EVAL', [script, keys.length, ...keys, ...args], writtenBytes)
      return answer === NOT_ASKED ? undefined : Number(answer)
    } catch (error) {
      this.#entries.onError(error)
      return undefined
    }
  }
}
