import { CuemuxError } from '@cuemux/core'

/** What the `esds` of an audio track says. */
export interface ElementaryStream {
  /** objectTypeIndication (ISO/IEC 14496-1 table 5): 0x40 MPEG-4 audio, 0x6B MPEG-1 audio, 0x69 MPEG-2 audio. */
  readonly objectType: number
  /** Size of the decoder's input buffer, bytes. */
  readonly bufferSizeBytes: number
  /** Highest rate in any second, bits/s. */
  readonly maxBitrateBps: number
  /** Mean rate, bits/s; 0 where it isn't known. */
  readonly averageBitrateBps: number
  /** DecoderSpecificInfo: the AudioSpecificConfig; empty where the codec has none. */
  readonly decoderInfo: Uint8Array
}

const ES_DESCRIPTOR = 3
const DECODER_CONFIG = 4
const DECODER_SPECIFIC_INFO = 5
const SL_CONFIG = 6
/** Room for the other descriptors in a size of four times 7 bits. */
const MAX_DECODER_INFO = 0xffff

/**
 * Payload of the `esds` box, its version and flags included: an ES_Descriptor as files have it (ISO/IEC 14496-1
 * §7.2.6.5, ISO/IEC 14496-14 §3.1.2: ES_ID 0, predefined SLConfig 2).
 *
 * @throws CuemuxError `CORRUPT_INDEX` for a configuration over 65535 bytes
 */
export function writeEsds(stream: ElementaryStream): Uint8Array {
  if (stream.decoderInfo.length > MAX_DECODER_INFO) {
    throw new CuemuxError('CORRUPT_INDEX', `An AudioSpecificConfig of ${stream.decoderInfo.length} bytes is not one.`)
  }
  const info = stream.decoderInfo.length === 0 ? [] : descriptor(DECODER_SPECIFIC_INFO, [...stream.decoderInfo])
  const decoder = descriptor(DECODER_CONFIG, [
    stream.objectType,
    (5 << 2) | 1, // streamType audio, upStream 0, reserved 1
    ...bigEndian(stream.bufferSizeBytes, 3),
    ...bigEndian(stream.maxBitrateBps, 4),
    ...bigEndian(stream.averageBitrateBps, 4),
    ...info,
  ])
  const body = descriptor(ES_DESCRIPTOR, [0, 0, 0, ...decoder, ...descriptor(SL_CONFIG, [2])])
  return Uint8Array.from([0, 0, 0, 0, ...body])
}

/** Tag, size in as few bytes as it takes (ISO/IEC 14496-1 §8.3.3), body. */
function descriptor(tag: number, body: readonly number[]): number[] {
  const size = [body.length & 0x7f]
  for (let rest = body.length >>> 7; rest > 0; rest >>>= 7) size.unshift(0x80 | (rest & 0x7f))
  return [tag, ...size, ...body]
}

function bigEndian(value: number, bytes: number): number[] {
  const clamped = Math.min(Math.max(0, Math.round(value)), 2 ** (8 * bytes) - 1)
  return Array.from({ length: bytes }, (_, i) => Math.floor(clamped / 2 ** (8 * (bytes - 1 - i))) & 0xff)
}
