import { concatBytes } from '@cuemux/core'

/** Units of a stream that comes in pieces which have nothing to do with them: each is read once it is whole. */
export class StreamUnits {
  #pieces: Uint8Array[] = []
  #needed: number
  #length = 0

  /** @param needed bytes before which nothing can be read */
  constructor(needed: number) {
    this.#needed = needed
  }

  /** Bytes that wait for the rest of their unit. */
  get length(): number {
    return this.#length
  }

  /**
   * Takes a piece, and reads what is whole by it.
   *
   * @param read reads the unit at a place: the bytes that it took, or {@link wait} where it isn't whole
   */
  push(piece: Uint8Array, read: (bytes: Uint8Array, at: number) => number): void {
    this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length < this.#needed) return
    const bytes = this.#pieces.length === 1 ? piece : concatBytes(this.#pieces)
    let at = 0
    for (let used = 1; used > 0; at += used) used = read(bytes, at)
    const rest = bytes.subarray(at)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#length = rest.length
  }

  /** Says that a unit needs so many bytes from its beginning on. */
  wait(bytes: number): 0 {
    this.#needed = bytes
    return 0
  }
}
