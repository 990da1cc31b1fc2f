import { CuemuxError, type SampleBatch } from '@cuemux/core'

interface Waiter {
  readonly segment: number
  readonly resolve: (batch: SampleBatch) => void
  readonly reject: (error: CuemuxError) => void
}

/** Those who wait for segments of a run. */
export class SegmentWaiters {
  readonly #waiters = new Set<Waiter>()

  /** How many wait. */
  get size(): number {
    return this.#waiters.size
  }

  /** Waits for a segment; leaves when the signal fires. */
  wait(segment: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted())
      const onAbort = (): void => waiter.reject(aborted())
      const settle = (): void => {
        this.#waiters.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        segment,
        resolve: batch => {
          settle()
          resolve(batch)
        },
        reject: error => {
          settle()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(waiter)
    })
  }

  /**
   * Gives each who waits what there is: a batch, an error, or nothing yet (`undefined`). Answers the number of the
   * latest segment that was given, −1 where none was.
   */
  serve(find: (segment: number) => SampleBatch | CuemuxError | undefined): number {
    let latest = -1
    for (const waiter of this.#waiters) {
      const found = find(waiter.segment)
      if (found === undefined) continue
      latest = Math.max(latest, waiter.segment)
      if (found instanceof CuemuxError) waiter.reject(found)
      else waiter.resolve(found)
    }
    return latest
  }

  /** Nobody gets anything any more. */
  fail(error: CuemuxError): void {
    for (const waiter of this.#waiters) waiter.reject(error)
  }
}

/** The error of what was given up. */
export function aborted(): CuemuxError {
  return new CuemuxError('ABORTED', 'The operation was aborted.')
}

/** The error of a segment in which a track has nothing. */
export function noSamples(n: number): CuemuxError {
  return new CuemuxError('NOT_FOUND', `Segment ${n} has no samples: its track has none there.`)
}
