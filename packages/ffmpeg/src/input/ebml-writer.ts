import { concatBytes } from '@cuemux/core'
/** Element IDs that a feed is made of, the length marker included (RFC 9559 §5). */
export const FEED_ID = {
  EBML: 0x1a45dfa3,
  DocType: 0x4282,
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  Audio: 0xe1,
  SamplingFrequency: 0xb5,
  Channels: 0x9f,
  BitDepth: 0x6264,
} as const

/** An element with its children or payload; its size takes four bytes, which is enough for a head. */
export function element(id: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return concatBytes([idBytes(id), Uint8Array.of(0x10 | (length >> 24), length >> 16, length >> 8, length), ...parts])
}

/** The header of an element whose size isn't known (RFC 8794 §6.2). */
export function openElement(id: number): Uint8Array {
  return concatBytes([idBytes(id), Uint8Array.of(0x01, 255, 255, 255, 255, 255, 255, 255)])
}

/** An element with an unsigned integer below 2^53. */
export function uintElement(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return element(id, bytes)
}

/** An element with a float of eight bytes. */
export function floatElement(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return element(id, bytes)
}

/** An element with text. */
export function textElement(id: number, value: string): Uint8Array {
  return element(id, new TextEncoder().encode(value))
}

function idBytes(id: number): Uint8Array {
  const length = 4 - (Math.clz32(id) >> 3)
  return Uint8Array.from({ length }, (_, i) => id >>> (8 * (length - 1 - i)))
}
