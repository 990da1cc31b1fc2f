import { corrupt, hasText, need, u8, u16, u24 } from './bytes.js'
import type { AudioDescription } from './description.js'

const STREAMINFO_BYTES = 34

/**
 * Turns Matroska's CodecPrivate (`fLaC` and metadata blocks; a bare STREAMINFO counts too) into the payload of `dfLa`, version
 * and flags included, with STREAMINFO alone: tags and pictures don't belong to the decoder's configuration.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function flacToDfla(codecPrivate: Uint8Array): Uint8Array {
  const isBare = codecPrivate.length === STREAMINFO_BYTES
  const info = isBare ? codecPrivate : streamInfo(codecPrivate, hasText(codecPrivate, 0, 'fLaC') ? 4 : 0)
  const dfla = new Uint8Array(8 + STREAMINFO_BYTES)
  dfla[4] = 0x80 // last block, type STREAMINFO
  dfla[7] = STREAMINFO_BYTES
  dfla.set(info, 8)
  return dfla
}

/** The STREAMINFO whose block header is at `offset`, which must be the first block (RFC 9639 §8.1). */
function streamInfo(data: Uint8Array, offset: number): Uint8Array {
  need(data, offset, 4 + STREAMINFO_BYTES, 'The FLAC metadata')
  if ((u8(data, offset) & 127) !== 0 || u24(data, offset + 1) !== STREAMINFO_BYTES) {
    throw corrupt('The first FLAC metadata block is no STREAMINFO.')
  }
  return data.subarray(offset + 4, offset + 4 + STREAMINFO_BYTES)
}

/** What the STREAMINFO of a `dfLa` says (RFC 9639 §8.2). */
export function describeFlac(config: Uint8Array): AudioDescription {
  const info = streamInfo(config, 4)
  const smallest = u16(info, 0)
  const largest = u16(info, 2)
  const sampleRate = u24(info, 10) >> 4
  if (sampleRate === 0) throw corrupt('The STREAMINFO has a sample rate of 0.')
  return {
    sampleRate,
    channels: ((u8(info, 12) >> 1) & 7) + 1,
    bitDepth: ((u16(info, 12) >> 4) & 31) + 1,
    frameSamples: smallest === largest && largest > 0 ? largest : undefined,
  }
}
