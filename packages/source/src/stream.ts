import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { untilAborted } from './abort.js'
import { identityOf } from './bytes.js'
import { ForwardBody, type PieceReader } from './http-forward.js'
import { TransientError } from './http-retry.js'
import { Watch } from './http-watch.js'
import { checkRange, clampLength, closedError, NO_BYTES, namedKey } from './range.js'
import type { Spool } from './spool.js'

/** Bytes that come in order: a web stream, or a Node `Readable`. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** How {@link streamSource} reads. */
export interface StreamSourceOptions {
  /** File name, shown to people and a hint of the container; `film` when not given. */
  readonly name?: string | undefined
  /** Names the content for caches; this very stream when not given. */
  readonly key?: string | undefined
  /** Size in bytes, where it is known beforehand. */
  readonly sizeBytes?: number | undefined
  /** The last bytes that are kept in memory, 32 MiB when not given. */
  readonly windowBytes?: number | undefined
  /** Keeps all that went by, so that nothing is too far back. */
  readonly spool?: Spool | undefined
  /** Longest wait for the stream's next bytes, ms; no limit when not given. */
  readonly timeoutMs?: number | undefined
}

/** More than any film has: what a stream whose end has not come may have at most. */
const OPEN_END_BYTES = 2 ** 50

class StreamSource implements ByteSource {
  readonly key: string
  readonly name: string
  readonly seekCostBytes: number = 512 * 1024
  readonly #stream: ByteStream | ((signal: AbortSignal) => Promise<ByteStream>)
  readonly #windowBytes: number
  readonly #spool: Spool | undefined
  readonly #timeoutMs: number | undefined
  readonly #watches = new Set<Watch>()
  readonly #closing = new AbortController()
  #sizeBytes: number | undefined
  #forward: ForwardBody | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(stream: ByteStream | ((signal: AbortSignal) => Promise<ByteStream>), options: StreamSourceOptions) {
    this.#stream = stream
    this.key = namedKey(options.key ?? `stream:${identityOf(stream)}`)
    this.name = options.name ?? 'film'
    this.#sizeBytes = options.sizeBytes
    this.#windowBytes = options.windowBytes ?? 32 * 1024 * 1024
    this.#spool = options.spool
    this.#timeoutMs = options.timeoutMs
  }

  get sizeBytes(): number | undefined {
    return this.#sizeBytes ?? (this.#forward === undefined ? undefined : OPEN_END_BYTES)
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    checkRange(offsetBytes, lengthBytes)
    throwIfAborted(options?.signal)
    if (this.#closing.signal.aborted) throw closedError(this.name)
    const length = clampLength(offsetBytes, lengthBytes, this.#sizeBytes)
    if (length === 0) return NO_BYTES
    const kept = this.#forward?.kept(offsetBytes, length)
    if (kept !== undefined) return kept
    const turn = this.#turn.then(() => this.#advance(offsetBytes, length, options?.signal))
    this.#turn = turn.catch(() => undefined)
    return untilAborted(turn, options?.signal)
  }

  async #advance(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const watch = new Watch(signal, this.#watches, this.#timeoutMs)
    try {
      if (this.#closing.signal.aborted) throw closedError(this.name)
      const forward = (this.#forward ??= await this.#open())
      const kept = forward.kept(offset, length) ?? (await forward.spooled(offset, length))
      if (kept !== undefined) return kept
      if (forward.isBehind(offset)) throw this.#tooFarBack(offset)
      await forward.advance(offset, offset + length, watch)
      this.#sizeBytes ??= forward.endBytes
      const rest = clampLength(offset, length, this.#sizeBytes)
      return forward.kept(offset, rest) ?? (await forward.spooled(offset, rest)) ?? NO_BYTES
    } catch (error) {
      throw this.#clean(watch.explain(error, this.name), offset)
    } finally {
      watch.end()
    }
  }

  async #open(): Promise<ForwardBody> {
    const stream = typeof this.#stream === 'function' ? await this.#stream(this.#closing.signal) : this.#stream
    const pin = { etag: undefined, lastModified: undefined, sizeBytes: this.#sizeBytes }
    return new ForwardBody({ reader: readerOf(stream), pin }, this.#windowBytes, this.#spool)
  }

  #tooFarBack(offsetBytes: number): CuemuxError {
    return new CuemuxError(
      'SOURCE_UNREACHABLE',
      `${this.name} is a stream that can only be read forward: byte ${offsetBytes} has gone by.`,
      { at: { offsetBytes }, hint: 'Read it in order, raise windowBytes, or give it a spool.' },
    )
  }

  /** A stream can't be asked again: what would be tried again elsewhere is for good here. */
  #clean(error: unknown, offsetBytes: number): CuemuxError {
    if (!(error instanceof TransientError))
      return toCuemuxError(error, 'SOURCE_UNREACHABLE', `${this.name} can't be read`)
    const { cause } = error
    if (cause instanceof CuemuxError && cause.code !== 'ABORTED') return cause
    const reason = cause instanceof Error && cause.message !== '' ? `${error.message}: ${cause.message}` : error.message
    return new CuemuxError('SOURCE_UNREACHABLE', `${this.name} can't be read on: ${reason}.`, {
      at: { offsetBytes },
      cause: cause ?? error,
    })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    for (const watch of this.#watches) watch.close()
    this.#forward?.drop()
    if (this.#forward === undefined && typeof this.#stream !== 'function') await readerOf(this.#stream).cancel()
    this.#forward = undefined
    await this.#spool?.close()
  }
}

function readerOf(stream: ByteStream): PieceReader {
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader()
    return { read: async () => checked(await reader.read()), cancel: () => reader.cancel() }
  }
  const iterator = stream[Symbol.asyncIterator]()
  return {
    read: async () => checked(await iterator.next()),
    // A Readable that waits for bytes lets its iterator return only after them; destroying it ends that wait.
    cancel: async () =>
      'destroy' in stream && typeof stream.destroy === 'function' ? stream.destroy() : iterator.return?.(),
  }
}

function checked(part: { readonly done?: boolean | undefined; readonly value?: unknown }): {
  readonly done: boolean
  readonly value?: Uint8Array | undefined
} {
  if (part.done === true) return { done: true }
  const { value } = part
  // A plain Uint8Array also of a Buffer: parsers that get bytes from elsewhere too see one kind of object only.
  if (value instanceof Uint8Array) {
    return { done: false, value: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) }
  }
  throw new CuemuxError('BAD_REQUEST', 'The stream gives something else than bytes.', {
    hint: 'Give it no encoding and no object mode.',
  })
}

/**
 * A film that comes as a stream whose length nobody knows: a pipe, an upload, a capture. It is read forward only as far
 * as it is asked for, with the last `windowBytes` kept: a read before those throws, since a stream doesn't come twice.
 * It serves what reads in order (a film with its index in front, continuous play, a transport stream); with a `spool`
 * everything that went by can be read again. Until the stream has ended, `sizeBytes` is 2^50 from the first read on: the
 * most that it may have.
 *
 * Reads take turns. One whose signal fires leaves the stream where it is. `close()` ends the stream.
 *
 * @param stream the stream, or what opens it at the first read, with a signal that fires at `close()`
 * @throws CuemuxError from reads: `SOURCE_UNREACHABLE` for what has gone by and when the stream breaks, `ABORTED`
 */
export function streamSource(
  stream: ByteStream | ((signal: AbortSignal) => Promise<ByteStream>),
  options: StreamSourceOptions = {},
): ByteSource {
  return new StreamSource(stream, options)
}
