import type { AudioCodec, VideoCodec } from '@cuemux/core'
import { u16 } from './boxes.js'

/** What an elementary stream descriptor says (ISO/IEC 14496-1 §7.2.6.5–6). */
interface StreamDescriptor {
  /** objectTypeIndication: 0x40 AAC, 0x69 and 0x6B MP3, 0x20 MPEG-4 Visual … */
  readonly objectType: number
  /** avgBitrate, bits/s; 0 where unknown. */
  readonly averageBitrate: number
  /** DecoderSpecificInfo: the AudioSpecificConfig of AAC. Empty where there is none. */
  readonly config: Uint8Array
}

const ES_DESCRIPTOR = 3
const DECODER_CONFIG = 4
const DECODER_SPECIFIC = 5

/** A descriptor's body between two offsets, or `undefined`. */
interface Descriptor {
  readonly tag: number
  readonly body: number
  readonly end: number
}

function descriptorAt(bytes: Uint8Array, at: number, end: number): Descriptor | undefined {
  if (at + 2 > end) return undefined
  let size = 0
  let next = at + 1
  // §8.3.3: up to four bytes of seven bits.
  for (let i = 0; i < 4 && next < end; i++) {
    const byte = bytes[next++]!
    size = (size << 7) | (byte & 127)
    if (byte < 128) break
  }
  return { tag: bytes[at]!, body: next, end: Math.min(end, next + size) }
}

/** Reads the payload of an `esds` box; `undefined` where it holds no decoder configuration. */
export function readEsds(payload: Uint8Array): StreamDescriptor | undefined {
  const stream = descriptorAt(payload, 4, payload.length)
  if (stream?.tag !== ES_DESCRIPTOR || stream.body + 3 > stream.end) return undefined
  const flags = payload[stream.body + 2]!
  let at = stream.body + 3
  if (flags & 0x80) at += 2
  if (flags & 0x40) at += 1 + (payload[at] ?? 0)
  if (flags & 0x20) at += 2
  const decoder = descriptorAt(payload, at, stream.end)
  if (decoder?.tag !== DECODER_CONFIG || decoder.body + 13 > decoder.end) return undefined
  const specific = descriptorAt(payload, decoder.body + 13, decoder.end)
  return {
    objectType: payload[decoder.body]!,
    averageBitrate: u16(payload, decoder.body + 9) * 65536 + u16(payload, decoder.body + 11),
    config: specific?.tag === DECODER_SPECIFIC ? payload.subarray(specific.body, specific.end) : new Uint8Array(0),
  }
}

/** The codec of an object type in an audio track (MP4 Registration Authority's list). */
export function audioCodecOf(objectType: number): AudioCodec {
  if (objectType === 0x40 || (objectType >= 0x66 && objectType <= 0x68)) return 'aac'
  // MPEG-2 and MPEG-1 audio; layers I to III, as a rule III.
  if (objectType === 0x69 || objectType === 0x6b) return 'mp3'
  if (objectType === 0xa5) return 'ac3'
  if (objectType === 0xa6) return 'eac3'
  if (objectType >= 0xa9 && objectType <= 0xac) return 'dts'
  if (objectType === 0xad) return 'opus'
  if (objectType === 0xdd) return 'vorbis'
  return 'unknown'
}

/** The codec of an object type in a video track. */
export function videoCodecOf(objectType: number): VideoCodec {
  if (objectType === 0x20) return 'mpeg4'
  if (objectType >= 0x60 && objectType <= 0x65) return 'mpeg2'
  if (objectType === 0x6a) return 'mpeg1'
  if (objectType === 0x21) return 'h264'
  if (objectType === 0x23) return 'hevc'
  return 'unknown'
}
