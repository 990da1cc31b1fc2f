import { setTimeout as delay } from 'node:timers/promises'
import { CuemuxError } from '@cuemux/core'
import { tell } from './listener.js'
import type { LadderUpdate } from './options.js'
import { withSignal } from './patience.js'
import type { PublishedLadder, Publisher } from './publisher.js'
import { Updates } from './updates.js'

/** What versions are made with. */
export interface VersionsOptions {
  readonly publisher: Publisher
  /** The least time between two, ms. */
  readonly intervalMs: number
  /** Ends everything. */
  readonly signal: AbortSignal
  readonly onUpdate: ((update: LadderUpdate) => void) | undefined
  readonly onError: (error: unknown) => void
}

/** The versions of a ladder's playlists: one after the other, each with all that changed since the one before. */
export class Versions extends Updates<LadderUpdate> {
  readonly #options: VersionsOptions
  /** Ends the waiting between two. */
  readonly #finish = new AbortController()
  #publishing: Promise<void> | undefined
  #isChanged = false
  #publishedAt = Number.NEGATIVE_INFINITY

  constructor(options: VersionsOptions) {
    super()
    this.#options = options
  }

  /** Sees to a version with what changed. */
  changed(): void {
    this.#isChanged = true
    if (this.#publishing !== undefined || this.#finish.signal.aborted) return
    this.#publishing = this.#publishAll()
      .catch(error => this.#options.onError(error))
      .finally(() => {
        this.#publishing = undefined
      })
  }

  /** Makes the version of the ladder's end, of the segments before a number. */
  async publishLast(limit: number): Promise<PublishedLadder> {
    const last = await this.#publishFinally(true, limit)
    if (last === undefined) throw new CuemuxError('ABORTED', 'The ladder was closed before it had a segment.')
    return last
  }

  /** Makes a version of what is stored when nothing more comes, though more is missing. */
  async publishRest(): Promise<void> {
    const update = await this.#publishFinally(false)
    if (update !== undefined) this.#tell(update)
  }

  async #publishFinally(isEnded: boolean, limit?: number): Promise<PublishedLadder | undefined> {
    this.#finish.abort()
    await this.#publishing
    return await withSignal(this.#options.publisher.publish(isEnded, limit), this.#options.signal)
  }

  async #publishAll(): Promise<void> {
    const { publisher, intervalMs, signal } = this.#options
    const isOver = AbortSignal.any([signal, this.#finish.signal])
    while (this.#isChanged && !isOver.aborted) {
      const waitMs = this.#publishedAt + intervalMs - performance.now()
      if (waitMs > 0) {
        await delay(waitMs, undefined, { signal: isOver }).catch(() => {})
        continue
      }
      this.#isChanged = false
      const update = await withSignal(publisher.publish(false), signal)
      this.#publishedAt = performance.now()
      if (update !== undefined) this.#tell(update)
    }
  }

  #tell(update: LadderUpdate): void {
    this.push(update)
    tell(this.#options.onUpdate, update)
  }
}
