import { CuemuxError } from '@cuemux/core'

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

/**
 * Does the same work once for everybody who asks for it at the same time. The work is aborted when the last of those
 * who wait for it has left.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** Joins the work under `key`, or starts it; rejects with `ABORTED` when this caller's own signal fires. */
  run(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted())
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      flight = this.#start(key, work)
      this.#flights.set(key, flight)
    }
    flight.waiting++
    return this.#wait(key, flight, signal)
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const flight: Flight<T> = { result, controller, waiting: 0 }
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    result.then(land, land)
    return flight
  }

  #wait(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal === undefined) return flight.result
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        flight.waiting--
        if (flight.waiting === 0) {
          if (this.#flights.get(key) === flight) this.#flights.delete(key)
          flight.controller.abort()
        }
        reject(aborted())
      }
      signal.addEventListener('abort', leave, { once: true })
      const done = (): void => signal.removeEventListener('abort', leave)
      flight.result.then(
        value => {
          done()
          resolve(value)
        },
        error => {
          done()
          reject(error)
        },
      )
    })
  }
}

function aborted(): CuemuxError {
  return new CuemuxError('ABORTED', 'The operation was aborted.')
}
