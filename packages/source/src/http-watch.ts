import { abortedError } from './abort.js'
import { TransientError } from './http-retry.js'
import { closedError } from './range.js'

/**
 * Ends one request when its reader gives up, when the source is closed, or when the server has been silent for too
 * long; afterwards it knows which of them it was.
 */
export class Watch {
  readonly #ending = new AbortController()
  readonly #reader: AbortSignal | undefined
  /** The watches of one source that are not over; a set, not a signal, whose number of listeners Node warns about. */
  readonly #open: Set<Watch>
  #isClosed = false
  readonly #silenceMs: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSilent = false
  readonly #end = (): void => this.#ending.abort()

  constructor(reader: AbortSignal | undefined, open: Set<Watch>, silenceMs: number | undefined) {
    this.#reader = reader
    this.#open = open
    this.#silenceMs = silenceMs
    if (reader?.aborted) this.#end()
    reader?.addEventListener('abort', this.#end)
    open.add(this)
  }

  /** For `fetch`, and for waiting. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Whether the server was silent for too long. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Starts the time of silence anew: before a request and with every piece of an answer. */
  expect(): void {
    clearTimeout(this.#timer)
    if (this.#silenceMs === undefined) return
    this.#timer = setTimeout(() => {
      this.#isSilent = true
      this.#end()
    }, this.#silenceMs)
  }

  /** Nothing is awaited from the server for now. */
  rest(): void {
    clearTimeout(this.#timer)
  }

  /** The source is closed. */
  close(): void {
    this.#isClosed = true
    this.#end()
  }

  /** What an error of a watched request is really: the reason for which it was ended, or itself. */
  explain(error: unknown, name: string): unknown {
    if (this.#reader?.aborted) return abortedError(this.#reader)
    if (this.#isClosed) return closedError(name)
    if (this.#isSilent)
      return new TransientError(`the server sent nothing for ${(this.#silenceMs ?? 0) / 1000} s`, { cause: error })
    return error
  }

  /** Gives back timer and listeners. */
  end(): void {
    this.rest()
    this.#reader?.removeEventListener('abort', this.#end)
    this.#open.delete(this)
  }
}
