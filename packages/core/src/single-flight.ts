import { CuemuxError } from './errors.js'

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

/**
 * Does the same work once for everybody in this process who asks for it at the same time. The work is aborted when the
 * last of those who wait for it has left.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** Joins the work under `key`, or starts it; rejects with `ABORTED` when this caller's own signal fires. */
  run(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted())
    const flight = this.#flights.get(key) ?? this.#start(key, work)
    flight.waiting++
    return signal === undefined ? flight.result : this.#wait(key, flight, signal)
  }

  /** Whether work under `key` is under way. */
  has(key: string): boolean {
    return this.#flights.has(key)
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    // Within a promise, so that work that throws at once is a rejection like any other.
    const result = Promise.resolve().then(() => work(controller.signal))
    const flight: Flight<T> = { result, controller, waiting: 0 }
    this.#flights.set(key, flight)
    const land = (): void => this.#forget(key, flight)
    result.then(land, land)
    return flight
  }

  #wait(key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        flight.waiting--
        if (flight.waiting === 0) {
          this.#forget(key, flight)
          flight.controller.abort()
        }
        reject(aborted())
      }
      signal.addEventListener('abort', leave, { once: true })
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    })
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}

function aborted(): CuemuxError {
  return new CuemuxError('ABORTED', 'The operation was aborted.')
}
