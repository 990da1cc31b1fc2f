import { CuemuxError } from '@cuemux/core'
import type { CacheEventListener } from './cache.js'

/** The first commands of a process wait for the connection this many times as long as for an answer. */
const FIRST_CONNECTION_FACTOR = 4
/** After a command that took too long, Redis isn't asked for this long. */
const REST_MS = 1000
/** A connection on which a command waits this long is made anew. */
const SOCKET_TIMEOUT_MS = 10_000
/** How long a server may take to take leave when the connection is closed. */
const DISCONNECT_TIMEOUT_MS = 200
/** What may be on its way to Redis in this process; what is written beyond isn't sent. */
const MAX_PENDING_BYTES = 64 * 2 ** 20
/** How fast bytes must get to Redis, beside the time that a command has anyway. */
const WRITE_BYTES_PER_MS = 10_000

/** What is used of a Redis client: of ioredis's `Redis`, as it is. */
export interface RedisClient {
  /** The connection's state; commands are only sent when it is `ready`. */
  readonly status: string
  /** Sends a command; bulk strings of the reply come as `Buffer`s. */
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>
  on(event: string, listener: (error?: Error) => void): unknown
  off(event: string, listener: (error?: Error) => void): unknown
  connect(): Promise<void>
  disconnect(): void
}

/** What {@link RedisLink.send} gives when Redis is known not to answer, and wasn't asked. */
export const NOT_ASKED: unique symbol = Symbol('not asked')

/** Where Redis is: an address, or a client that the caller made (and closes). */
export type RedisTarget = { readonly url: string } | { readonly client: RedisClient }

/**
 * The connection to a Redis that may be down, slow or full. A command has `timeoutMs`; while Redis is known not to
 * answer none is sent, and what is asked fails at once. Whether it answers again is tried in the background.
 */
export class RedisLink {
  readonly #timeoutMs: number
  readonly #isOwn: boolean
  readonly #onEvent: CacheEventListener
  readonly #started: Promise<void>
  readonly #url: URL | undefined
  #client: RedisClient | undefined
  #pendingBytes = 0
  #isTellingTrouble = false
  #restsUntilMs = 0
  #isResting = false
  #isProbing = false
  #isClosed = false

  /** @throws CuemuxError `BAD_REQUEST` for an address that isn't one of Redis */
  constructor(target: RedisTarget, timeoutMs: number, onEvent: CacheEventListener) {
    this.#timeoutMs = timeoutMs
    this.#onEvent = onEvent
    this.#isOwn = 'url' in target
    this.#url = 'url' in target ? parseAddress(target.url) : undefined
    const ready = 'url' in target ? this.#open(target.url) : this.#watch(target.client)
    this.#started = ready.catch(error => this.#trouble(error))
  }

  /**
   * Sends a command, if Redis isn't known to be out of reach.
   *
   * @param writtenBytes how many bytes are sent with it
   * @throws Error when Redis doesn't answer, or refuses; never with a password in it
   */
  async send(command: string, args: (string | Buffer | number)[], writtenBytes = 0): Promise<unknown> {
    await this.#started
    const client = this.#client
    if (client === undefined || client.status !== 'ready' || this.#isClosed) return NOT_ASKED
    if (this.#isResting) {
      this.#probe(client)
      return NOT_ASKED
    }
    if (writtenBytes > 0 && this.#pendingBytes + writtenBytes > MAX_PENDING_BYTES) return NOT_ASKED
    this.#pendingBytes += writtenBytes
    try {
      return await withTimeout(client.callBuffer(command, ...args), this.#timeoutMs + writtenBytes / WRITE_BYTES_PER_MS)
    } catch (error) {
      if (error instanceof TimeoutError) this.#rest(error)
      throw this.#safe(error)
    } finally {
      this.#pendingBytes -= writtenBytes
    }
  }

  /** Lets go of the connection; a client of the caller's stays open. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#started
    const client = this.#client
    if (client === undefined) return
    client.off('ready', this.#onReady)
    client.off('error', this.#onTrouble)
    client.off('close', this.#onTrouble)
    if (!this.#isOwn) return
    // What a closing connection still says is of no interest, but it must be heard.
    client.on('error', () => {})
    client.disconnect()
  }

  async #open(url: string): Promise<void> {
    const { Redis } = await import('ioredis')
    const client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      socketTimeout: SOCKET_TIMEOUT_MS,
      connectTimeout: 5000,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      retryStrategy: attempt => Math.min(50 * 2 ** Math.min(attempt, 6), 2000) * (0.75 + Math.random() / 2),
    })
    await this.#watch(client)
  }

  /** Takes the client; settles when its first connection is ready, has failed, or takes too long for commands to wait. */
  async #watch(client: RedisClient): Promise<void> {
    this.#client = client
    client.on('error', this.#onTrouble)
    client.on('close', this.#onTrouble)
    client.on('ready', this.#onReady)
    await withTimeout(firstConnection(client), this.#timeoutMs * FIRST_CONNECTION_FACTOR)
  }

  readonly #onReady = (): void => {
    this.#isResting = false
    this.#recovered()
  }

  readonly #onTrouble = (error?: Error): void => this.#trouble(error ?? new Error('the connection was closed'))

  #rest(error: unknown): void {
    this.#isResting = true
    this.#restsUntilMs = Date.now() + REST_MS
    this.#trouble(error)
  }

  #probe(client: RedisClient): void {
    if (this.#isProbing || Date.now() < this.#restsUntilMs) return
    this.#isProbing = true
    withTimeout(client.callBuffer('PING'), this.#timeoutMs)
      .then(() => this.#onReady())
      .catch(error => this.#rest(error))
      .finally(() => {
        this.#isProbing = false
      })
  }

  /** Tells once that Redis is out of reach, until it is back. */
  #trouble(error: unknown): void {
    if (this.#isTellingTrouble || this.#isClosed) return
    this.#isTellingTrouble = true
    const { message } = this.#safe(error)
    this.#onEvent({ type: 'unavailable', cache: 'redis', error: new CuemuxError('SOURCE_UNREACHABLE', message) })
  }

  #recovered(): void {
    if (!this.#isTellingTrouble || this.#isClosed) return
    this.#isTellingTrouble = false
    this.#onEvent({ type: 'available', cache: 'redis' })
  }

  /** The error's message alone: a client's errors carry the command's arguments. */
  #safe(error: unknown): Error {
    let message = `Redis: ${error instanceof Error ? error.message || error.name : String(error)}`
    const password = this.#url?.password
    if (password) {
      for (const secret of [password, decode(password)]) message = message.replaceAll(secret, '***')
    }
    return new Error(message)
  }
}

/** Settles when a client is connected for the first time, or could not be. */
function firstConnection(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  if (client.status === 'wait') return client.connect()
  return new Promise(resolve => {
    const settle = (): void => {
      client.off('ready', settle)
      client.off('close', settle)
      resolve()
    }
    client.on('ready', settle)
    client.on('close', settle)
  })
}

class TimeoutError extends Error {}

function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError('did not answer in time')), timeoutMs)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function parseAddress(url: string): URL {
  try {
    const parsed = new URL(url)
    if (/^rediss?:\/\//i.test(url) && parsed.hostname !== '') return parsed
  } catch {
    // Said below without the address, which may have a password in it.
  }
  throw new CuemuxError('BAD_REQUEST', 'The address of Redis must begin with redis:// or rediss://.')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
