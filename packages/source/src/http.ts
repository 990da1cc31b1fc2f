import { CuemuxError, type ReadOptions, toCuemuxError } from '@cuemux/core'
import { abortedError, untilAborted } from './abort.js'
import { Coalescer, type Flight } from './coalesce.js'
import { type HttpAddress, parseAddress } from './http-address.js'
import { comparePins, contentLength, type Pin, parseContentRange, parseUnsatisfiedRange, pinOf } from './http-answer.js'
import { ForwardBody } from './http-forward.js'
import type { HttpSource, HttpSourceOptions } from './http-options.js'
import { discard } from './http-redirect.js'
import { networkError, TransientError, waitToRetry } from './http-retry.js'
import { type Answer, type Transport, transportFor } from './http-transport.js'
import { Watch } from './http-watch.js'
import { allocate, checkRange, clampLength, closedError, NO_BYTES, namedKey } from './range.js'
import type { Spool } from './spool.js'

/** So much must have come between two failures for the count of failures to start anew: no endless read, a few bytes a time. */
const PROGRESS_BYTES = 64 * 1024
/** Answers that one read may take, and one more for each 64 KiB. */
const MAX_ANSWERS = 16
/** A server that knew ranges and sends the whole film so often has unlearned them. */
const MAX_WHOLE_ANSWERS = 3

class RangeSource implements HttpSource {
  readonly key: string
  readonly name: string
  /** A round trip of 50 ms at 10 MB/s. */
  readonly seekCostBytes: number = 512 * 1024
  readonly #shownUrl: string
  readonly #transport: Transport
  readonly #coalescer: Coalescer
  readonly #limits: { readonly maxRetries: number; readonly retryDelayMs: number }
  readonly #timeoutMs: number
  readonly #windowBytes: number
  readonly #spool: Spool | undefined
  readonly #watches = new Set<Watch>()
  #isClosed = false
  #pin: Pin | undefined
  /** The first request, until its answer tells what kind of server this is; others wait for that. */
  #opening: Promise<void> | undefined
  #knowsRanges = false
  #wholeAnswers = 0
  #forward: ForwardBody | undefined
  /** Readers of the one forward body take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(address: HttpAddress, options: HttpSourceOptions) {
    this.#shownUrl = options.shownAs ?? address.shownUrl
    this.key = namedKey(options.key ?? address.key)
    this.name = options.name ?? address.name
    this.#transport = transportFor(address, options)
    this.#coalescer = new Coalescer(this.seekCostBytes, flight => this.#read(flight))
    this.#limits = { maxRetries: options.maxRetries ?? 4, retryDelayMs: options.retryDelayMs ?? 250 }
    this.#timeoutMs = options.timeoutMs ?? 20_000
    this.#windowBytes = options.windowBytes ?? 32 * 1024 * 1024
    this.#spool = options.spool
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
    const signal = options?.signal
    const kept = signal?.aborted ? undefined : this.#forward?.kept(offsetBytes, lengthBytes)
    if (kept !== undefined) return kept
    const length = clampLength(offsetBytes, lengthBytes, this.sizeBytes)
    if (length === 0 && !this.#isClosed && !signal?.aborted) return NO_BYTES
    return this.#coalescer.read(offsetBytes, length, signal)
  }

  async #read(job: Flight): Promise<void> {
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
  async #pause(failure: Error, failures: number, job: Flight): Promise<void> {
    const watch = new Watch(job.signal, this.#watches, this.#timeoutMs)
    const place = { shownUrl: this.#shownUrl, offsetBytes: job.offset + job.filled, signal: watch.signal }
    try {
      await waitToRetry(failure, failures, this.#limits, place)
    } catch (error) {
      throw toCuemuxError(watch.explain(error, this.name), 'SOURCE_UNREACHABLE')
    } finally {
      watch.end()
    }
  }

  #explain(error: unknown, watch: Watch, offsetBytes: number): Error {
    return networkError(watch.explain(error, this.name), this.#shownUrl, offsetBytes)
  }

  /** One request and its body, or as many as short answers make of it. */
  async #attempt(job: Flight, watch: Watch): Promise<void> {
    for (;;) {
      if (job.signal.aborted) throw abortedError(job.signal)
      if (this.#isClosed) throw closedError(this.name)
      job.length = clampLength(job.offset, job.length, this.sizeBytes)
      if (job.filled >= job.length) return
      if (this.#forward !== undefined) return await this.#readForward(job, watch)
      if (this.#pin !== undefined) await this.#readRange(job, watch)
      else if (this.#opening !== undefined) await untilAborted(this.#opening, watch.signal)
      else await this.#open(job, watch)
    }
  }

  /** The first request goes alone: a server without ranges would start to send the whole film for each. */
  async #open(job: Flight, watch: Watch): Promise<void> {
    let opened = (): void => undefined
    this.#opening = new Promise(resolve => {
      opened = () => {
        this.#opening = undefined
        resolve()
      }
    })
    try {
      await this.#readRange(job, watch, opened)
    } finally {
      opened()
    }
  }

  async #readRange(job: Flight, watch: Watch, opened?: () => void): Promise<void> {
    const first = job.offset + job.filled
    let last = first
    const range = (): string => {
      job.isSent = true
      last = job.offset + job.length - 1
      return `bytes=${first}-${last}`
    }
    const answer = await this.#request(range, first, watch)
    try {
      const { response } = answer
      if (response.status === 416) return this.#takeEnd(response, job, first)
      if (response.status === 200) return this.#takeWhole(response, first)
      const until = this.#acceptRange(response, job, first, last)
      opened?.()
      await this.#fill(job, response, until, watch)
    } finally {
      answer.release()
    }
  }

  /** Checks a 206 against what was asked for and makes room for it; gives where in the flight it ends. */
  #acceptRange(response: Response, job: Flight, first: number, last: number): number {
    const given = response.headers.get('content-range')
    const range = parseContentRange(given)
    // More than was asked for is not wrong in itself, but what begins elsewhere is.
    if (range === undefined || range.first !== first) {
      discard(response)
      throw this.#misanswer(`bytes ${first}-${last} were asked for, "${given}" came`, first)
    }
    if (range.total === undefined && this.sizeBytes === undefined) {
      discard(response)
      throw this.#misanswer('the answer does not say how large the film is', first)
    }
    this.#pinOrCompare(response, range.total ?? this.sizeBytes, first)
    this.#knowsRanges = true
    this.#wholeAnswers = 0
    job.length = clampLength(job.offset, job.length, this.sizeBytes)
    job.target ??= allocate(job.length)
    if (++job.answers > MAX_ANSWERS + job.length / PROGRESS_BYTES) {
      discard(response)
      throw this.#misanswer('it gives a few bytes at a time', first)
    }
    return Math.min(range.last + 1 - job.offset, job.length)
  }

  async #request(range: (() => string) | undefined, offsetBytes: number, watch: Watch): Promise<Answer> {
    const answer = await this.#transport.request(range, offsetBytes, watch)
    const coding = answer.response.headers.get('content-encoding')
    if (coding === null || coding === 'identity') return answer
    discard(answer.response)
    answer.release()
    throw this.#misanswer(`it is compressed (${coding}) although that was ruled out`, offsetBytes)
  }

  #misanswer(what: string, offsetBytes: number): CuemuxError {
    return new CuemuxError('SOURCE_UNREACHABLE', `The server of ${this.#shownUrl} answers wrongly: ${what}.`, {
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
      comparePins(this.#pin, now, this.#shownUrl, offsetBytes)
    } catch (error) {
      discard(response)
      throw error
    }
  }

  /** 416: nothing lies there. Right while the size is not known, else the film has become shorter. */
  #takeEnd(response: Response, job: Flight, offsetBytes: number): void {
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
    // One machine of several, or one bad moment: the next answer may be a range again.
    if (this.#knowsRanges && ++this.#wholeAnswers < MAX_WHOLE_ANSWERS) {
      discard(response)
      throw new TransientError('the server sends the whole film where a range was asked for')
    }
    const reader = (response.body ?? new Blob([]).stream()).getReader()
    this.#forward = new ForwardBody({ reader, pin: this.#pin! }, this.#windowBytes, this.#spool)
  }

  async #fill(job: Flight, response: Response, until: number, watch: Watch): Promise<void> {
    const reader = response.body?.getReader()
    // A flight becomes shorter when a reader leaves who wanted its end.
    while (job.filled < Math.min(until, job.length)) {
      watch.expect()
      const part = await reader?.read()
      watch.rest()
      if (part === undefined || part.done) throw new TransientError('the answer ended before its length')
      const bytes = part.value.subarray(0, until - job.filled)
      job.target!.set(bytes, job.filled)
      job.filled += bytes.byteLength
      job.deliver()
    }
    if (reader !== undefined) finish(reader)
  }

  async #readForward(job: Flight, watch: Watch): Promise<void> {
    const turn = this.#turn.then(() => this.#advance(job, watch))
    this.#turn = turn.catch(() => undefined)
    job.target = await untilAborted(turn, watch.signal)
    job.filled = job.target.byteLength
    job.length = job.filled
  }

  async #advance(job: Flight, watch: Watch): Promise<Uint8Array> {
    const forward = this.#forward
    if (forward === undefined) throw closedError(this.name)
    try {
      const kept = forward.kept(job.offset, job.length) ?? (await forward.spooled(job.offset, job.length))
      if (kept !== undefined) return kept
      if (watch.signal.aborted) throw watch.explain(undefined, this.name)
      if (forward.needsBody(job.offset)) await this.#restart(forward, job.offset, watch)
      if (this.sizeBytes === undefined) await this.#findEnd(forward, watch)
      await forward.advance(job.offset, job.offset + job.length, watch)
      const length = clampLength(job.offset, job.length, this.sizeBytes)
      return forward.kept(job.offset, length) ?? (await forward.spooled(job.offset, length)) ?? NO_BYTES
    } catch (error) {
      // A reader that gives up leaves the download to the next one.
      const reason = watch.explain(error, this.name)
      if (!(reason instanceof CuemuxError && reason.code === 'ABORTED')) forward.drop()
      throw reason
    }
  }

  /** An answer that does not tell its length: a film that can be kept is read to its end, another can't be used. */
  async #findEnd(forward: ForwardBody, watch: Watch): Promise<void> {
    const keptBytes = Math.max(this.#windowBytes, this.#spool?.limitBytes ?? 0)
    await forward.advance(0, this.#windowBytes, watch)
    if (forward.endBytes === undefined && keptBytes > this.#windowBytes) {
      await forward.advance(keptBytes, keptBytes, watch)
    }
    const sizeBytes = forward.endBytes
    if (sizeBytes === undefined) {
      throw this.#misanswer(
        `it neither knows ranges nor says how large the film is, which is over ${keptBytes} bytes`,
        0,
      )
    }
    this.#pin = { ...this.#pin!, sizeBytes }
  }

  async #restart(forward: ForwardBody, offsetBytes: number, watch: Watch): Promise<void> {
    const { response, release } = await this.#request(undefined, offsetBytes, watch)
    // A download that waits for its reader must not keep others from their host.
    release()
    this.#pinOrCompare(response, contentLength(response.headers), offsetBytes)
    forward.resume({ reader: (response.body ?? new Blob([]).stream()).getReader(), pin: this.#pin! }, offsetBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const watch of this.#watches) watch.close()
    this.#forward?.drop()
    this.#forward = undefined
    await this.#spool?.close()
  }
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
