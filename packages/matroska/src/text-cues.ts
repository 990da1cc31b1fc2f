import { rowsInOrder } from './cue-order.js'

/** Where the blocks of a text track lie, by its cues, as columns in the order of time. Plain data, kept in the index. */
export interface TextCues {
  readonly trackId: number
  /** Each block has a cue of its own: a muxer that counts them says so. */
  readonly isComplete: boolean
  /** CueTime, container ticks. */
  readonly ticks: Float64Array
  /** Offset of the cluster in the source, bytes. */
  readonly clusterOffset: Float64Array
  /** CueRelativePosition: offset of the block in the cluster's payload, bytes. */
  readonly relative: Uint32Array
  /** CueDuration, container ticks; {@link NO_DURATION} where it isn't told. */
  readonly duration: Uint32Array
}

/** A text cue that doesn't say how long it is shown. */
export const NO_DURATION = 0xffffffff

/** Most text cues that are kept of a film, of all tracks: 12 MB. A track of which some had to go has none. */
export const MAX_TEXT_CUES: number = 2 ** 19

/** Grows by itself; holds one row per cue of a text track, until one shows that they don't tell all. */
export class TextCueRows {
  count = 0
  /** Whether the blocks can't be found by these cues alone. */
  isUnusable = false
  #ticks = new Float64Array(64)
  #clusterOffset = new Float64Array(64)
  #relative = new Uint32Array(64)
  #duration = new Uint32Array(64)

  add(ticks: number, clusterOffset: number, relative: number, duration: number): void {
    if (relative < 0 || relative > 0xffffffff || this.count >= MAX_TEXT_CUES) this.isUnusable = true
    if (this.isUnusable) return
    const row = this.count
    if (row === this.#ticks.length) this.#grow()
    this.#ticks[row] = ticks
    this.#clusterOffset[row] = clusterOffset
    this.#relative[row] = relative
    this.#duration[row] = duration < 0 || duration >= NO_DURATION ? NO_DURATION : duration
    this.count = row + 1
  }

  /** The rows in the order of time; `undefined` where they don't tell where all blocks are, as one outside of `[from, end)`. */
  toColumns(trackId: number, from: number, end: number, isComplete = false): TextCues | undefined {
    if (this.isUnusable || this.count === 0) return undefined
    const order = rowsInOrder(this.#ticks, this.#clusterOffset, this.count)
    const row = (i: number): number => (order === undefined ? i : order[i]!)
    for (let i = 0; i < this.count; i++) {
      const at = this.#clusterOffset[i]!
      if (at < from || at >= end) return undefined
    }
    return {
      trackId,
      isComplete,
      ticks: new Float64Array(this.count).map((_, i) => this.#ticks[row(i)]!),
      clusterOffset: new Float64Array(this.count).map((_, i) => this.#clusterOffset[row(i)]!),
      relative: new Uint32Array(this.count).map((_, i) => this.#relative[row(i)]!),
      duration: new Uint32Array(this.count).map((_, i) => this.#duration[row(i)]!),
    }
  }

  #grow(): void {
    const length = Math.min(MAX_TEXT_CUES, this.count * 2)
    this.#ticks = enlarge(this.#ticks, new Float64Array(length))
    this.#clusterOffset = enlarge(this.#clusterOffset, new Float64Array(length))
    this.#relative = enlarge(this.#relative, new Uint32Array(length))
    this.#duration = enlarge(this.#duration, new Uint32Array(length))
  }
}

function enlarge<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** The columns of all text tracks that together are few enough, in the order of the tracks. */
export function keepTextCues(
  rows: ReadonlyMap<number, TextCueRows>,
  sampleCounts: ReadonlyMap<number, number | undefined>,
  from: number,
  end: number,
): TextCues[] {
  const kept: TextCues[] = []
  let total = 0
  for (const [trackId, track] of rows) {
    // A muxer that counts the blocks says whether each has a cue.
    const told = sampleCounts.get(trackId)
    if (track.count < (told ?? 0) || total + track.count > MAX_TEXT_CUES) continue
    const columns = track.toColumns(trackId, from, end, told === track.count)
    if (columns === undefined) continue
    kept.push(columns)
    total += track.count
  }
  return kept
}
