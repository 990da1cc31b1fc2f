import { CuemuxError } from '@cuemux/core'
import { StreamUnits } from '../process/stream-units.js'

/** A frame of video as ffmpeg's Matroska muxer wrote it. */
export interface StreamFrame {
  /** Presentation time, ms on ffmpeg's clock. */
  readonly timeMs: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** What a {@link MatroskaStream} tells. */
export interface StreamEvents {
  /** The decoder's configuration, before the first frame. */
  readonly onConfig: (codecPrivate: Uint8Array) => void
  readonly onFrame: (frame: StreamFrame) => void
}

/** Masters whose children are read one after the other; all other elements are read whole. */
const ENTERED: ReadonlySet<number> = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xa0])
const EBML = 0x1a45dfa3
const CODEC_PRIVATE = 0x63a2
const CLUSTER_TIMESTAMP = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK = 0xa1
const REFERENCE_BLOCK = 0xfb
/** No picture that we ask for is larger. */
const MAX_ELEMENT_BYTES = 64 << 20

/**
 * Takes the Matroska stream of a running ffmpeg apart as it comes: one video track, no lacing, times in ms. Every master
 * on the way to a block is walked into, so that known and unknown sizes need no different care.
 */
export class MatroskaStream {
  readonly #events: StreamEvents
  readonly #units = new StreamUnits(1)
  #isStarted = false
  #clusterMs = 0
  /** The last block of a group, until it is known whether it refers to another. */
  #groupBlock: Uint8Array | undefined

  constructor(events: StreamEvents) {
    this.#events = events
  }

  /**
   * Takes a piece of the stream.
   *
   * @throws CuemuxError `ENCODER_FAILED` where the bytes are no such stream
   */
  push(piece: Uint8Array): void {
    this.#units.push(piece, (bytes, at) => this.#element(bytes, at))
  }

  /**
   * The stream has ended: what waited for a next element is complete.
   *
   * @throws CuemuxError `ENCODER_FAILED` where it ends within an element
   */
  end(): void {
    if (this.#units.length > 0) throw broken()
    this.#flushGroup(true)
  }

  /** Reads the element at a place; the bytes it took, 0 where it isn't whole. */
  #element(bytes: Uint8Array, at: number): number {
    const left = bytes.length - at
    if (left === 0) return this.#units.wait(1)
    const idLength = Math.clz32(bytes[at] ?? 0) - 23
    const sizeFirst = bytes[at + idLength]
    if (idLength > 4) throw broken()
    if (sizeFirst === undefined) return this.#units.wait(12)
    const sizeLength = Math.clz32(sizeFirst) - 23
    if (sizeLength > 8) throw broken()
    const header = idLength + sizeLength
    if (left < header) return this.#units.wait(header)
    const id = readUint(bytes, at, idLength)
    if (!this.#isStarted && id !== EBML) throw broken()
    this.#isStarted = true
    if (ENTERED.has(id)) {
      if (id !== 0xa0) this.#flushGroup(true)
      return header
    }
    const size = readSize(bytes, at + idLength, sizeLength)
    if (size > MAX_ELEMENT_BYTES) throw broken()
    if (left < header + size) return this.#units.wait(header + size)
    this.#take(id, bytes.subarray(at + header, at + header + size))
    return header + size
  }

  #take(id: number, payload: Uint8Array): void {
    if (id === REFERENCE_BLOCK) this.#flushGroup(false)
    else if (id === CODEC_PRIVATE) this.#events.onConfig(payload.slice())
    else if (id === CLUSTER_TIMESTAMP) this.#clusterMs = readUint(payload, 0, payload.length)
    else if (id === SIMPLE_BLOCK) this.#frame(payload, ((payload[3] ?? 0) & 0x80) !== 0)
    else if (id === BLOCK) {
      this.#flushGroup(true)
      this.#groupBlock = payload
    }
  }

  #flushGroup(isKey: boolean): void {
    const block = this.#groupBlock
    this.#groupBlock = undefined
    if (block !== undefined) this.#frame(block, isKey)
  }

  #frame(block: Uint8Array, isKey: boolean): void {
    if (block.length < 5 || block[0] !== 0x81) throw broken()
    const relative = (((block[1] ?? 0) << 24) >> 16) | (block[2] ?? 0)
    // A copy: the view would hold on to what was read with it.
    this.#events.onFrame({ timeMs: this.#clusterMs + relative, isKey, data: block.slice(4) })
  }
}

function readUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** A size without the bit that marks its length; eight bytes with it are more than a number holds. */
function readSize(bytes: Uint8Array, at: number, length: number): number {
  const first = (bytes[at] ?? 0) & ((0x80 >> (length - 1)) - 1)
  return first * 256 ** (length - 1) + readUint(bytes, at + 1, length - 1)
}

function broken(): CuemuxError {
  return new CuemuxError('ENCODER_FAILED', 'ffmpeg wrote something that is no Matroska stream of video.')
}
