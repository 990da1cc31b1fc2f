import { CuemuxError } from '@cuemux/core'

/** A counted permit; release it once. */
export interface Slot {
  release(): void
}

interface Waiter {
  readonly grant: () => void
}

/** A semaphore with a bounded queue, first come first served. */
export class Slots {
  #limit: number
  readonly #maxWaiting: number
  readonly #what: string
  readonly #waiting: Waiter[] = []
  #taken = 0

  /**
   * @param limit how many permits there are at once
   * @param maxWaiting how many may wait for one before `CAPACITY` is thrown
   * @param what named in the error, as `ffmpeg processes`
   */
  constructor(limit: number, maxWaiting: number, what: string) {
    this.#limit = limit
    this.#maxWaiting = maxWaiting
    this.#what = what
  }

  /** Permits given out now. */
  get taken(): number {
    return this.#taken
  }

  /** How many permits there are. */
  get limit(): number {
    return this.#limit
  }

  /** Changes how many there are; what is given out stays so. */
  setLimit(limit: number): void {
    this.#limit = Math.max(1, limit)
    this.#grantNext()
  }

  /** A permit when one is free now. */
  tryAcquire(): Slot | undefined {
    if (this.#taken >= this.#limit) return undefined
    return this.#take()
  }

  /**
   * Waits for a permit.
   *
   * @throws CuemuxError `CAPACITY` where too many wait already, `ABORTED`
   */
  acquire(signal?: AbortSignal): Promise<Slot> {
    if (signal?.aborted) return Promise.reject(new CuemuxError('ABORTED', 'The operation was aborted.'))
    const free = this.tryAcquire()
    if (free !== undefined) return Promise.resolve(free)
    if (this.#waiting.length >= this.#maxWaiting) {
      const message = `All ${this.#limit} ${this.#what} are taken, and ${this.#waiting.length} requests wait for one.`
      return Promise.reject(new CuemuxError('CAPACITY', message, { hint: 'Try again in a moment.' }))
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(new CuemuxError('ABORTED', 'The operation was aborted.'))
      }
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve(this.#take())
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #take(): Slot {
    this.#taken++
    let isHeld = true
    return {
      release: () => {
        if (!isHeld) return
        isHeld = false
        this.#taken--
        this.#grantNext()
      },
    }
  }

  #grantNext(): void {
    while (this.#taken < this.#limit && this.#waiting.length > 0) this.#waiting.shift()?.grant()
  }
}
