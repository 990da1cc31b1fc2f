import { opusPacketSamples, parseMpegAudioHeader } from '@cuemux/codecs'
import { latmParser } from './latm.js'
import type { Framing } from './stream-kinds.js'

/** No frame begins at the place. */
export const NO_FRAME = 0
/** A frame may begin at the place: more bytes are needed to tell. */
export const NEED_MORE: number = -1

/** Finds the length of frames of sound by their headers. `samples` is that of the frame that was parsed last. */
export interface AudioParser {
  /** Samples in the frame, at the codec's rate. */
  samples: number
  /** Bytes of the frame that begins at `at` with its header, {@link NO_FRAME} or {@link NEED_MORE}. */
  size(bytes: Uint8Array, at: number, limit: number): number
  /** The sample of a frame: what a decoder gets in MP4. */
  payload(bytes: Uint8Array, start: number, end: number): Uint8Array
}

/** The parser of a framing; `undefined` for one that isn't of sound. */
export function audioParser(framing: Framing): AudioParser | undefined {
  switch (framing) {
    case 'adts':
      return { samples: 1024, size: adtsSize, payload: adtsPayload }
    case 'mpegaudio':
      return mpegAudioParser()
    case 'ac3':
      return ac3Parser()
    case 'opus':
      return opusParser()
    case 'dts':
      return dtsParser()
    case 'latm':
      return latmParser()
    default:
      return undefined
  }
}

const whole = (bytes: Uint8Array, start: number, end: number): Uint8Array => bytes.subarray(start, end)

/** adts_fixed_header and adts_variable_header (ISO/IEC 14496-3 §1.A.2.2). */
function adtsSize(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 7 > limit) return NEED_MORE
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return NO_FRAME
  if (((bytes[at + 2]! >> 2) & 15) > 12) return NO_FRAME
  const size = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
  return size > 7 ? size : NO_FRAME
}

/** Without header and CRC. */
function adtsPayload(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.subarray(start + ((bytes[start + 1]! & 1) === 1 ? 7 : 9), end)
}

function mpegAudioParser(): AudioParser {
  // Frames of a stream differ in padding and joint stereo alone: one header is parsed, not each.
  let known = -1
  let knownSize = 0
  return {
    samples: 1152,
    size(bytes, at, limit) {
      if (at + 4 > limit) return NEED_MORE
      if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return NO_FRAME
      const key = (bytes[at + 1]! << 8) | bytes[at + 2]!
      if (key !== known) {
        const header = parseMpegAudioHeader(bytes.subarray(at, at + 4))
        if (header === undefined) return NO_FRAME
        known = key
        knownSize = header.frameBytes
        this.samples = header.frameSamples
      }
      return knownSize
    },
    payload: whole,
  }
}

/** 16-bit words of a frame at 48, 44.1 and 32 kHz by frmsizecod / 2 (ETSI TS 102 366 Table 4.13). */
const AC3_KBPS: readonly number[] = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
]
const EAC3_BLOCKS: readonly number[] = [1, 2, 3, 6]

/** AC-3 and E-AC-3: an independent substream's syncframe with the dependent and further ones that follow it (§E.2.8.2). */
function ac3Parser(): AudioParser {
  return {
    samples: 1536,
    size(bytes, at, limit) {
      const first = syncframeBytes(bytes, at, limit)
      if (first <= 0) return first
      if (isFollower(bytes, at)) return NO_FRAME
      this.samples = syncframeBlocks(bytes, at) * 256
      let total = first
      for (let count = 0; count < 16; count++) {
        const next = syncframeBytes(bytes, at + total, limit)
        if (next <= 0 || !isFollower(bytes, at + total)) break
        total += next
      }
      return total
    },
    payload: whole,
  }
}

function syncframeBytes(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 6 > limit) return NEED_MORE
  if (bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return NO_FRAME
  if (isEac3(bytes, at)) return ((((bytes[at + 2]! & 7) << 8) | bytes[at + 3]!) + 1) * 2
  const code = bytes[at + 4]!
  const kbps = AC3_KBPS[(code & 63) >> 1]
  if (kbps === undefined) return NO_FRAME
  const rate = code >> 6
  if (rate === 0) return kbps * 4
  if (rate === 2) return kbps * 6
  return rate === 1 ? 2 * (Math.floor((kbps * 320) / 147) + (code & 1)) : NO_FRAME
}

function isEac3(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 5]! >> 3 > 10
}

/** A dependent substream, or an independent one but the first. */
function isFollower(bytes: Uint8Array, at: number): boolean {
  if (!isEac3(bytes, at)) return false
  const type = bytes[at + 2]! >> 6
  return type === 1 || (type === 0 && ((bytes[at + 2]! >> 3) & 7) !== 0)
}

function syncframeBlocks(bytes: Uint8Array, at: number): number {
  if (!isEac3(bytes, at)) return 6
  const code = bytes[at + 4]!
  return code >> 6 === 3 ? 6 : EAC3_BLOCKS[(code >> 4) & 3]!
}

/** Opus access units behind their control header (ETSI TS 103 491 §5.2.4). */
function opusParser(): AudioParser {
  return {
    samples: 960,
    size(bytes, at, limit) {
      if (at + 3 > limit) return NEED_MORE
      if (bytes[at] !== 0x7f || (bytes[at + 1]! & 0xe0) !== 0xe0) return NO_FRAME
      const header = opusHeaderBytes(bytes, at, limit)
      if (header < 0 || at + header + 2 > limit) return NEED_MORE
      const samples = opusPacketSamples(bytes.subarray(at + header, at + header + 2))
      if (samples === 0) return NO_FRAME
      this.samples = samples
      return header + opusUnitBytes(bytes, at + 2, limit)
    },
    payload: (bytes, start, end) => bytes.subarray(start + Math.max(0, opusHeaderBytes(bytes, start, end)), end),
  }
}

function opusUnitBytes(bytes: Uint8Array, at: number, limit: number): number {
  let size = 0
  while (at < limit && bytes[at] === 255) {
    size += 255
    at++
  }
  return size + (bytes[at] ?? 0)
}

function opusHeaderBytes(bytes: Uint8Array, start: number, limit: number): number {
  const flags = bytes[start + 1]!
  let at = start + 2
  while (at < limit && bytes[at] === 255) at++
  at++
  if (flags & 0x10) at += 2
  if (flags & 0x08) at += 2
  if (flags & 0x04) at += 1 + (bytes[at] ?? 0)
  return at <= limit ? at - start : -1
}

/** DTS core (ETSI TS 102 114 §5.3.1) with the extension substreams that follow it. */
function dtsParser(): AudioParser {
  return {
    samples: 512,
    size(bytes, at, limit) {
      if (at + 10 > limit) return NEED_MORE
      if (u32(bytes, at) !== 0x7ffe8001) return NO_FRAME
      this.samples = 32 * ((((bytes[at + 4]! & 1) << 6) | (bytes[at + 5]! >> 2)) + 1)
      let total = (((bytes[at + 5]! & 3) << 12) | (bytes[at + 6]! << 4) | (bytes[at + 7]! >> 4)) + 1
      for (let count = 0; count < 4 && at + total + 10 <= limit; count++) {
        const next = at + total
        if (u32(bytes, next) !== 0x64582025) break
        const isLong = (bytes[next + 5]! & 0x20) !== 0
        // nuExtSSFsize: 16 or 20 bits behind the header's size.
        total += isLong
          ? (((bytes[next + 6]! & 1) << 19) |
              (bytes[next + 7]! << 11) |
              (bytes[next + 8]! << 3) |
              (bytes[next + 9]! >> 5)) +
            1
          : (((bytes[next + 6]! & 31) << 11) | (bytes[next + 7]! << 3) | (bytes[next + 8]! >> 5)) + 1
      }
      return total
    },
    payload: whole,
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
