import { crc32 } from './crc32.js'
import { PACKET_BYTES, SYNC } from './packets.js'

/** What the adaptation field of a unit's first packet says. */
export interface UnitStart {
  /** Program clock at that packet, ticks of 90 kHz. */
  readonly pcr?: number | undefined
  /** Decoding can start here. */
  readonly isRandomAccess?: boolean | undefined
}

/** Payload of a packet without an adaptation field. */
const PAYLOAD_BYTES = PACKET_BYTES - 4
const FIRST_CAPACITY_BYTES = 64 * PACKET_BYTES
/** Flags of an adaptation field (ISO/IEC 13818-1 §2.4.3.4). */
const DISCONTINUITY = 0x80
const RANDOM_ACCESS = 0x40
const HAS_PCR = 0x10

/**
 * Writes transport packets (ISO/IEC 13818-1 §2.4.3). Each stream's counter starts at 0, which its first packet says: a
 * piece is made without the one before it.
 */
export class PacketWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES)
  #length = 0
  readonly #counters = new Map<number, number>()

  /** What has been written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A section of program tables, with its CRC added, in a packet of its own. */
  writeSection(pid: number, section: Uint8Array): void {
    const whole = new Uint8Array(PAYLOAD_BYTES - 2).fill(0xff)
    whole[0] = 0
    whole.set(section, 1)
    new DataView(whole.buffer).setUint32(1 + section.length, crc32(section))
    this.writeUnit(pid, whole)
  }

  /** A PES packet, or what else starts with a packet of its own. */
  writeUnit(pid: number, unit: Uint8Array, { pcr, isRandomAccess = false }: UnitStart = {}): void {
    let at = 0
    while (at < unit.length) {
      const isFirst = at === 0
      const flags = isFirst ? this.#flags(pid, pcr, isRandomAccess) : 0
      const clock = isFirst ? pcr : undefined
      const fieldBytes = flags === 0 ? 0 : clock === undefined ? 2 : 8
      const size = Math.min(PAYLOAD_BYTES - fieldBytes, unit.length - at)
      this.#writePacket(pid, isFirst, PAYLOAD_BYTES - size, flags, clock)
      this.#bytes.set(unit.subarray(at, at + size), this.#length - size)
      at += size
    }
  }

  #flags(pid: number, pcr: number | undefined, isRandomAccess: boolean): number {
    const isNew = !this.#counters.has(pid)
    return (isNew ? DISCONTINUITY : 0) | (isRandomAccess ? RANDOM_ACCESS : 0) | (pcr === undefined ? 0 : HAS_PCR)
  }

  /** Header and adaptation field; the rest of the packet is for the payload. @param fieldBytes with what only fills */
  #writePacket(pid: number, isStart: boolean, fieldBytes: number, flags: number, pcr: number | undefined): void {
    const at = this.#room()
    const bytes = this.#bytes
    const counter = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (counter + 1) & 15)
    bytes[at] = SYNC
    bytes[at + 1] = (isStart ? 0x40 : 0) | (pid >> 8)
    bytes[at + 2] = pid & 0xff
    bytes[at + 3] = (fieldBytes > 0 ? 0x30 : 0x10) | counter
    if (fieldBytes === 0) return
    bytes[at + 4] = fieldBytes - 1
    if (fieldBytes === 1) return
    bytes[at + 5] = flags
    if (pcr !== undefined) writePcr(bytes, at + 6, pcr)
    bytes.fill(0xff, at + (pcr === undefined ? 6 : 12), at + 4 + fieldBytes)
  }

  #room(): number {
    const at = this.#length
    this.#length += PACKET_BYTES
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return at
  }
}

/** 33 bits of 90 kHz, six reserved ones, an extension of 0. */
function writePcr(bytes: Uint8Array, at: number, ticks: number): void {
  bytes[at] = Math.floor(ticks / 2 ** 25)
  bytes[at + 1] = Math.floor(ticks / 2 ** 17)
  bytes[at + 2] = Math.floor(ticks / 2 ** 9)
  bytes[at + 3] = Math.floor(ticks / 2)
  bytes[at + 4] = ((ticks % 2) << 7) | 0x7e
  bytes[at + 5] = 0
}
