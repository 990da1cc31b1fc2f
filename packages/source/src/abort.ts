import { CuemuxError } from '@cuemux/core'

/** What a caller gets whose signal has fired. */
export function abortedError(signal: AbortSignal): CuemuxError {
  return new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason })
}

/** The promise, or `ABORTED` as soon as the signal fires; the work behind the promise goes on for others. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError(signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
