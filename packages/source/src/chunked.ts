import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { abortedError } from './abort.js'
import { sleep } from './http-retry.js'
import { allocate, checkRange, clampLength, closedError, NO_BYTES, namedKey } from './range.js'

/**
 * A store that gives out a film in chunks of one size: the messages of a chat, the pieces of a torrent. Written by the
 * caller; {@link chunkedSource} makes a `ByteSource` of it.
 */
export interface ChunkedSource {
  /** Names the content for caches. Never empty, never with credentials. */
  readonly key: string
  /** File name, shown to people and a hint of the container. */
  readonly name: string
  readonly sizeBytes: number
  /** Size of every chunk but the last. Chunk n begins at byte n × `chunkBytes`. */
  readonly chunkBytes: number
  /**
   * Gives the bytes from `offsetBytes`, a multiple of `chunkBytes`. `limitBytes` is always `chunkBytes`; at the film's
   * end fewer come. To be asked again later, throw {@link RetryLaterError} or any error with a `retryAfterMs`.
   */
  readChunk(offsetBytes: number, limitBytes: number, signal: AbortSignal): Promise<Uint8Array>
  /** Gives back what the store holds open. */
  close?(): Promise<void>
}

/** Thrown by {@link ChunkedSource.readChunk}: the store asks to wait, as with Telegram's FLOOD_WAIT. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError'
  /** How long to wait, ms. */
  readonly retryAfterMs: number

  constructor(retryAfterMs: number, message: string = `The store asks to wait ${retryAfterMs} ms.`) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** How {@link chunkedSource} reads. */
export interface ChunkedSourceOptions {
  /** Chunks kept in memory, the last used; 16 when not given, at least 1. */
  readonly chunks?: number | undefined
  /** Chunks that are read at once; 4 when not given. */
  readonly parallel?: number | undefined
  /** Longest wait that a store may ask for, ms; 30,000 when not given. Past it a read throws. */
  readonly maxWaitMs?: number | undefined
}

/** A chunk that is being read, by how many readers. */
interface ChunkFlight {
  readonly bytes: Promise<Uint8Array>
  readonly ending: AbortController
  readers: number
}

/** How often one chunk may be put off. */
const MAX_WAITS = 8

class ChunkReader implements ByteSource {
  readonly key: string
  readonly name: string
  readonly sizeBytes: number
  readonly seekCostBytes: number
  readonly #store: ChunkedSource
  readonly #maxChunks: number
  readonly #parallel: number
  readonly #maxWaitMs: number
  /** By chunk number, the longest unused first. */
  readonly #kept = new Map<number, Uint8Array>()
  readonly #flights = new Map<number, ChunkFlight>()
  #active = 0
  readonly #waiting: (() => void)[] = []
  /** The store asked all of us to wait until then. */
  #heldUntilMs = 0
  #isClosed = false

  constructor(store: ChunkedSource, options: ChunkedSourceOptions) {
    this.#store = store
    this.key = namedKey(store.key)
    this.name = store.name
    this.sizeBytes = wholeNumber('sizeBytes', store.sizeBytes, 0)
    this.seekCostBytes = Math.max(512 * 1024, wholeNumber('chunkBytes', store.chunkBytes, 1))
    this.#maxChunks = wholeNumber('chunks', options.chunks ?? 16, 1)
    this.#parallel = wholeNumber('parallel', options.parallel ?? 4, 1)
    this.#maxWaitMs = options.maxWaitMs ?? 30_000
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    checkRange(offsetBytes, lengthBytes)
    throwIfAborted(options?.signal)
    if (this.#isClosed) throw closedError(this.name)
    const length = clampLength(offsetBytes, lengthBytes, this.sizeBytes)
    if (length === 0) return NO_BYTES
    const { chunkBytes } = this.#store
    const first = Math.floor(offsetBytes / chunkBytes)
    const from = offsetBytes - first * chunkBytes
    const kept = from + length <= chunkBytes ? this.#use(first) : undefined
    return kept?.subarray(from, from + length) ?? this.#join(offsetBytes, length, options?.signal)
  }

  async #join(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { chunkBytes } = this.#store
    const joined = allocate(length)
    const first = Math.floor(offset / chunkBytes)
    const last = Math.floor((offset + length - 1) / chunkBytes)
    // Bounded: a long read doesn't line up all its chunks at once, nor hold more than it copies.
    const ending = new AbortController()
    const end = (): void => ending.abort(signal?.reason)
    signal?.addEventListener('abort', end, { once: true })
    let next = first
    const lane = async (): Promise<void> => {
      while (next <= last) {
        const number = next++
        const bytes = this.#use(number) ?? (await this.#chunk(number, ending.signal))
        const start = number * chunkBytes
        joined.set(bytes.subarray(Math.max(0, offset - start), offset + length - start), Math.max(0, start - offset))
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(this.#parallel, last - first + 1) }, lane))
      return joined
    } catch (error) {
      end()
      throw signal?.aborted ? abortedError(signal) : error
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  #use(number: number): Uint8Array | undefined {
    const bytes = this.#kept.get(number)
    if (bytes === undefined) return undefined
    this.#kept.delete(number)
    this.#kept.set(number, bytes)
    return bytes
  }

  /** One flight for each chunk, however many read it; it ends when the last of them leaves. */
  #chunk(number: number, signal: AbortSignal): Promise<Uint8Array> {
    if (signal.aborted) return Promise.reject(abortedError(signal))
    let flight = this.#flights.get(number)
    if (flight === undefined) {
      const ending = new AbortController()
      const bytes = this.#readChunk(number, ending.signal)
      const settle = (): boolean => this.#flights.get(number)?.ending === ending && this.#flights.delete(number)
      bytes.then(settle, settle)
      flight = { bytes, ending, readers: 0 }
      this.#flights.set(number, flight)
    }
    return this.#follow(number, flight, signal)
  }

  #follow(number: number, flight: ChunkFlight, signal: AbortSignal): Promise<Uint8Array> {
    flight.readers++
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(abortedError(signal))
        if (--flight.readers > 0) return
        if (this.#flights.get(number) === flight) this.#flights.delete(number)
        flight.ending.abort()
      }
      signal.addEventListener('abort', leave, { once: true })
      flight.bytes.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    })
  }

  async #readChunk(number: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.#enter(signal)
    try {
      for (let waits = 0; ; waits++) {
        await this.#hold(signal)
        if (this.#isClosed) throw closedError(this.name)
        try {
          return this.#accept(
            number,
            await this.#store.readChunk(this.#startOf(number), this.#store.chunkBytes, signal),
          )
        } catch (error) {
          this.#postpone(error, waits, number)
        }
      }
    } finally {
      this.#active--
      this.#waiting.shift()?.()
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    while (this.#active >= this.#parallel) await new Promise<void>(enter => this.#waiting.push(enter))
    this.#active++
    if (!signal.aborted) return
    this.#active--
    this.#waiting.shift()?.()
    throw abortedError(signal)
  }

  /** What one chunk was told holds for all: a store that is asked on while it asks to wait asks for longer. */
  async #hold(signal: AbortSignal): Promise<void> {
    for (let left = this.#heldUntilMs - Date.now(); left > 0; left = this.#heldUntilMs - Date.now()) {
      await sleep(left, signal)
    }
    throwIfAborted(signal)
  }

  #postpone(error: unknown, waits: number, number: number): void {
    const waitMs = retryAfterOf(error)
    if (waitMs === undefined) throw toCuemuxError(error, 'SOURCE_UNREACHABLE', `${this.name} can't be read`)
    if (waitMs > this.#maxWaitMs || waits >= MAX_WAITS) {
      throw new CuemuxError('SOURCE_UNREACHABLE', `${this.name} can't be read: its store asks to wait ${waitMs} ms.`, {
        at: { offsetBytes: this.#startOf(number) },
        cause: error,
      })
    }
    this.#heldUntilMs = Math.max(this.#heldUntilMs, Date.now() + waitMs)
  }

  #accept(number: number, bytes: Uint8Array): Uint8Array {
    const expected = Math.min(this.#store.chunkBytes, this.sizeBytes - this.#startOf(number))
    if (bytes.byteLength !== expected) {
      throw new CuemuxError(
        'SOURCE_CHANGED',
        `${this.name} gave ${bytes.byteLength} bytes where it should have ${expected}.`,
        { at: { offsetBytes: this.#startOf(number) } },
      )
    }
    this.#kept.set(number, bytes)
    if (this.#kept.size > this.#maxChunks) this.#kept.delete(this.#kept.keys().next().value!)
    return bytes
  }

  #startOf(number: number): number {
    return number * this.#store.chunkBytes
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { ending } of this.#flights.values()) ending.abort()
    this.#kept.clear()
    await this.#store.close?.()
  }
}

function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined
  const { retryAfterMs } = error
  return typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined
}

function wholeNumber(field: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new CuemuxError('BAD_REQUEST', `${field} is ${value}; a whole number of at least ${least} is needed.`)
}

/**
 * A film out of a store that gives chunks. Every read of the store is one whole chunk at its place, made once however
 * many readers want it, a few at a time, the last used kept. When the store asks to wait, all its reads do. A reader
 * that gives up ends the chunks that nobody else waits for.
 *
 * Memory: `chunks` × `chunkBytes`, and the reads.
 *
 * @throws CuemuxError `BAD_REQUEST` for sizes that are none; from reads `SOURCE_UNREACHABLE` (the store failed, or asks
 *   to wait too long), `SOURCE_CHANGED` (a chunk has another size), `ABORTED`
 */
export function chunkedSource(store: ChunkedSource, options: ChunkedSourceOptions = {}): ByteSource {
  return new ChunkReader(store, options)
}
