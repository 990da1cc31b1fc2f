import { joinBatches, type SampleBatch } from '@cuemux/core'
import type { Run } from '../process/run-set.js'
import type { AudioRun } from './audio-run.js'

/**
 * A run whose first segment is made by two processes at once, a half each: the second goes on, the first ends with its
 * half. What nobody led up to is there in little more than half the time.
 */
export class SplitRun implements Run {
  readonly #segment: number
  readonly #head: AudioRun
  readonly #tail: AudioRun

  /** @param segment the one of which `head` makes the first half and `tail` the second */
  constructor(segment: number, head: AudioRun, tail: AudioRun) {
    this.#segment = segment
    this.#head = head
    this.#tail = tail
  }

  get isOver(): boolean {
    return this.#head.isOver || this.#tail.isOver
  }

  get isAwaited(): boolean {
    return this.#head.isAwaited || this.#tail.isAwaited
  }

  reaches(n: number): boolean {
    return !this.isOver && this.#tail.reaches(n)
  }

  async segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    if (n !== this.#segment) return this.#tail.segment(n, signal)
    const [head, tail] = await Promise.all([this.#head.segment(n, signal), this.#tail.segment(n, signal)])
    return joinBatches(head.trackId, head.timescale, [head, tail])
  }

  async end(): Promise<void> {
    await Promise.all([this.#head.end(), this.#tail.end()])
  }
}
