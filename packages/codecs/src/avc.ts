import { concatBytes } from '@cuemux/core'
import { type AvcSps, parseAvcSps } from './avc-sps.js'
import { corrupt, need, u8, u16 } from './bytes.js'
import type { VideoDescription } from './description.js'

/** An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1). */
export interface AvcConfig {
  readonly profile: number
  /** The byte between profile and level: constraint_set flags. */
  readonly compatibility: number
  readonly level: number
  readonly nalLengthSize: 1 | 2 | 4
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

/**
 * Parses the payload of an `avcC` box.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function parseAvcC(config: Uint8Array): AvcConfig {
  need(config, 0, 7, 'avcC')
  if (config[0] !== 1) throw corrupt(`avcC has version ${config[0]}, not 1.`)
  const sps = readUnits(config, 5, u8(config, 5) & 31)
  need(config, sps.end, 1, 'avcC')
  const pps = readUnits(config, sps.end, u8(config, sps.end))
  return {
    profile: u8(config, 1),
    compatibility: u8(config, 2),
    level: u8(config, 3),
    nalLengthSize: nalLengthSize(u8(config, 4)),
    sps: sps.units,
    pps: pps.units,
  }
}

/** lengthSizeMinusOne, the low two bits of a byte of avcC or hvcC; a length of three bytes is reserved. */
export function nalLengthSize(byte: number): 1 | 2 | 4 {
  const size = (byte & 3) + 1
  if (size === 3) throw corrupt('The configuration asks for NAL unit lengths of three bytes.')
  return size as 1 | 2 | 4 // & 3, + 1, not 3
}

function readUnits(config: Uint8Array, countAt: number, count: number): { units: Uint8Array[]; end: number } {
  const units: Uint8Array[] = []
  let offset = countAt + 1
  for (let i = 0; i < count; i++) {
    need(config, offset, 2, 'avcC')
    const length = u16(config, offset)
    need(config, offset + 2, length, 'avcC')
    units.push(config.subarray(offset + 2, offset + 2 + length))
    offset += 2 + length
  }
  return { units, end: offset }
}

/**
 * Writes the payload of an `avcC` box for lengths of four bytes.
 *
 * @throws CuemuxError `CORRUPT_INDEX` where the parameter sets can't be parsed or don't fit
 */
export function writeAvcC(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array {
  const first = sps[0]
  if (first === undefined) throw corrupt('avcC needs a sequence parameter set.')
  if (sps.length > 31 || pps.length > 255) throw corrupt('Too many parameter sets for avcC.')
  const said = parseAvcSps(first)
  const parts = [Uint8Array.of(1, u8(first, 1), u8(first, 2), u8(first, 3), 0xff, 0xe0 | sps.length)]
  for (const unit of sps) pushSized(parts, unit)
  parts.push(Uint8Array.of(pps.length))
  for (const unit of pps) pushSized(parts, unit)
  // §5.3.3.1.2: every profile but Baseline, Main and Extended repeats the format.
  if (said.profile !== 66 && said.profile !== 77 && said.profile !== 88) {
    const depths = [0xf8 | ((said.bitDepth ?? 8) - 8), 0xf8 | (said.bitDepthChroma - 8)] as const
    parts.push(Uint8Array.of(0xfc | (said.chromaFormat ?? 1), ...depths, 0))
  }
  return concatBytes(parts)
}

/** Appends a parameter set behind its length of 16 bits. */
export function pushSized(parts: Uint8Array[], unit: Uint8Array): void {
  if (unit.length > 0xffff) throw corrupt('A parameter set has more than 65535 bytes.')
  parts.push(Uint8Array.of(unit.length >> 8, unit.length & 255), unit)
}

/** What an `avcC` says; without parameter sets in it (avc3) profile, level and length size alone. */
export function describeAvc(config: Uint8Array): VideoDescription {
  const record = parseAvcC(config)
  const base = { profile: record.profile, level: record.level, nalLengthSize: record.nalLengthSize }
  const first = record.sps[0]
  if (first === undefined) return base
  const { bitDepthChroma: _, id: __, codingBits: ___, ...said }: AvcSps = parseAvcSps(first)
  return { ...said, ...base }
}

/** `avc1.PPCCLL` (RFC 6381 §3.3). */
export function avcCodecString(config: Uint8Array, sampleEntry: string): string {
  need(config, 0, 4, 'avcC')
  const hex = [1, 2, 3].map(at => u8(config, at).toString(16).padStart(2, '0')).join('')
  return `${sampleEntry}.${hex}`
}
