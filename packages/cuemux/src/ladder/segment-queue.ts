import type { CuemuxError } from '@cuemux/core'
import type { LadderSegment } from './model.js'

/** Finished segments on their way to the one who takes them; those who make them wait while it is full. */
export class SegmentQueue {
  readonly #capacity: number
  readonly #segments: LadderSegment[] = []
  readonly #waiting: (() => void)[] = []
  readonly #onRoom = new Set<() => void>()
  #hasEnded = false
  #error: CuemuxError | undefined
  #wake: () => void = () => {}

  /** @param capacity segments from which on it is full */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get isFull(): boolean {
    return this.#segments.length >= this.#capacity
  }

  push(segment: LadderSegment): void {
    if (this.#hasEnded) return
    this.#segments.push(segment)
    this.#wake()
  }

  /** Resolves when it is not full any more. */
  async room(): Promise<void> {
    while (this.isFull && !this.#hasEnded) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** Calls back whenever it stops to be full. Call the answer to be forgotten. */
  onRoom(listener: () => void): () => void {
    this.#onRoom.add(listener)
    return () => void this.#onRoom.delete(listener)
  }

  /** No more come; with an error, once what there is has been taken. */
  end(error?: CuemuxError): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#error = error
    this.#wake()
    this.#tellRoom()
  }

  /** The next segment; `undefined` behind the last one. */
  async next(): Promise<LadderSegment | undefined> {
    while (this.#segments.length === 0) {
      if (this.#error !== undefined) throw this.#error
      if (this.#hasEnded) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    const segment = this.#segments.shift()
    if (!this.isFull) this.#tellRoom()
    return segment
  }

  #tellRoom(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
    for (const listener of this.#onRoom) listener()
  }
}
