import { PACKET_BYTES } from './packets.js'

/** Flag of a PES packet: random_access_indicator was set in its first packet. */
export const PES_RANDOM_ACCESS: number = 1
/** Flag: bytes of the stream are missing before this PES packet. */
export const PES_AFTER_LOSS: number = 2

const INITIAL_ROWS = 64
const INITIAL_BYTES = 64 * 1024
/** PES header up to the end of its time stamps (ISO/IEC 13818-1 §2.4.3.6). */
const STAMPED_HEADER_BYTES = 19
const UNBOUNDED = -1
/** Payload of a transport packet that has nothing else. */
const WHOLE_BYTES = PACKET_BYTES - 4

/**
 * One PID's PES packets, put together: their payloads in a row, and the packets as columns. A packet from which bytes
 * are missing is dropped. Times are the 33 bits of the stream, -1 where there are none.
 */
export class ElementaryStream {
  readonly pid: number
  /** Payloads, one behind the other. */
  bytes: Uint8Array
  /** How many of `bytes` are in use. */
  length = 0
  /** How many PES packets. */
  count = 0
  /** Offset in the source of the transport packet that each begins in. */
  position: Float64Array = new Float64Array(INITIAL_ROWS)
  pts: Float64Array = new Float64Array(INITIAL_ROWS)
  dts: Float64Array = new Float64Array(INITIAL_ROWS)
  /** Where the payload begins in `bytes`. */
  start: Float64Array = new Float64Array(INITIAL_ROWS)
  flags: Uint8Array = new Uint8Array(INITIAL_ROWS)
  /** A packet with transport_scrambling_control was met. */
  isScrambled = false
  /** Payload bytes that are kept of each PES packet. */
  readonly keepBytes: number

  #continuity = -1
  #isOpen = false
  #hasLoss = false
  /** Payload bytes that the open packet still has, or UNBOUNDED. */
  #left = UNBOUNDED
  /** Header bytes of the open packet that are still to come. */
  #skip = 0
  #kept = 0
  readonly #header = new Uint8Array(STAMPED_HEADER_BYTES)
  #headerLength = 0
  #nextFlags = 0
  #nextPosition = 0

  /**
   * @param memory what the payloads go into as far as it reaches; how many bytes are made room for when it is a number
   * @param keepBytes of each PES packet
   */
  constructor(pid: number, memory: Uint8Array | number = INITIAL_BYTES, keepBytes: number = Number.POSITIVE_INFINITY) {
    this.pid = pid
    this.bytes = typeof memory === 'number' ? new Uint8Array(memory) : memory
    this.keepBytes = keepBytes
  }

  /** Whether the packet that came last has all that is kept of it. */
  get isPrefixFull(): boolean {
    return this.#kept >= this.keepBytes
  }

  /**
   * Takes a packet that is payload alone and goes on with what is open, or gives `false` for one that needs a closer
   * look. Hot: nearly all packets of a stream end here.
   *
   * @param at offset of the payload
   */
  takeWhole(source: Uint8Array, at: number, continuity: number): boolean {
    if (continuity !== ((this.#continuity + 1) & 15) || this.#continuity < 0) return false
    if (!this.#isOpen || this.#headerLength < STAMPED_HEADER_BYTES || this.#skip > 0) return false
    const isBounded = this.#left !== UNBOUNDED
    if (isBounded && this.#left < WHOLE_BYTES) return false
    if (this.#kept < this.keepBytes) {
      if (this.#kept + WHOLE_BYTES > this.keepBytes) return false
      const { length } = this
      if (length + WHOLE_BYTES > this.bytes.length) this.#enlarge(WHOLE_BYTES)
      this.bytes.set(source.subarray(at, at + WHOLE_BYTES), length)
      this.length = length + WHOLE_BYTES
      this.#kept += WHOLE_BYTES
    }
    this.#continuity = continuity
    if (isBounded) this.#left -= WHOLE_BYTES
    return true
  }

  /**
   * Takes a packet. Hot: once per transport packet of the stream; no objects but one view for the copy.
   *
   * @param at offset of the payload in `source`; `end` where it ends
   * @param second the header's bytes 1 and 3: flags with the PID's upper bits, scrambling and continuity
   */
  push(
    source: Uint8Array,
    at: number,
    end: number,
    isStart: boolean,
    continuity: number,
    isMarked: boolean,
    isRandomAccess: boolean,
    position: number,
  ): void {
    const previous = this.#continuity
    this.#continuity = continuity
    if (previous >= 0 && !isMarked && continuity !== ((previous + 1) & 15)) {
      // §2.4.3.3: a packet may be sent twice.
      if (continuity === previous) return
      this.#lose(isStart)
    }
    if (isStart) {
      this.#isOpen = true
      this.#headerLength = 0
      this.#skip = 0
      this.#nextFlags = (isRandomAccess ? PES_RANDOM_ACCESS : 0) | (this.#hasLoss ? PES_AFTER_LOSS : 0)
      this.#nextPosition = position
    } else if (!this.#isOpen) return
    if (this.#headerLength < STAMPED_HEADER_BYTES) {
      at = this.#takeHeader(source, at, end)
      if (at < 0) return
    }
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, end - at)
      this.#skip -= skipped
      at += skipped
    }
    if (this.#left !== UNBOUNDED) {
      if (end - at > this.#left) end = at + this.#left
      this.#left -= end - at
    }
    if (at < end) this.#append(source, at, end)
  }

  /** Bytes are known to be missing: drops the open packet. */
  lose(): void {
    this.#continuity = -1
    this.#lose(false)
  }

  #lose(isAtStart: boolean): void {
    this.#hasLoss = true
    if (!this.#isOpen) return
    // What is missing before a packet's beginning may be another stream's, or nothing: two recordings joined.
    if (isAtStart && this.#left <= 0) return
    this.#isOpen = false
    if (this.#headerLength === STAMPED_HEADER_BYTES && this.count > 0) {
      this.count--
      this.length = this.start[this.count]!
    }
  }

  /** Collects the header until its time stamps are there; gives where the rest begins, or -1 where more is needed. */
  #takeHeader(source: Uint8Array, at: number, end: number): number {
    const header = this.#header
    while (at < end && this.#headerLength < STAMPED_HEADER_BYTES) {
      header[this.#headerLength++] = source[at++]!
      if (this.#headerLength === 9 && !hasOptionalHeader(header[3]!)) break
      if (this.#headerLength >= 9 && this.#headerLength >= 9 + header[8]!) break
    }
    const length = this.#headerLength
    if (length >= 3 && (header[0] !== 0 || header[1] !== 0 || header[2] !== 1)) {
      this.#isOpen = false
      return -1
    }
    if (length < 9) return -1
    const isPlain = !hasOptionalHeader(header[3]!)
    const headerBytes = isPlain ? 6 : 9 + header[8]!
    if (length < STAMPED_HEADER_BYTES && length < headerBytes) return -1
    this.#openPacket(headerBytes)
    const surplus = length - headerBytes
    this.#skip = Math.max(0, -surplus)
    this.#headerLength = STAMPED_HEADER_BYTES
    // Only a plain header is shorter than what was taken of it: those bytes are payload.
    if (surplus > 0) {
      this.#append(header.slice(headerBytes, length), 0, surplus)
      if (this.#left !== UNBOUNDED) this.#left = Math.max(0, this.#left - surplus)
    }
    return at
  }

  #openPacket(headerBytes: number): void {
    const header = this.#header
    const isPlain = headerBytes === 6
    const packetLength = (header[4]! << 8) | header[5]!
    this.#left = packetLength === 0 ? UNBOUNDED : Math.max(0, packetLength + 6 - headerBytes)
    this.#kept = 0
    const row = this.count
    if (row === this.pts.length) this.#grow()
    const stamps = isPlain ? 0 : header[7]! >> 6
    this.pts[row] = stamps & 2 && header[8]! >= 5 ? timeStamp(header, 9) : -1
    this.dts[row] = stamps === 3 && header[8]! >= 10 ? timeStamp(header, 14) : this.pts[row]!
    this.position[row] = this.#nextPosition
    this.start[row] = this.length
    this.flags[row] = this.#nextFlags
    this.#hasLoss = false
    this.count = row + 1
  }

  #append(source: Uint8Array, at: number, end: number): void {
    let length = end - at
    if (this.#kept + length > this.keepBytes) length = this.keepBytes - this.#kept
    if (length <= 0) return
    this.#kept += length
    if (this.length + length > this.bytes.length) this.#enlarge(length)
    this.bytes.set(source.subarray(at, at + length), this.length)
    this.length += length
  }

  #enlarge(length: number): void {
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + length))
    bytes.set(this.bytes.subarray(0, this.length))
    this.bytes = bytes
  }

  /** Forgets all packets but the one that came last, whose rows and bytes move to the beginning. */
  keepLast(): void {
    if (this.count < 2) return
    const last = this.count - 1
    const from = this.start[last]!
    this.bytes.copyWithin(0, from, this.length)
    this.length -= from
    for (const column of [this.position, this.pts, this.dts, this.flags]) column[0] = column[last]!
    this.start[0] = 0
    this.count = 1
  }

  #grow(): void {
    const length = this.pts.length * 2
    this.position = enlarged(this.position, new Float64Array(length))
    this.pts = enlarged(this.pts, new Float64Array(length))
    this.dts = enlarged(this.dts, new Float64Array(length))
    this.start = enlarged(this.start, new Float64Array(length))
    this.flags = enlarged(this.flags, new Uint8Array(length))
  }
}

function enlarged<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** Stream ids whose packets have no optional header (§2.4.3.7): maps, padding, private_stream_2, ECM, EMM, directory, DSM-CC, H.222.1 E. */
function hasOptionalHeader(streamId: number): boolean {
  return !(
    streamId === 0xbc ||
    (streamId >= 0xbe && streamId <= 0xbf) ||
    (streamId >= 0xf0 && streamId <= 0xf2) ||
    streamId === 0xf8 ||
    streamId === 0xff
  )
}

/** 33 bits of PTS or DTS in five bytes with marker bits. */
function timeStamp(header: Uint8Array, at: number): number {
  const high = (header[at]! >> 1) & 7
  const middle = (header[at + 1]! << 7) | (header[at + 2]! >> 1)
  const low = (header[at + 3]! << 7) | (header[at + 4]! >> 1)
  return high * 0x40000000 + middle * 0x8000 + low
}
