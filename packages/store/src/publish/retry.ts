import { setTimeout as delay } from 'node:timers/promises'
import { CuemuxError, throwIfAborted } from '@cuemux/core'
import { isTransient, RemoteError } from './failure.js'

/** A retry that is about to be waited for. */
export interface RetryEvent {
  /** Which attempt failed, counted from 1. */
  readonly attempt: number
  /** How long is waited before the next, in milliseconds. */
  readonly delayMs: number
  readonly error: unknown
}

/** Options of {@link withRetry}. */
export interface RetryOptions {
  /** How many attempts may follow the first. */
  readonly retries: number
  /** The first wait is half to all of it, each later one of twice as much, up to {@link MAX_DELAY_MS}. */
  readonly firstDelayMs: number
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((event: RetryEvent) => void) | undefined
}

/**
 * Checks a number of retries that a caller gave.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function checkRetries(retries: number): number {
  if (Number.isSafeInteger(retries) && retries >= 0) return retries
  throw new CuemuxError('BAD_REQUEST', `retries must be a whole number from 0; it is ${String(retries)}.`)
}

/** The longest wait between two attempts, but for what a server asks for. */
const MAX_DELAY_MS = 15_000
/** The longest wait that a server gets its way with. */
const MAX_RETRY_AFTER_MS = 60_000

/**
 * Does work, again while it fails with what may pass. Waits double, with jitter, so that many who failed together don't come
 * back together.
 *
 * @throws what the last attempt threw; `ABORTED`
 */
export async function withRetry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(options.signal)
    try {
      return await work(attempt)
    } catch (error) {
      throwIfAborted(options.signal)
      if (attempt > options.retries || !isTransient(error)) throw error
      const delayMs = Math.max(backoffMs(attempt, options.firstDelayMs), askedDelayMs(error))
      options.onRetry?.({ attempt, delayMs, error })
      await sleep(delayMs, options.signal)
    }
  }
}

function backoffMs(attempt: number, firstDelayMs: number): number {
  const whole = Math.min(MAX_DELAY_MS, firstDelayMs * 2 ** (attempt - 1))
  return Math.round(whole * (0.5 + Math.random() / 2))
}

function askedDelayMs(error: unknown): number {
  const remote = error instanceof CuemuxError ? error.cause : error
  return remote instanceof RemoteError ? Math.min(MAX_RETRY_AFTER_MS, remote.retryAfterMs ?? 0) : 0
}

async function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(delayMs, undefined, signal === undefined ? {} : { signal })
  } catch {
    throwIfAborted(signal)
  }
}
