import { corrupt, u8 } from './bytes.js'

/** Reads bits, most significant first. Reading past the end throws `CORRUPT_INDEX`. */
export class BitReader {
  readonly #data: Uint8Array
  readonly #endBit: number
  #bit: number

  constructor(data: Uint8Array, startByte = 0, endByte: number = data.length) {
    this.#data = data
    this.#bit = startByte * 8
    this.#endBit = Math.min(endByte, data.length) * 8
  }

  /** Bits that are left. */
  get left(): number {
    return this.#endBit - this.#bit
  }

  /** Bits read so far, counted from the start of the data. */
  get position(): number {
    return this.#bit
  }

  /** The next `count` bits, 0 to 32, as an unsigned number. */
  bits(count: number): number {
    if (count > this.left) throw corrupt('The bits end early.')
    let value = 0
    for (let todo = count; todo > 0; ) {
      const inByte = 8 - (this.#bit & 7)
      const take = Math.min(inByte, todo)
      const byte = u8(this.#data, this.#bit >>> 3)
      // Multiplied, not shifted: 32 bits have to stay unsigned.
      value = value * 2 ** take + ((byte >> (inByte - take)) & ((1 << take) - 1))
      this.#bit += take
      todo -= take
    }
    return value
  }

  /** One bit as a boolean. */
  flag(): boolean {
    return this.bits(1) === 1
  }

  /** Moves on by `count` bits. */
  skip(count: number): void {
    if (count > this.left) throw corrupt('The bits end early.')
    this.#bit += count
  }

  /** Exp-Golomb code without sign, below 2^32 − 1 (ISO/IEC 14496-10 §9.1; `uvlc` of AV1 §4.10.3). */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      if (++zeros > 31) throw corrupt('An exp-Golomb code has more than 31 leading zeros.')
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** Exp-Golomb code with sign. */
  se(): number {
    const code = this.ue()
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2)
  }

  /** An exp-Golomb code that may not exceed `most`. */
  ueUpTo(most: number, what: string): number {
    const value = this.ue()
    if (value > most) throw corrupt(`${what} is ${value}, more than ${most}.`)
    return value
  }
}
