import { CuemuxError } from '@cuemux/core'

/** A limit of the handler is reached: the answer says so, and when to come again. */
export class BusyError extends CuemuxError {
  /** 429 where the caller alone asks too much, 503 where all together do. */
  readonly status: 429 | 503
  readonly retryAfterS: number

  constructor(status: 429 | 503, message: string, retryAfterS = 1) {
    super('CAPACITY', message, { hint: 'Try again a little later.' })
    this.status = status
    this.retryAfterS = retryAfterS
  }
}

/** What a handler answers after it was closed. */
export function closedError(): BusyError {
  return new BusyError(503, 'The service is being shut down.', 5)
}
