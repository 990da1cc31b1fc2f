import { concatBytes } from '@cuemux/core'
import { nalLengthSize, pushSized } from './avc.js'
import { corrupt, need, u8, u16, u32 } from './bytes.js'
import type { FrameRate, VideoDescription } from './description.js'
import { type HevcSps, parseHevcSps, vpsFrameRate } from './hevc-sps.js'

const VPS = 32
const SPS = 33

/** A row of NAL units of one type in an `hvcC`. */
export interface HevcArray {
  /** nal_unit_type. */
  readonly type: number
  /** All units of the type are here and none in the samples. */
  readonly complete: boolean
  readonly units: readonly Uint8Array[]
}

/** The parts of an HEVCDecoderConfigurationRecord that Cuemux uses (ISO/IEC 14496-15 §8.3.3.1). */
export interface HevcConfig {
  readonly profile: number
  readonly level: number
  readonly chromaFormat: 0 | 1 | 2 | 3
  readonly bitDepth: number
  readonly nalLengthSize: 1 | 2 | 4
  readonly arrays: readonly HevcArray[]
}

/**
 * Parses the payload of an `hvcC` box.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function parseHvcC(config: Uint8Array): HevcConfig {
  need(config, 0, 23, 'hvcC')
  // Version 0 was written before the record was final, in the same layout.
  if (u8(config, 0) > 1) throw corrupt(`hvcC has version ${config[0]}, not 1.`)
  const arrays: HevcArray[] = []
  let offset = 23
  for (let i = 0; i < u8(config, 22); i++) {
    need(config, offset, 3, 'hvcC')
    const head = u8(config, offset)
    const count = u16(config, offset + 1)
    const units: Uint8Array[] = []
    offset += 3
    for (let unit = 0; unit < count; unit++) {
      need(config, offset, 2, 'hvcC')
      const length = u16(config, offset)
      need(config, offset + 2, length, 'hvcC')
      units.push(config.subarray(offset + 2, offset + 2 + length))
      offset += 2 + length
    }
    arrays.push({ type: head & 63, complete: head >= 128, units })
  }
  return {
    profile: u8(config, 1) & 31,
    level: u8(config, 12),
    chromaFormat: (u8(config, 16) & 3) as 0 | 1 | 2 | 3, // & 3
    bitDepth: (u8(config, 17) & 7) + 8,
    nalLengthSize: nalLengthSize(u8(config, 21)),
    arrays,
  }
}

/**
 * Writes the payload of an `hvcC` box for lengths of four bytes, with complete arrays.
 *
 * @throws CuemuxError `CORRUPT_INDEX` where the parameter sets can't be parsed or don't fit
 */
export function writeHvcC(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array {
  const first = sps[0]
  if (first === undefined) throw corrupt('hvcC needs a sequence parameter set.')
  const parts = [fixedPart(parseHevcSps(first))]
  const kinds = [vps, sps, pps]
  kinds.forEach((units, kind) => {
    if (units.length > 0xffff) throw corrupt('Too many parameter sets for hvcC.')
    parts.push(Uint8Array.of(0x80 | (VPS + kind), units.length >> 8, units.length & 255))
    for (const unit of units) pushSized(parts, unit)
  })
  return concatBytes(parts)
}

function fixedPart(said: HevcSps): Uint8Array {
  const { ptl } = said
  const head = new Uint8Array(23)
  head[0] = 1
  head[1] = (ptl.space << 6) | (ptl.highTier ? 0x20 : 0) | ptl.profile
  new DataView(head.buffer).setUint32(2, ptl.compatibility)
  head.set(ptl.constraints, 6)
  head[12] = ptl.level
  head[13] = 0xf0 | (said.minSpatialSegmentation >> 8)
  head[14] = said.minSpatialSegmentation & 255
  head[15] = 0xfc // parallelismType unknown
  head[16] = 0xfc | (said.chromaFormat ?? 1)
  head[17] = 0xf8 | ((said.bitDepth ?? 8) - 8)
  head[18] = 0xf8 | (said.bitDepthChroma - 8)
  head[21] = (said.maxSubLayers << 3) | (said.temporalIdNested ? 4 : 0) | 3
  head[22] = 3
  return head
}

/** What an `hvcC` says; without parameter sets in it (hev1) what its own fields repeat. */
export function describeHevc(config: Uint8Array): VideoDescription {
  const record = parseHvcC(config)
  const { arrays, ...base } = record
  const sps = arrays.find(array => array.type === SPS)?.units[0]
  if (sps === undefined) return base
  const {
    ptl: _,
    bitDepthChroma,
    maxSubLayers,
    temporalIdNested,
    minSpatialSegmentation,
    id,
    codingBits,
    ...said
  } = parseHevcSps(sps)
  const vps = arrays.find(array => array.type === VPS)?.units[0]
  return {
    ...said,
    nominalFrameRate: said.nominalFrameRate ?? (vps === undefined ? undefined : rateOrNothing(vps)),
    nalLengthSize: base.nalLengthSize,
  }
}

/** The VPS only suggests a rate: a broken one is no reason to refuse the track. */
function rateOrNothing(vps: Uint8Array): FrameRate | undefined {
  try {
    return vpsFrameRate(vps)
  } catch {
    return undefined
  }
}

/** `hvc1.1.6.L93.B0` (ISO/IEC 14496-15 Annex E.3). */
export function hevcCodecString(config: Uint8Array, sampleEntry: string): string {
  need(config, 0, 13, 'hvcC')
  const head = u8(config, 1)
  const space = ['', 'A', 'B', 'C'][head >> 6] ?? ''
  // The flags go in with flag 0 as the least significant bit.
  let rest = u32(config, 2)
  let reversed = 0
  for (let i = 0; i < 32; i++) {
    reversed = reversed * 2 + (rest % 2)
    rest = Math.floor(rest / 2)
  }
  const constraints = [...config.subarray(6, 12)]
  while (constraints.at(-1) === 0) constraints.pop()
  const tier = head & 0x20 ? 'H' : 'L'
  const fields = [
    `${space}${head & 31}`,
    reversed.toString(16).toUpperCase(),
    `${tier}${u8(config, 12)}`,
    ...constraints.map(byte => byte.toString(16).toUpperCase()),
  ]
  return `${sampleEntry}.${fields.join('.')}`
}
