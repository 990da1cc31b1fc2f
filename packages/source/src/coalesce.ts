import { abortedError } from './abort.js'
import { NO_BYTES } from './range.js'

/** One reader of a part of a {@link Flight}. */
interface Waiter {
  readonly offset: number
  readonly length: number
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: unknown) => void
  /** Takes the listener off the reader's signal. */
  forget: () => void
}

/** One run of bytes on its way, for one reader or several. */
export class Flight {
  readonly offset: number
  /** As far as anybody waits for; the first answer may show that the film is shorter. */
  length: number
  target: Uint8Array | undefined
  filled = 0
  /** Answers so far. */
  answers = 0
  /** A request is on its way: the flight can't take in what lies outside of it. */
  isSent = false
  readonly #waiting = new Set<Waiter>()
  readonly #ending = new AbortController()

  constructor(offset: number, length: number) {
    this.offset = offset
    this.length = length
  }

  /** Fires when nobody waits any more. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Takes a reader on whose bytes lie in the flight. */
  add(waiter: Waiter): void {
    this.#waiting.add(waiter)
    this.deliver()
  }

  /** A reader gives up. What nobody else waits for is not read; a flight without readers ends. */
  leave(waiter: Waiter): void {
    if (!this.#waiting.delete(waiter)) return
    if (this.#waiting.size === 0) this.#ending.abort()
    let end = this.offset
    for (const { offset, length } of this.#waiting) end = Math.max(end, offset + length)
    this.length = Math.min(this.length, end - this.offset)
  }

  /** Gives their bytes to those whose bytes have come. */
  deliver(): void {
    const end = this.offset + this.filled
    for (const waiter of this.#waiting) if (waiter.offset + waiter.length <= end) this.#give(waiter)
  }

  /** All has come. */
  finish(): void {
    for (const waiter of this.#waiting) this.#give(waiter)
  }

  fail(error: unknown): void {
    for (const waiter of this.#waiting) {
      waiter.forget()
      waiter.reject(error)
    }
    this.#waiting.clear()
  }

  #give(waiter: Waiter): void {
    this.#waiting.delete(waiter)
    waiter.forget()
    const from = Math.max(0, waiter.offset - this.offset)
    const to = Math.min(this.filled, from + waiter.length)
    const target = this.target ?? NO_BYTES
    // A view keeps all of the flight in memory: right for most of it, not for a few bytes of it.
    const isMost = (to - from) * 2 >= target.byteLength
    waiter.resolve(isMost ? target.subarray(from, to) : target.slice(from, to))
  }
}

/** A coalesced request is not larger than this: two requests at once are faster than one large one. */
const MAX_COALESCED_BYTES = 8 * 1024 * 1024
/** A reader waits for bytes that are on their way if no more than this comes before them. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024

/**
 * Makes few requests of many reads: reads that are asked for at once and lie close together become one, and a read of
 * what is on its way waits for that.
 */
export class Coalescer {
  readonly #gapBytes: number
  readonly #run: (flight: Flight) => Promise<void>
  readonly #flights = new Set<Flight>()
  #pending: Waiter[] = []

  /**
   * @param gapBytes bytes between two reads that are read for nothing rather than asking twice
   * @param run reads a flight's bytes into it
   */
  constructor(gapBytes: number, run: (flight: Flight) => Promise<void>) {
    this.#gapBytes = gapBytes
    this.#run = run
  }

  read(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (signal?.aborted) return Promise.reject(abortedError(signal))
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { offset, length, resolve, reject, forget: () => undefined }
      if (signal !== undefined) this.#heed(waiter, signal)
      const flight = this.#carrying(offset, length)
      if (flight !== undefined) return flight.add(waiter)
      this.#pending.push(waiter)
      if (this.#pending.length === 1) queueMicrotask(() => this.#depart())
    })
  }

  #heed(waiter: Waiter, signal: AbortSignal): void {
    const leave = (): void => {
      this.#pending = this.#pending.filter(other => other !== waiter)
      for (const flight of this.#flights) flight.leave(waiter)
      waiter.reject(abortedError(signal))
    }
    signal.addEventListener('abort', leave, { once: true })
    waiter.forget = () => signal.removeEventListener('abort', leave)
  }

  /** A flight that brings these bytes soon. */
  #carrying(offset: number, length: number): Flight | undefined {
    for (const flight of this.#flights) {
      if (flight.signal.aborted || flight.filled >= flight.length || offset < flight.offset) continue
      if (offset + length > flight.offset + flight.length) continue
      if (offset - flight.offset - flight.filled <= MAX_QUEUED_BYTES) return flight
    }
    return undefined
  }

  /** Sends off what was asked for in this turn of the event loop. */
  #depart(): void {
    const waiters = this.#pending.sort((a, b) => a.offset - b.offset)
    this.#pending = []
    let group: Waiter[] = []
    let end = 0
    for (const waiter of waiters) {
      const first = group[0]
      const wouldEnd = Math.max(end, waiter.offset + waiter.length)
      const fits =
        first !== undefined &&
        waiter.offset - end <= this.#gapBytes &&
        (wouldEnd === end || wouldEnd - first.offset <= MAX_COALESCED_BYTES)
      if (!fits) {
        this.#launch(group, end)
        group = []
      }
      group.push(waiter)
      end = fits ? wouldEnd : waiter.offset + waiter.length
    }
    this.#launch(group, end)
  }

  #launch(waiters: readonly Waiter[], end: number): void {
    const first = waiters[0]
    if (first === undefined) return
    const flight = this.#waitingNear(first.offset, end) ?? this.#start(first.offset, end)
    for (const waiter of waiters) flight.add(waiter)
  }

  /** A flight that still waits for its host, and can take these bytes along. */
  #waitingNear(offset: number, end: number): Flight | undefined {
    for (const flight of this.#flights) {
      const flightEnd = flight.offset + flight.length
      if (flight.isSent || flight.signal.aborted || offset < flight.offset) continue
      if (offset - flightEnd > this.#gapBytes || end - flight.offset > MAX_COALESCED_BYTES) continue
      flight.length = Math.max(flight.length, end - flight.offset)
      return flight
    }
    return undefined
  }

  #start(offset: number, end: number): Flight {
    const flight = new Flight(offset, end - offset)
    this.#flights.add(flight)
    // After the readers are aboard: a flight may end at once.
    queueMicrotask(() => {
      this.#run(flight)
        .then(
          () => flight.finish(),
          error => flight.fail(error),
        )
        .finally(() => this.#flights.delete(flight))
    })
    return flight
  }
}
