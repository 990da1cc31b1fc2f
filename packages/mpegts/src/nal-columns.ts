const INITIAL = 256
const START_CODE = Uint8Array.of(0, 0, 1)

interface Searched {
  indexOf(value: Uint8Array, from: number): number
}
/** Node has a search of its own, twice as fast as one in JavaScript; other engines have none. */
const { Buffer: nodeBuffer } = globalThis as {
  readonly Buffer?: { from(buffer: ArrayBufferLike, offset: number, length: number): Searched }
}

/** NAL units of an Annex B byte stream, as columns that grow. */
export class NalColumns {
  count = 0
  /** First byte of each unit, behind its start code. */
  start: Int32Array = new Int32Array(INITIAL)
  /** Behind its last byte, zeros that trail it left out. */
  end: Int32Array = new Int32Array(INITIAL)

  /** Finds the units of a stretch of bytes (ISO/IEC 14496-10 Annex B). */
  scan(bytes: Uint8Array, from: number, to: number): void {
    this.count = 0
    if (nodeBuffer === undefined) this.#step(bytes, from, to)
    else this.#search(bytes, nodeBuffer.from(bytes.buffer, bytes.byteOffset, to), from)
    if (this.count > 0) this.#close(bytes, to)
  }

  /** Hot, over all bytes of a film: 0.1 ns a byte. */
  #search(bytes: Uint8Array, view: Searched, from: number): void {
    for (let at = view.indexOf(START_CODE, from); at >= 0; at = view.indexOf(START_CODE, at + 3)) {
      if (this.count > 0) this.#close(bytes, at)
      this.#open(at + 3)
    }
  }

  /**
   * Hot: looks at every third byte where no start code is near, 0.2 ns a byte; four times that with places that aren't
   * known to be integers.
   */
  #step(bytes: Uint8Array, from: number, to: number): void {
    const end = to | 0
    let at = (from | 0) + 2
    while (at < end) {
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
