import { CuemuxError } from '@cuemux/core'

/** What the promise gives, or `ABORTED` as soon as the signal fires, whatever becomes of the promise. */
export function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = (): void => reject(new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason }))
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/** Waits for work until it is done, well or not, at most for a time. */
export async function waitAtMost(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}

/** Calls back when nothing went forward for a time. */
export class Watchdog {
  readonly #timer: NodeJS.Timeout

  /**
   * @param hasStalled asked when nothing was told of for so long
   */
  constructor(ms: number, hasStalled: () => boolean, onStall: () => void) {
    this.#timer = setTimeout(() => {
      if (hasStalled()) onStall()
      else this.#timer.refresh()
    }, ms)
  }

  /** Something went forward. */
  tell(): void {
    this.#timer.refresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
