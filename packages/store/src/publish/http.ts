import { CuemuxError, throwIfAborted } from '@cuemux/core'
import { RemoteError } from './failure.js'

/** The longest answer that is read, in bytes: a store's own words, never a file. */
const MAX_ANSWER_BYTES = 2 ** 20

/** A request to a store. */
export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes, or a stream of them, which is sent in chunks. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined
  /** After this long without an answer, or without a piece of the body's stream being taken, the request is given up. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A store's answer, whatever its status. */
export interface StoreAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * Asks a store and reads the whole answer.
 *
 * @throws RemoteError, transient, when there is none in time; CuemuxError `ABORTED`; what the body's stream throws
 */
export async function askStore(request: StoreRequest): Promise<StoreAnswer> {
  throwIfAborted(request.signal)
  const silence = new SilenceTimer(request.timeoutMs)
  const signals = request.signal === undefined ? [silence.signal] : [silence.signal, request.signal]
  let bodyError: { error: unknown } | undefined
  const sent = request.body
  async function* watched(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      // The silence of the body's own source, an encoder perhaps, isn't the store's.
      silence.stop()
      for await (const piece of stream) {
        silence.reset()
        yield piece
        silence.stop()
      }
      silence.reset()
    } catch (error) {
      bodyError = { error }
      throw error
    }
  }
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      // A store that sends somewhere else is not the one that was configured; what is signed can't follow anyway.
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      // Node's fetch takes any async iterable, which the types of browsers' don't know.
      ...(sent === undefined
        ? {}
        : { body: (sent instanceof Uint8Array ? sent : watched(sent)) as never, duplex: 'half' as const }),
    })
    return { status: response.status, headers: response.headers, text: await readText(response, () => silence.reset()) }
  } catch (error) {
    throwIfAborted(request.signal)
    if (bodyError !== undefined) throw bodyError.error
    if (error instanceof CuemuxError) throw error
    if (silence.signal.aborted) {
      throw new RemoteError(`it did not answer within ${request.timeoutMs} ms`, { isTransient: true })
    }
    throw new RemoteError(connectionTrouble(error), { isTransient: true, cause: error })
  } finally {
    silence.stop()
  }
}

/** The error for an answer that isn't a success: transient for 408, 425, 429 and 5xx. */
export function refusal(answer: StoreAnswer, message: string): RemoteError {
  const isTransient = answer.status >= 500 || [408, 425, 429].includes(answer.status)
  const after = Number(answer.headers.get('retry-after') ?? Number.NaN)
  return new RemoteError(`${message} (HTTP ${answer.status})`, {
    isTransient,
    status: answer.status,
    retryAfterMs: Number.isFinite(after) && after >= 0 ? after * 1000 : undefined,
  })
}

async function readText(response: Response, onPiece: () => void): Promise<string> {
  const pieces: Uint8Array[] = []
  let lengthBytes = 0
  for await (const piece of response.body ?? []) {
    onPiece()
    lengthBytes += piece.byteLength
    if (lengthBytes > MAX_ANSWER_BYTES) throw new RemoteError('its answer is too long', { isTransient: false })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** What fetch hides in its error's cause. */
function connectionTrouble(error: unknown): string {
  if (error instanceof RemoteError) return error.message
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause ? String(cause.code) : ''
  return cause.message !== ''
    ? `${cause.message}${code !== '' && !cause.message.includes(code) ? ` (${code})` : ''}`
    : code
}

/** Fires when nothing happened for a time. */
class SilenceTimer {
  readonly #controller = new AbortController()
  readonly #timeoutMs: number
  #timer: NodeJS.Timeout

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#timer = this.#start()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  reset(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#start()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.#timeoutMs)
  }
}
