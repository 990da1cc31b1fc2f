import { type ByteSource, CuemuxError, type ReadOptions, toCuemuxError } from '@cuemux/core'
import { abortedError, untilAborted } from './abort.js'
import { type HttpAddress, parseAddress } from './http-address.js'
import { comparePins, contentLength, type Pin, parseContentRange, parseUnsatisfiedRange, pinOf } from './http-answer.js'
import { ForwardBody } from './http-forward.js'
import { networkError, statusError, TransientError, waitToRetry } from './http-retry.js'
import { Watch } from './http-watch.js'
import { allocate, checkRange, clampLength, closedError, NO_BYTES } from './range.js'

/** How {@link httpSource} asks. */
export interface HttpSourceOptions {
  /** Sent with every request. They are never shown. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** In place of the global `fetch`: for a proxy, an agent, a test. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Tries after the first that fail in a row before a read gives up; 4 when not given. */
  readonly maxRetries?: number | undefined
  /** Wait before the first of them, ms, doubled with each; 250 when not given. */
  readonly retryDelayMs?: number | undefined
  /** Longest silence of the server, ms; 20,000 when not given. */
  readonly timeoutMs?: number | undefined
  /** What is kept of a film on a server that knows no ranges, bytes; 32 MiB when not given. */
  readonly windowBytes?: number | undefined
  /** File name in place of the URL's last part. */
  readonly name?: string | undefined
  /** Names the film for caches in place of the URL: for signed URLs, which differ each time. The caller vouches for it. */
  readonly key?: string | undefined
}

/** A film behind an HTTP URL. */
export interface HttpSource extends ByteSource {
  /** What the server said of the film's state with its first answer: ETag, else date, and size. `undefined` before. */
  readonly validator: string | undefined
  close(): Promise<void>
}

/** A read under way, over as many requests as it takes. */
interface Job {
  readonly offset: number
  /** As asked, until the first answer tells the size. */
  length: number
  target: Uint8Array | undefined
  filled: number
  /** Answers so far. */
  answers: number
  readonly signal: AbortSignal | undefined
}

/** So much must have come between two failures for the count of failures to start anew: no endless read, a few bytes a time. */
const PROGRESS_BYTES = 64 * 1024
/** Answers that one read may take, and one more for each 64 KiB. */
const MAX_ANSWERS = 16

class RangeSource implements HttpSource {
  readonly key: string
  readonly name: string
  /** A round trip of 50 ms at 10 MB/s. */
  readonly seekCostBytes: number = 512 * 1024
  readonly #address: HttpAddress
  readonly #fetch: typeof globalThis.fetch
  readonly #limits: { readonly maxRetries: number; readonly retryDelayMs: number }
  readonly #timeoutMs: number
  readonly #windowBytes: number
  readonly #watches = new Set<Watch>()
  #isClosed = false
  #pin: Pin | undefined
  #forward: ForwardBody | undefined
  /** Readers of the one forward body take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(address: HttpAddress, options: HttpSourceOptions) {
    this.#address = address
    this.key = options.key ?? address.key
    this.name = options.name ?? address.name
    this.#fetch = options.fetch ?? globalThis.fetch
    this.#limits = { maxRetries: options.maxRetries ?? 4, retryDelayMs: options.retryDelayMs ?? 250 }
    this.#timeoutMs = options.timeoutMs ?? 20_000
    this.#windowBytes = options.windowBytes ?? 32 * 1024 * 1024
  }

  get sizeBytes(): number | undefined {
    return this.#pin?.sizeBytes
  }

  get validator(): string | undefined {
    const pin = this.#pin
    return pin && `${pin.etag ?? pin.lastModified ?? ''}:${pin.sizeBytes}`
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    checkRange(offsetBytes, lengthBytes)
    const kept = options?.signal?.aborted ? undefined : this.#forward?.kept(offsetBytes, lengthBytes)
    return (
      kept ??
      this.#read({
        offset: offsetBytes,
        length: lengthBytes,
        target: undefined,
        filled: 0,
        answers: 0,
        signal: options?.signal,
      })
    )
  }

  async #read(job: Job): Promise<Uint8Array> {
    let failures = 0
    let filledAtFailure = 0
    for (;;) {
      const watch = new Watch(job.signal, this.#watches, this.#timeoutMs)
      try {
        return await this.#attempt(job, watch)
      } catch (error) {
        failures = job.filled - filledAtFailure >= PROGRESS_BYTES ? 1 : failures + 1
        filledAtFailure = job.filled
        await this.#pause(this.#explain(error, watch, job.offset + job.filled), failures, job)
      } finally {
        watch.end()
      }
    }
  }

  /** Waits to try again, unless the failure is for good. */
  async #pause(failure: Error, failures: number, job: Job): Promise<void> {
    const watch = new Watch(job.signal, this.#watches, this.#timeoutMs)
    const place = { shownUrl: this.#address.shownUrl, offsetBytes: job.offset + job.filled, signal: watch.signal }
    try {
      await waitToRetry(failure, failures, this.#limits, place)
    } catch (error) {
      throw toCuemuxError(watch.explain(error, this.name), 'SOURCE_UNREACHABLE')
    } finally {
      watch.end()
    }
  }

  #explain(error: unknown, watch: Watch, offsetBytes: number): Error {
    return networkError(watch.explain(error, this.name), this.#address.shownUrl, offsetBytes)
  }

  /** One request and its body, or as many as short answers make of it. */
  async #attempt(job: Job, watch: Watch): Promise<Uint8Array> {
    for (;;) {
      if (job.signal?.aborted) throw abortedError(job.signal)
      if (this.#isClosed) throw closedError(this.name)
      job.length = clampLength(job.offset, job.length, this.sizeBytes)
      if (job.length === 0) return NO_BYTES
      if (job.target !== undefined && job.filled >= job.length) return job.target
      if (this.#forward !== undefined) return await this.#readForward(job, watch)
      await this.#readRange(job, watch)
    }
  }

  async #readRange(job: Job, watch: Watch): Promise<void> {
    const first = job.offset + job.filled
    const last = job.offset + job.length - 1
    const response = await this.#request(`bytes=${first}-${last}`, first, watch)
    if (response.status === 416) return this.#takeEnd(response, job, first)
    if (response.status === 200) return this.#takeWhole(response, first)
    const range = parseContentRange(response.headers.get('content-range'))
    // More than was asked for is not wrong in itself, but what begins elsewhere is.
    if (range === undefined || range.first !== first) {
      discard(response)
      throw this.#misanswer(
        `bytes ${first}-${last} were asked for, "${response.headers.get('content-range')}" came`,
        first,
      )
    }
    if (range.total === undefined && this.sizeBytes === undefined) {
      discard(response)
      throw this.#misanswer('the answer does not say how large the film is', first)
    }
    this.#pinOrCompare(response, range.total ?? this.sizeBytes, first)
    job.length = clampLength(job.offset, job.length, this.sizeBytes)
    job.target ??= allocate(job.length)
    if (++job.answers > MAX_ANSWERS + job.length / PROGRESS_BYTES) {
      discard(response)
      throw this.#misanswer('it gives a few bytes at a time', first)
    }
    await this.#fill(job, response, Math.min(range.last + 1 - job.offset, job.length), watch)
  }

  /** Asks until headers are there that say what follows. */
  async #request(range: string | undefined, offsetBytes: number, watch: Watch): Promise<Response> {
    const headers = new Headers(this.#address.headers)
    // A compressed answer has other offsets than the film. With a range, fetch rules it out by itself and would say it twice.
    if (range === undefined) headers.set('accept-encoding', 'identity')
    else headers.set('range', range)
    watch.expect()
    const response = await this.#fetch.call(globalThis, this.#address.url, { headers, signal: watch.signal })
    watch.rest()
    const { status } = response
    if (status !== 200 && status !== 206 && status !== 416) {
      discard(response)
      throw statusError(response, this.#address.shownUrl, offsetBytes)
    }
    const coding = response.headers.get('content-encoding')
    if (coding === null || coding === 'identity') return response
    discard(response)
    throw this.#misanswer(`it is compressed (${coding}) although that was ruled out`, offsetBytes)
  }

  #misanswer(what: string, offsetBytes: number): CuemuxError {
    return new CuemuxError('SOURCE_UNREACHABLE', `The server of ${this.#address.shownUrl} answers wrongly: ${what}.`, {
      at: { offsetBytes },
    })
  }

  #pinOrCompare(response: Response, sizeBytes: number | undefined, offsetBytes: number): void {
    const now = pinOf(response.headers, sizeBytes)
    if (this.#pin === undefined) {
      this.#pin = now
      return
    }
    try {
      comparePins(this.#pin, now, this.#address.shownUrl, offsetBytes)
    } catch (error) {
      discard(response)
      throw error
    }
  }

  /** 416: nothing lies there. Right while the size is not known, else the film has become shorter. */
  #takeEnd(response: Response, job: Job, offsetBytes: number): void {
    discard(response)
    const size = parseUnsatisfiedRange(response.headers.get('content-range'))
    if (size === undefined)
      throw this.#misanswer(`there is nothing at byte ${offsetBytes}, but not how large the film is`, offsetBytes)
    this.#pinOrCompare(response, size, offsetBytes)
    if (offsetBytes < size) throw this.#misanswer(`there is nothing at byte ${offsetBytes} of ${size}`, offsetBytes)
    job.length = 0
  }

  /** 200: the server knows no ranges and sends everything. What comes is used, not asked for again. */
  #takeWhole(response: Response, offsetBytes: number): void {
    this.#pinOrCompare(response, contentLength(response.headers), offsetBytes)
    if (this.#forward !== undefined) {
      discard(response)
      return
    }
    const reader = (response.body ?? new Blob([]).stream()).getReader()
    this.#forward = new ForwardBody({ reader, pin: this.#pin! }, this.#windowBytes)
  }

  async #fill(job: Job, response: Response, until: number, watch: Watch): Promise<void> {
    const reader = response.body?.getReader()
    while (job.filled < until) {
      watch.expect()
      const part = await reader?.read()
      watch.rest()
      if (part === undefined || part.done) throw new TransientError('the answer ended before its length')
      const bytes = part.value.subarray(0, until - job.filled)
      job.target!.set(bytes, job.filled)
      job.filled += bytes.byteLength
    }
    if (reader !== undefined) finish(reader)
  }

  async #readForward(job: Job, watch: Watch): Promise<Uint8Array> {
    const turn = this.#turn.then(() => this.#advance(job, watch))
    this.#turn = turn.catch(() => undefined)
    return await untilAborted(turn, watch.signal)
  }

  async #advance(job: Job, watch: Watch): Promise<Uint8Array> {
    const forward = this.#forward
    if (forward === undefined) throw closedError(this.name)
    try {
      const kept = forward.kept(job.offset, job.length)
      if (kept !== undefined) return kept
      if (watch.signal.aborted) throw watch.explain(undefined, this.name)
      if (forward.needsBody(job.offset)) await this.#restart(forward, job.offset, watch)
      if (this.sizeBytes === undefined) await this.#findEnd(forward, watch)
      await forward.advance(job.offset, job.offset + job.length, watch)
      return forward.kept(job.offset, clampLength(job.offset, job.length, this.sizeBytes)) ?? NO_BYTES
    } catch (error) {
      // A reader that gives up leaves the download to the next one.
      const reason = watch.explain(error, this.name)
      if (!(reason instanceof CuemuxError && reason.code === 'ABORTED')) forward.drop()
      throw reason
    }
  }

  /** An answer that does not tell its length: a film that fits into the window is read to its end, another can't be used. */
  async #findEnd(forward: ForwardBody, watch: Watch): Promise<void> {
    await forward.advance(0, this.#windowBytes, watch)
    const sizeBytes = forward.endBytes
    if (sizeBytes === undefined) {
      throw this.#misanswer(
        `it neither knows ranges nor says how large the film is, which is over ${this.#windowBytes} bytes`,
        0,
      )
    }
    this.#pin = { ...this.#pin!, sizeBytes }
  }

  async #restart(forward: ForwardBody, offsetBytes: number, watch: Watch): Promise<void> {
    const response = await this.#request(undefined, offsetBytes, watch)
    this.#pinOrCompare(response, contentLength(response.headers), offsetBytes)
    forward.resume({ reader: (response.body ?? new Blob([]).stream()).getReader(), pin: this.#pin! }, offsetBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const watch of this.#watches) watch.close()
    this.#forward?.drop()
    this.#forward = undefined
  }
}

/** Lets go of a body that nobody will read, so that its connection doesn't wait. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

/** Reads a body's end, which lets its connection serve again, or leaves a body that has more than it should. */
function finish(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  reader
    .read()
    .then(rest => (rest.done ? undefined : reader.cancel()))
    .catch(() => undefined)
}

/**
 * A film behind a URL, read by HTTP ranges (RFC 9110 §14). Nothing is asked before the first read, whose answer tells
 * the size: opening costs no round trip of its own.
 *
 * - The first answer's strong ETag, Last-Modified and size are pinned, and every later answer is compared with them:
 *   a film that changes underneath throws `SOURCE_CHANGED`. An answer with other bytes than were asked for is refused.
 * - Broken connections, silence, 408, 425, 429 and 5xx are tried again, from the byte where it broke, after a growing
 *   wait or the one of `Retry-After` (up to 30 s). A refused connection is tried three times. Other statuses, unknown
 *   hosts and bad certificates fail at once.
 * - A server without ranges (200) is read forward, once, with the last `windowBytes` kept; only a read before those
 *   starts the download again. Reads then take turns.
 * - User and password in the URL go into the `Authorization` header. Neither they, nor the query, nor any header is in
 *   `name` or in an error; `key` is the URL with a SHA-256 digest of query and headers, and does not tell apart two
 *   states of one URL: `validator` does.
 *
 * @throws CuemuxError `BAD_REQUEST` for what is no http or https URL, and for headers that can't be sent
 */
export function httpSource(url: string | URL, options: HttpSourceOptions = {}): HttpSource {
  return new RangeSource(parseAddress(url, options.headers ?? {}), options)
}
