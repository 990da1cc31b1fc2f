/** Ends a timer. */
export type CancelTimer = () => void

/** Times and timers of sessions; tests give their own. */
export interface SessionClock {
  /** A time that only goes forward, ms: all expiry goes by it, so that setting the system's clock ends no session. */
  nowMs(): number
  /** Time since 1970, ms: for what is kept on disk, where the other one has no meaning. */
  wallMs(): number
  /** Calls once, not before so many ms have passed. */
  schedule(delayMs: number, work: () => void): CancelTimer
}

/** The most that Node's timers take; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The system's clocks. Its timers keep no process alive. */
export const systemClock: SessionClock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule: (delayMs, work) => {
    const timer = setTimeout(work, Math.min(delayMs, MAX_DELAY_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
