import { type AudioParser, NEED_MORE, NO_FRAME } from './audio-parsers.js'

/** What StreamMuxConfig says (ISO/IEC 14496-3 §1.7.3.2.3), for the one program and layer that is read. */
export interface LatmConfig {
  /** AudioSpecificConfig. */
  readonly config: Uint8Array
  readonly isVersion1: boolean
}

const LOAS_HEADER_BYTES = 3
const RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]

/** The parser of LOAS frames (AudioSyncStream, §1.7.2), each of which holds one AudioMuxElement with one raw frame. */
export function latmParser(): AudioParser {
  return {
    samples: 1024,
    size(bytes, at, limit) {
      if (at + LOAS_HEADER_BYTES > limit) return NEED_MORE
      if (bytes[at] !== 0x56 || (bytes[at + 1]! & 0xe0) !== 0xe0) return NO_FRAME
      return LOAS_HEADER_BYTES + (((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!)
    },
    payload: (bytes, start, end) => rawFrame(bytes.subarray(start + LOAS_HEADER_BYTES, end)),
  }
}

/** The configuration in a LOAS frame; `undefined` where it has none or one that isn't read. */
export function readLatmConfig(frame: Uint8Array): LatmConfig | undefined {
  const reader = new Bits(frame.subarray(LOAS_HEADER_BYTES))
  return reader.bits(1) === 1 ? undefined : readMuxConfig(reader)
}

/** The raw frame of an AudioMuxElement(1); it isn't aligned to bytes. */
function rawFrame(element: Uint8Array): Uint8Array {
  const reader = new Bits(element)
  const usesSame = reader.bits(1) === 1
  if (!usesSame && readMuxConfig(reader) === undefined) return new Uint8Array(0)
  let length = 0
  let part: number
  do {
    part = reader.bits(8)
    length += part
  } while (part === 255)
  const available = (element.length * 8 - reader.position) >> 3
  return reader.bytes(Math.max(0, Math.min(length, available)))
}

function readMuxConfig(reader: Bits): LatmConfig | undefined {
  const isVersion1 = reader.bits(1) === 1
  if (isVersion1 && reader.bits(1) === 1) return undefined
  if (isVersion1) readValue(reader)
  const allSame = reader.bits(1)
  const subFrames = reader.bits(6)
  const programs = reader.bits(4)
  const layers = reader.bits(3)
  if (allSame !== 1 || subFrames !== 0 || programs !== 0 || layers !== 0) return undefined
  const ascBits = isVersion1 ? readValue(reader) : 0
  const begin = reader.position
  const end = isVersion1 ? begin + ascBits : skipConfig(reader)
  if (end === undefined || end - begin > 512) return undefined
  reader.position = begin
  const config = reader.bitsAsBytes(end - begin)
  reader.position = end
  // frameLengthType 0: each frame says its length. latmBufferFullness.
  if (reader.bits(3) !== 0) return undefined
  reader.bits(8)
  if (reader.bits(1) === 1) {
    if (isVersion1) readValue(reader)
    else while (reader.bits(1) === 1) reader.bits(8)
    if (!isVersion1) reader.bits(8)
  }
  if (reader.bits(1) === 1) reader.bits(8)
  return { config, isVersion1 }
}

/** Where an AudioSpecificConfig of general audio ends (§1.6.2.1); `undefined` for what has no plain end. */
function skipConfig(reader: Bits): number | undefined {
  let type = objectType(reader)
  if (!skipRate(reader)) return undefined
  const channels = reader.bits(4)
  if (type === 5 || type === 29) {
    if (!skipRate(reader)) return undefined
    type = objectType(reader)
  }
  if (![1, 2, 3, 4].includes(type) || channels === 0) return undefined
  reader.bits(1)
  if (reader.bits(1) === 1) reader.bits(14)
  if (reader.bits(1) === 1) reader.bits(1)
  return reader.position
}

function objectType(reader: Bits): number {
  const type = reader.bits(5)
  return type === 31 ? 32 + reader.bits(6) : type
}

function skipRate(reader: Bits): boolean {
  const index = reader.bits(4)
  if (index === 15) reader.bits(24)
  return index === 15 || RATES[index] !== undefined
}

/** LatmGetValue(): one to four bytes behind their count. */
function readValue(reader: Bits): number {
  let value = 0
  for (let bytes = reader.bits(2); bytes >= 0; bytes--) value = value * 256 + reader.bits(8)
  return value
}

/** Reads bits; zeros behind the end. */
class Bits {
  position = 0
  readonly #data: Uint8Array

  constructor(data: Uint8Array) {
    this.#data = data
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) {
      const byte = this.#data[this.position >> 3] ?? 0
      value = value * 2 + ((byte >> (7 - (this.position & 7))) & 1)
      this.position++
    }
    return value
  }

  bytes(count: number): Uint8Array {
    const shift = this.position & 7
    let at = this.position >> 3
    this.position += count * 8
    if (shift === 0) return this.#data.subarray(at, at + count)
    const out = new Uint8Array(count)
    for (let i = 0; i < count; i++, at++) {
      out[i] = (this.#data[at]! << shift) | ((this.#data[at + 1] ?? 0) >> (8 - shift))
    }
    return out
  }

  /** So many bits as bytes, the last one filled with zeros. */
  bitsAsBytes(count: number): Uint8Array {
    const out = new Uint8Array(Math.ceil(count / 8))
    for (let i = 0; i < out.length; i++) {
      const width = Math.min(8, count - i * 8)
      out[i] = this.bits(width) << (8 - width)
    }
    return out
  }
}
