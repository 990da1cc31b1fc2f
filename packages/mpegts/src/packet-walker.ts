import type { ElementaryStream } from './elementary-stream.js'
import { PACKET_BYTES, resync, SYNC } from './packets.js'

/** Told of packets of tables: PAT and PMTs. */
export type TablePacketVisitor = (pid: number, payload: Uint8Array, isStart: boolean, position: number) => void

/** Slot of a PID whose packets are passed over. */
const NONE = 0
/** Slot of a PID whose packets go to the visitor of tables. */
const TABLE = 255

/** Walks transport packets in bytes in memory and hands their payloads to the streams that are wanted. */
export class PacketWalker {
  readonly stride: number
  readonly #slots = new Uint8Array(8192)
  readonly #streams: (ElementaryStream | undefined)[] = [undefined]
  /** Told of the packets of the PIDs given to {@link watchTable}. */
  onTable: TablePacketVisitor = () => {}

  constructor(stride: number) {
    this.stride = stride
  }

  /** Hands the packets of the stream's PID to it. */
  add(stream: ElementaryStream): void {
    let slot = this.#streams.indexOf(stream)
    if (slot < 0) {
      slot = this.#streams.length
      if (slot >= TABLE) return
      this.#streams.push(stream)
    }
    this.#slots[stream.pid] = slot
  }

  /** Passes the packets of a PID over from now on. */
  drop(pid: number): void {
    this.#slots[pid] = NONE
  }

  /** Hands the packets of a PID to another stream: the program map moved it there. */
  redirect(pid: number, stream: ElementaryStream): void {
    this.add(stream)
    this.#slots[pid] = this.#streams.indexOf(stream)
  }

  /** Hands the packets of a PID to {@link onTable}. */
  watchTable(pid: number): void {
    this.#slots[pid] = TABLE
  }

  /**
   * Walks the packets whose sync byte lies in `from` … `to` of `bytes`. Gives where the next one is expected, which is
   * below `to` only where the packet isn't there in full.
   *
   * Hot: once per packet, 5 ns for one that isn't wanted.
   *
   * @param base offset of `bytes` in the source
   */
  walk(bytes: Uint8Array, base: number, from: number, to: number): number {
    const { stride } = this
    const slots = this.#slots
    const streams = this.#streams
    const last = bytes.length - PACKET_BYTES
    let at = from
    while (at < to) {
      if (at > last) return at
      if (bytes[at] !== SYNC) {
        at = this.#findSync(bytes, at)
        continue
      }
      const second = bytes[at + 1]!
      const slot = slots[((second & 0x1f) << 8) | bytes[at + 2]!]!
      // transport_error_indicator: nothing in the packet can be trusted; the counter shows that it is missing.
      if (slot !== NONE && second < 0x80) {
        const fourth = bytes[at + 3]!
        const isWhole = second < 0x40 && (fourth & 0xf0) === 0x10 && slot !== TABLE
        const isTaken = isWhole && streams[slot]!.takeWhole(bytes, at + 4, fourth & 15)
        if (!isTaken) this.#take(bytes, base, at, slot, second)
      }
      at += stride
    }
    return at
  }

  #findSync(bytes: Uint8Array, at: number): number {
    for (const stream of this.#streams) stream?.lose()
    return resync(bytes, at, this.stride)
  }

  #take(bytes: Uint8Array, base: number, at: number, slot: number, second: number): void {
    const fourth = bytes[at + 3]!
    const end = at + PACKET_BYTES
    let payload = at + 4
    let isMarked = false
    let isRandomAccess = false
    if (fourth & 0x20) {
      const length = bytes[payload]!
      if (length > 183) return
      if (length > 0) {
        const flags = bytes[payload + 1]!
        isMarked = (flags & 0x80) !== 0
        isRandomAccess = (flags & 0x40) !== 0
      }
      payload += 1 + length
    }
    // Without payload the counter doesn't count.
    if ((fourth & 0x10) === 0) return
    const isStart = (second & 0x40) !== 0
    if (slot === TABLE) {
      this.onTable(((second & 0x1f) << 8) | bytes[at + 2]!, bytes.subarray(payload, end), isStart, base + at)
      return
    }
    const stream = this.#streams[slot]!
    if (fourth & 0xc0) {
      stream.isScrambled = true
      return
    }
    stream.push(bytes, payload, end, isStart, fourth & 15, isMarked, isRandomAccess, base + at)
  }
}
