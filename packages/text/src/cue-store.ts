import type { TextCue } from './cue.js'

/**
 * The cues of a track as they come in, segment by segment and in any order: each once, however often it is added, and
 * found by time. Adding sorts lazily; {@link overlapping} takes O(log n) and O(log n) for each cue found.
 */
export class CueStore {
  readonly #known = new Set<string>()
  #cues: TextCue[] = []
  #isSorted = true
  /** The latest end of each node's cues, of a binary tree over `#cues` whose leaves are from `#leaves` on. */
  #latestEnd = new Float64Array()
  #leaves = 0

  /** How many cues there are. */
  get size(): number {
    return this.#cues.length
  }

  /** Adds cues; one of the same times and text as one that is there is passed over. Cues of one start stay in order. */
  add(cues: Iterable<TextCue>): void {
    for (const cue of cues) {
      const key = `${cue.startUs} ${cue.endUs} ${cue.payload}`
      if (this.#known.has(key)) continue
      this.#known.add(key)
      this.#cues.push(cue)
      this.#isSorted = false
    }
  }

  /** The cues shown at any time from `fromUs` until before `toUs`, µs, in order of their start. */
  overlapping(fromUs: number, toUs: number): TextCue[] {
    this.#sort()
    const found: TextCue[] = []
    this.#collect(1, fromUs, toUs, found)
    return found
  }

  #collect(node: number, fromUs: number, toUs: number, found: TextCue[]): void {
    if (!(this.#latestEnd[node]! > fromUs)) return
    if (node < this.#leaves) {
      this.#collect(node * 2, fromUs, toUs, found)
      // The right half begins with its first leaf's cue.
      let first = node * 2 + 1
      while (first < this.#leaves) first *= 2
      if ((this.#cues[first - this.#leaves]?.startUs ?? toUs) < toUs) this.#collect(node * 2 + 1, fromUs, toUs, found)
      return
    }
    const cue = this.#cues[node - this.#leaves]!
    if (cue.startUs < toUs) found.push(cue)
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#cues.sort((a, b) => a.startUs - b.startUs)
    this.#leaves = 1
    while (this.#leaves < this.#cues.length) this.#leaves *= 2
    this.#latestEnd = new Float64Array(this.#leaves * 2).fill(Number.NEGATIVE_INFINITY)
    this.#cues.forEach((cue, i) => {
      this.#latestEnd[this.#leaves + i] = cue.endUs
    })
    for (let node = this.#leaves - 1; node > 0; node--) {
      this.#latestEnd[node] = Math.max(this.#latestEnd[node * 2]!, this.#latestEnd[node * 2 + 1]!)
    }
    this.#isSorted = true
  }
}
