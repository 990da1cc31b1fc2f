import { rescale } from '@cuemux/core'
import type { StoredFile } from '@cuemux/store'
import type { LadderFormat, LadderRendition } from './model.js'

const US = 1_000_000

/** A segment that is stored, with all that playlists say of it. Times are in its rendition's ticks. */
export interface StoredSegment {
  readonly number: number
  readonly file: StoredFile
  readonly start: number
  readonly duration: number
  readonly keyframeRange?: { readonly offset: number; readonly length: number } | undefined
}

/**
 * The segments of one rendition, made and stored. They are stored in any order, and sound may have none for a stretch; so a number
 * that is missing holds up those behind it until the encoder is past it and everything that it made before is stored.
 */
export class StoredRendition {
  readonly rendition: LadderRendition
  /** Whether its segments need an init segment. */
  readonly needsInit: boolean
  readonly #stored = new Map<number, StoredSegment>()
  /** Made and not stored. */
  readonly #waiting = new Set<number>()
  readonly #run: StoredSegment[] = []
  /** The first number that isn't known to be in the run, or not to exist. */
  #next = 0
  /** Below this, the encoder makes nothing more. */
  #passed = 0
  /** One more than the last number that is stored. */
  #end = 0
  #init: StoredFile | undefined

  constructor(rendition: LadderRendition, format: LadderFormat | undefined) {
    this.rendition = rendition
    this.needsInit = format !== 'ts'
  }

  get init(): StoredFile | undefined {
    return this.#init
  }

  /** The segments from the first one on, in order, that a playlist may name. None before the init segment is stored. */
  get run(): readonly StoredSegment[] {
    if (this.needsInit && this.#init === undefined) return []
    for (; this.#next < this.#end; this.#next++) {
      const segment = this.#stored.get(this.#next)
      if (segment !== undefined) this.#run.push(segment)
      else if (this.#waiting.has(this.#next) || this.#next >= this.#passed) break
    }
    return this.#run
  }

  /** How many segments are stored. */
  get count(): number {
    return this.#stored.size
  }

  /** All stored files. */
  get files(): readonly StoredFile[] {
    const init = this.#init === undefined ? [] : [this.#init]
    return [...init, ...[...this.#stored.values()].map(({ file }) => file)]
  }

  has(number: number): boolean {
    return this.#stored.has(number)
  }

  addInit(file: StoredFile): void {
    this.#init = file
  }

  /** Notes that the encoder has made a segment, and makes none before it. */
  made(number: number): void {
    this.#passed = Math.max(this.#passed, number)
    this.#waiting.add(number)
  }

  /** Notes that the encoder has made all. */
  madeAll(): void {
    this.#passed = Number.POSITIVE_INFINITY
  }

  add(segment: StoredSegment): void {
    this.#waiting.delete(segment.number)
    this.#stored.set(segment.number, segment)
    this.#end = Math.max(this.#end, segment.number + 1)
  }
}

/** When a segment begins, µs on the output's timeline. */
export function startUs({ start }: StoredSegment, { timescale }: LadderRendition): number {
  return rescale(start, timescale, US)
}

/** When a segment ends, µs. Lengths are differences of such times, so that a row of them doesn't drift. */
export function endUs({ start, duration }: StoredSegment, { timescale }: LadderRendition): number {
  return rescale(start + duration, timescale, US)
}

/** Length of a segment, µs. */
export function durationUs(segment: StoredSegment, rendition: LadderRendition): number {
  return endUs(segment, rendition) - startUs(segment, rendition)
}
