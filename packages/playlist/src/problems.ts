import { CuemuxError } from '@cuemux/core'

/** Something in a playlist that its standard doesn't allow. */
export interface PlaylistProblem {
  /** Number of the line, from 1. */
  readonly line: number
  /** What is wrong, and what is allowed. */
  readonly message: string
}

/** More than these tell nothing new; a broken playlist may have one for each line. */
const MAX_PROBLEMS = 100

/** Collects what is wrong with a playlist; in strict reading the first of it is thrown. */
export class Problems {
  readonly list: PlaylistProblem[] = []
  readonly #isStrict: boolean
  /** The line that is being read, from 1. */
  line = 1

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict
  }

  /** Notes a problem of the line that is being read, or of another one. */
  add(message: string, line: number = this.line): void {
    if (this.#isStrict) throw new CuemuxError('CORRUPT_INDEX', message, { at: { path: `line ${line}` } })
    if (this.list.length < MAX_PROBLEMS) this.list.push({ line, message })
  }
}
