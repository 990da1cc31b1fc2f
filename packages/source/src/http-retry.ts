import { CuemuxError } from '@cuemux/core'
import { abortedError } from './abort.js'

/** A failure after which the same request may succeed. Never leaves the package. */
export class TransientError extends Error {
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs: number | undefined
  /** How often it makes sense to try again at most, whatever the caller allows. */
  readonly maxRetries: number

  constructor(
    message: string,
    options: { retryAfterMs?: number | undefined; maxRetries?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
    this.maxRetries = options.maxRetries ?? Number.POSITIVE_INFINITY
  }
}

const RETRIED_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])
/** A server that asks for more than this is not waited for. */
const MAX_RETRY_AFTER_MS = 30_000
const MAX_BACKOFF_MS = 5_000
/** On top of what a server asks for, so that those whom it asked at once don't come back at once. */
const MAX_ASKED_JITTER_MS = 500

/** Names that don't resolve, and certificates and protocols that are wrong, stay so. */
const LASTING_NETWORK_ERRORS =
  /^(ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HPE_|UND_ERR_NOT_SUPPORTED)/

/** What an answer that is neither 200, 206 nor 416 means: an error to throw, transient or for good. */
export function statusError(response: Response, shownUrl: string, offsetBytes: number): Error {
  const { status } = response
  if (RETRIED_STATUS.has(status)) {
    return new TransientError(`the server answers ${status}`, {
      retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
    })
  }
  const sentence = STATUS_SENTENCES.get(status) ?? 'The server does not give out'
  const hint = status === 401 || status === 403 ? 'Check the address, the headers and the password.' : undefined
  return new CuemuxError('SOURCE_UNREACHABLE', `${sentence} ${shownUrl} (HTTP ${status}).`, {
    at: { offsetBytes },
    ...(hint === undefined ? {} : { hint }),
  })
}

const STATUS_SENTENCES: ReadonlyMap<number, string> = new Map([
  [401, 'The server asks for a user and a password for'],
  [403, 'The server refuses access to'],
  [404, 'The server has no'],
  [410, 'The server no longer has'],
  [451, 'The server may not give out'],
])

/** RFC 9110 §10.2.3: seconds or a date. */
export function retryAfterMs(text: string | null, nowMs: number = Date.now()): number | undefined {
  if (text === null) return undefined
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

/** What a failed `fetch` or a broken body means. */
export function networkError(error: unknown, shownUrl: string, offsetBytes: number): Error {
  if (error instanceof CuemuxError || error instanceof TransientError) return error
  const code = networkCode(error)
  const reason = reasonOf(error, code)
  if (code !== undefined && LASTING_NETWORK_ERRORS.test(code)) {
    return new CuemuxError('SOURCE_UNREACHABLE', `${shownUrl} can't be reached: ${reason}.`, {
      at: { offsetBytes },
      cause: error,
    })
  }
  // Nobody listens there: a server that restarts is back soon or not at all.
  return new TransientError(reason, { cause: error, ...(code === 'ECONNREFUSED' ? { maxRetries: 2 } : {}) })
}

function networkCode(error: unknown): string | undefined {
  let at: unknown = error
  for (let depth = 0; depth < 4 && at instanceof Error; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return undefined
}

function reasonOf(error: unknown, code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'the connection is refused'
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the connection broke off'
  if (code === 'ENOTFOUND') return 'there is no such host'
  return code ?? (error instanceof Error ? error.message : String(error))
}

/**
 * Waits before the next try: twice as long each time, half of it by chance so that many readers don't come back at
 * once, or as long as the server asks.
 *
 * @throws the lasting error when there is to be no other try; `ABORTED`
 */
export async function waitToRetry(
  error: unknown,
  failures: number,
  limits: { readonly maxRetries: number; readonly retryDelayMs: number },
  place: { readonly shownUrl: string; readonly offsetBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  if (!(error instanceof TransientError)) throw error
  const asked = error.retryAfterMs
  if (failures > Math.min(limits.maxRetries, error.maxRetries) || (asked !== undefined && asked > MAX_RETRY_AFTER_MS)) {
    const tries = failures === 1 ? 'one try' : `${failures} tries`
    const wait = asked === undefined ? '' : `, and asks to wait ${Math.ceil(asked / 1000)} s`
    throw new CuemuxError(
      'SOURCE_UNREACHABLE',
      `${place.shownUrl} can't be read after ${tries}: ${error.message}${wait}.`,
      {
        at: { offsetBytes: place.offsetBytes },
        cause: error.cause ?? error,
      },
    )
  }
  const backoff = Math.min(limits.retryDelayMs * 2 ** (failures - 1), MAX_BACKOFF_MS)
  const jitter = Math.random() / 2
  await sleep(
    asked === undefined ? backoff * (0.5 + jitter) : asked + Math.min(asked, MAX_ASKED_JITTER_MS) * jitter,
    place.signal,
  )
}

/** Waits, and ends with `ABORTED` when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortedError(signal))
    const abort = (): void => {
      clearTimeout(timer)
      reject(abortedError(signal))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal.addEventListener('abort', abort, { once: true })
  })
}
