import type { CancelTimer, SessionClock } from './clock.js'

/**
 * One timer for all that ends by time. It is set to the earliest of the deadlines, which are derived from what there is
 * and kept nowhere else: none can be forgotten. A deadline that moves on is found when the timer fires too early.
 */
export class Sweeper {
  readonly #clock: SessionClock
  readonly #earliestMs: () => number | undefined
  readonly #sweep: () => void
  #cancel: CancelTimer | undefined
  #setForMs: number | undefined
  #isClosed = false

  constructor(clock: SessionClock, earliestMs: () => number | undefined, sweep: () => void) {
    this.#clock = clock
    this.#earliestMs = earliestMs
    this.#sweep = sweep
  }

  /** To be called whenever there may be an earlier deadline than before. */
  set(): void {
    if (this.#isClosed) return
    const next = this.#earliestMs()
    if (next !== undefined && this.#setForMs !== undefined && this.#setForMs <= next) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#setForMs = next
    if (next === undefined) return
    // Rounded up: a timer that fires too early would only be set again.
    const delayMs = Math.max(1, Math.ceil(next - this.#clock.nowMs()))
    this.#cancel = this.#clock.schedule(delayMs, () => this.#fire())
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  #fire(): void {
    this.#cancel = undefined
    this.#setForMs = undefined
    if (this.#isClosed) return
    this.#sweep()
    this.set()
  }
}
