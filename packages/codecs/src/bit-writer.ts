/** Writes bits, most significant first, into bytes that grow. For records of a few bytes. */
export class BitWriter {
  readonly #bytes: number[] = []
  #bit = 0

  /** Appends the low `count` bits of `value`, 0 to 32. */
  bits(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#bit === 0) this.#bytes.push(0)
      const one = Math.floor(value / 2 ** i) % 2
      const last = this.#bytes.length - 1
      this.#bytes[last] = (this.#bytes[last] ?? 0) | (one << (7 - this.#bit))
      this.#bit = (this.#bit + 1) & 7
    }
    return this
  }

  /** What was written, filled up with zero bits to whole bytes. */
  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
