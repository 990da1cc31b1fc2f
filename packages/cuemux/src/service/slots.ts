import { CuemuxError } from '@cuemux/core'
import { BusyError, closedError } from './busy.js'

/** Gives a slot back; a second call does nothing. */
export type Leave = () => void

/** How much {@link Slots} let in. */
export interface SlotLimits {
  /** How many work at once. */
  readonly active: number
  /** How many of one caller are in here at once, those that wait among them. */
  readonly perCaller: number
  /** How many may wait. */
  readonly queued: number
}

interface Waiter {
  readonly admit: () => void
  readonly refuse: (error: CuemuxError) => void
}

/** Lets in a bounded number at once; a bounded number of others wait for their turn, and the rest is sent away. */
export class Slots {
  readonly #limits: SlotLimits
  readonly #waiting = new Set<Waiter>()
  readonly #byCaller = new Map<string, number>()
  #active = 0
  #isClosed = false

  constructor(limits: SlotLimits) {
    this.#limits = limits
  }

  get active(): number {
    return this.#active
  }

  get queued(): number {
    return this.#waiting.size
  }

  /**
   * Takes a slot, at once where one is free.
   *
   * @throws BusyError (429) for a caller past its limit, (503) when too many wait; CuemuxError `ABORTED`
   */
  enter(caller: string | undefined, signal: AbortSignal | undefined): Leave | Promise<Leave> {
    if (this.#isClosed) throw closedError()
    if (caller !== undefined && (this.#byCaller.get(caller) ?? 0) >= this.#limits.perCaller) {
      throw new BusyError(429, `${this.#limits.perCaller} requests of one caller at once are enough.`)
    }
    if (this.#active < this.#limits.active) {
      this.#count(caller, 1)
      return this.#take(caller)
    }
    if (this.#waiting.size >= this.#limits.queued) throw new BusyError(503, 'There are too many requests at once.', 2)
    this.#count(caller, 1)
    return this.#wait(caller, signal)
  }

  /** Takes a slot whether there is one or not: for what has begun already. */
  force(caller: string | undefined): Leave {
    this.#count(caller, 1)
    return this.#take(caller)
  }

  /** Sends away those who wait, and all that come. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiting) waiter.refuse(closedError())
  }

  #take(caller: string | undefined): Leave {
    this.#active++
    let hasLeft = false
    return () => {
      if (hasLeft) return
      hasLeft = true
      this.#active--
      this.#count(caller, -1)
      const [next] = this.#waiting
      if (this.#active < this.#limits.active) next?.admit()
    }
  }

  #wait(caller: string | undefined, signal: AbortSignal | undefined): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const refuse = (error: CuemuxError): void => {
        settle()
        this.#count(caller, -1)
        reject(error)
      }
      const abort = (): void => refuse(new CuemuxError('ABORTED', 'The client left before its turn came.'))
      const admit = (): void => {
        settle()
        resolve(this.#take(caller))
      }
      const waiter: Waiter = { admit, refuse }
      this.#waiting.add(waiter)
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  #count(caller: string | undefined, change: number): void {
    if (caller === undefined) return
    const count = (this.#byCaller.get(caller) ?? 0) + change
    if (count > 0) this.#byCaller.set(caller, count)
    else this.#byCaller.delete(caller)
  }
}
