import type { FfmpegProcess } from './ffmpeg-process.js'
import type { FfmpegRegistry } from './registry.js'

/** How many processes wait, and for how long. */
export interface ProcessPoolOptions {
  /** Processes that wait with the same arguments. Default 1. */
  readonly size?: number | undefined
  /** A process that nobody took for this long is ended, ms. Default 60 000. */
  readonly idleMs?: number | undefined
}

/** The one that was taken needs the processor now; its successor's start can wait. */
const REFILL_DELAY_MS = 250

interface Waiting {
  readonly key: string
  readonly process: FfmpegProcess
  readonly timer: NodeJS.Timeout
}

/**
 * Processes that are started ahead and wait on their stdin: starting ffmpeg costs 60 ms and more, most of it spent on
 * loading its libraries. They wait no longer than somebody is likely to come, and give way when places are short.
 */
export class ProcessPool {
  readonly #registry: FfmpegRegistry
  readonly #size: number
  readonly #idleMs: number
  readonly #waiting: Waiting[] = []
  readonly #filling = new Map<string, number>()
  /** What close has to wait for: those that are being started or ended. */
  readonly #changing = new Set<Promise<unknown>>()
  readonly #forget: () => void
  #isClosed = false

  constructor(registry: FfmpegRegistry, options: ProcessPoolOptions = {}) {
    this.#registry = registry
    this.#size = options.size ?? 1
    this.#idleMs = options.idleMs ?? 60_000
    this.#forget = registry.onPressure(() => this.#giveWay())
  }

  /** How many processes wait now. */
  get size(): number {
    return this.#waiting.length
  }

  /** How many processes wait with these arguments. */
  waiting(args: readonly string[]): number {
    const key = keyOf(args)
    return this.#waiting.filter(waiting => waiting.key === key && !waiting.process.hasEnded).length
  }

  /** Starts as many processes with these arguments as are to wait. Never fails: without them {@link take} starts one. */
  async warm(args: readonly string[]): Promise<void> {
    const key = keyOf(args)
    const filling = this.#filling.get(key) ?? 0
    const missing = this.#size - filling - this.#waiting.filter(waiting => waiting.key === key).length
    if (this.#isClosed || missing <= 0) return
    this.#filling.set(key, filling + missing)
    await Promise.all(Array.from({ length: missing }, () => this.#follow(this.#startWaiting(key, args))))
    this.#filling.set(key, (this.#filling.get(key) ?? 0) - missing)
  }

  /**
   * A process with these arguments: one that waits, else a new one. Another is started soon after, to wait in its place.
   *
   * @throws CuemuxError `CAPACITY`, `ABORTED`
   */
  async take(args: readonly string[], signal?: AbortSignal): Promise<FfmpegProcess> {
    const key = keyOf(args)
    const at = this.#waiting.findIndex(waiting => waiting.key === key && !waiting.process.hasEnded)
    const [taken] = at < 0 ? [] : this.#waiting.splice(at, 1)
    clearTimeout(taken?.timer)
    const process = taken?.process ?? (await this.#registry.start({ args, stdin: 'media', signal }))
    setTimeout(() => void this.warm(args), REFILL_DELAY_MS).unref()
    return process
  }

  /** Ends all that wait. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#forget()
    for (const waiting of this.#waiting.splice(0)) void this.#follow(end(waiting))
    await Promise.all(this.#changing)
  }

  #follow<T>(change: Promise<T>): Promise<T> {
    const followed = change.finally(() => this.#changing.delete(followed))
    this.#changing.add(followed)
    return followed
  }

  async #startWaiting(key: string, args: readonly string[]): Promise<void> {
    try {
      const process = await this.#registry.start({ args, stdin: 'media', isOptional: true })
      const timer = setTimeout(() => this.#remove(waiting), this.#idleMs)
      timer.unref()
      const waiting: Waiting = { key, process, timer }
      if (this.#isClosed) await end(waiting)
      else {
        process.rest()
        this.#waiting.push(waiting)
      }
      void process.exit.then(() => this.#remove(waiting))
    } catch {
      // No place for one that only waits.
    }
  }

  #remove(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    void this.#follow(end(waiting))
  }

  #giveWay(): boolean {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return false
    void this.#follow(end(waiting))
    return true
  }
}

function keyOf(args: readonly string[]): string {
  return args.join('\n')
}

function end({ process, timer }: Waiting): Promise<unknown> {
  clearTimeout(timer)
  return process.end()
}
