import type { SampleBatch } from '@cuemux/core'

/** A process that started at a segment and goes on from there. */
export interface Run {
  /** It can give no more segments. */
  readonly isOver: boolean
  /** Somebody waits for one of its segments. */
  readonly isAwaited: boolean
  /** Whether it has a segment, or will soon. */
  reaches(n: number): boolean
  segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch>
  end(): Promise<void>
}

/** How many runs there are and how long one waits. */
export interface RunSetOptions {
  /** How many there may be at once: viewers at different places. */
  readonly maxRuns: number
  /** A run that nobody asked for this long is ended, ms. */
  readonly idleMs: number
}

interface Entry<R> {
  readonly run: R
  timer: NodeJS.Timeout
}

/** The runs of one track: joins the one that will reach a segment soon, else starts one there; ends those that nobody follows. */
export class RunSet<R extends Run> {
  readonly #options: RunSetOptions
  readonly #start: (n: number) => R
  /** The one that was asked last is in front. */
  readonly #entries: Entry<R>[] = []
  /** Those that have been ended and may not be gone yet. */
  readonly #ending = new Set<Promise<void>>()

  constructor(options: RunSetOptions, start: (n: number) => R) {
    this.#options = options
    this.#start = start
  }

  /** How many runs there are. */
  get size(): number {
    return this.#entries.length
  }

  /** Whether there is a run that has segment n, or will soon. */
  reaches(n: number): boolean {
    return this.#entries.some(({ run }) => run.reaches(n))
  }

  /** Segment n of a run that reaches it. A run that is over, or whose only viewer has left, is ended. */
  async segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    const run = this.runFor(n)
    try {
      return await run.segment(n, signal)
    } finally {
      if (!run.isAwaited && (run.isOver || signal?.aborted)) this.#end(run)
      else this.#arm(run)
    }
  }

  /** The run that reaches segment n; started there if there is none. */
  runFor(n: number): R {
    const known = this.#entries.find(({ run }) => run.reaches(n))
    if (known !== undefined) {
      this.#entries.splice(this.#entries.indexOf(known), 1)
      this.#entries.unshift(known)
      return known.run
    }
    const run = this.#start(n)
    this.#entries.unshift({ run, timer: this.#timer(run) })
    for (const { run: oldest } of this.#entries.slice(this.#options.maxRuns)) if (!oldest.isAwaited) this.#end(oldest)
    return run
  }

  /** Ends all runs. Resolves when all are gone. */
  async close(): Promise<void> {
    for (const { run } of [...this.#entries]) this.#end(run)
    await Promise.all(this.#ending)
  }

  #arm(run: R): void {
    const entry = this.#entries.find(candidate => candidate.run === run)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    entry.timer = this.#timer(run)
  }

  #timer(run: R): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (run.isAwaited) this.#arm(run)
      else this.#end(run)
    }, this.#options.idleMs)
    timer.unref()
    return timer
  }

  #end(run: R): void {
    const at = this.#entries.findIndex(entry => entry.run === run)
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1)
    clearTimeout(entry?.timer)
    const ending = run.end().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}
