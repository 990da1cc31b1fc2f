import { crc32 } from './crc32.js'

/** Longest PSI section: 12 bits of length behind three bytes (ISO/IEC 13818-1 §2.4.4.1). */
const MAX_SECTION_BYTES = 3 + 4095

/** Puts the sections of one PID together from the payloads of its packets; those with a wrong CRC are passed over. */
export class SectionAssembler {
  readonly #section = new Uint8Array(MAX_SECTION_BYTES + 184)
  #length = 0
  #isOpen = false

  /**
   * Takes a packet's payload and gives the sections that it completes.
   *
   * @param isStart payload_unit_start_indicator: the payload begins with pointer_field
   */
  push(payload: Uint8Array, isStart: boolean): Uint8Array[] {
    const done: Uint8Array[] = []
    let at = 0
    if (isStart) {
      const pointer = 1 + (payload[0] ?? 0)
      if (pointer > payload.length) return done
      if (this.#isOpen) this.#append(payload.subarray(1, pointer), done)
      at = pointer
      this.#length = 0
      this.#isOpen = true
    }
    if (this.#isOpen) this.#append(payload.subarray(at), done)
    return done
  }

  #append(bytes: Uint8Array, done: Uint8Array[]): void {
    const room = this.#section.length - this.#length
    const taken = bytes.subarray(0, room)
    this.#section.set(taken, this.#length)
    this.#length += taken.length
    while (this.#isOpen && this.#length >= 3) {
      const total = 3 + (((this.#section[1]! & 15) << 8) | this.#section[2]!)
      // Stuffing fills the rest of the packet.
      if (this.#section[0] === 0xff || total > MAX_SECTION_BYTES) {
        this.#isOpen = false
        this.#length = 0
        return
      }
      if (this.#length < total) return
      const section = this.#section.slice(0, total)
      if (crc32(section) === 0) done.push(section)
      this.#section.copyWithin(0, total, this.#length)
      this.#length -= total
    }
  }
}
