import { CuemuxError, throwIfAborted } from '@cuemux/core'

/** The promise, or `ABORTED` as soon as the signal fires. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  promise.catch(() => {})
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason }))
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
