import { BitReader } from './bit-reader.js'
import { corrupt, need, u8, u16le } from './bytes.js'
import type { VideoDescription } from './description.js'

/** What `vpcC` carries, and the size that only a frame tells. */
interface VpxFormat {
  readonly profile: number
  /** Level × 10; 0 where it isn't known. */
  readonly level: number
  readonly bitDepth: number
  /** 0 and 1 4:2:0 (vertical, co-located), 2 4:2:2, 3 4:4:4. */
  readonly subsampling: number
  readonly fullRange: boolean
  readonly points: readonly [number, number, number]
}

/** Luma samples a picture and the longest side that each level allows (VP9 levels, vp9-profile-and-level §A). */
const LEVELS: readonly (readonly [level: number, samples: number, side: number])[] = [
  [10, 36864, 512],
  [11, 73728, 768],
  [20, 122880, 960],
  [21, 245760, 1344],
  [30, 552960, 2048],
  [31, 983040, 2752],
  [40, 2228224, 4160],
  [50, 8912896, 8384],
  [60, 35651584, 16832],
]

/** color_space of a VP9 frame as CICP code points (VP9 §7.2.2). Spaces that say nothing of the transfer leave it open. */
const VP9_COLOURS: readonly (readonly [number, number, number])[] = [
  [2, 2, 2],
  [6, 6, 6],
  [1, 1, 1],
  [6, 6, 6],
  [7, 7, 7],
  [9, 2, 9],
  [2, 2, 2],
  [1, 13, 0],
]

/** The lowest level (× 10) that allows the picture's size: the least that can be said without the frame rate. */
export function vp9LevelForSize(width: number, height: number): number {
  const fits = LEVELS.find(([, samples, side]) => width * height <= samples && Math.max(width, height) <= side)
  return fits?.[0] ?? 62
}

/** `vpcC` (with version and flags) from a VP9 key frame (VP9 §6.2); `undefined` from any other frame. */
export function vp9ConfigFromSample(sample: Uint8Array): Uint8Array | undefined {
  return readVp9KeyFrame(sample)?.config
}

/** Size of a VP9 key frame, pixels; `undefined` from any other frame. */
export function vp9SizeFromSample(sample: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  return readVp9KeyFrame(sample)
}

function readVp9KeyFrame(
  sample: Uint8Array,
): { readonly config: Uint8Array; readonly width: number; readonly height: number } | undefined {
  const reader = new BitReader(sample)
  if (reader.left < 8 || reader.bits(2) !== 2) return undefined
  const profile = reader.bits(1) + 2 * reader.bits(1)
  if (profile === 3) reader.skip(1)
  const isExisting = reader.flag()
  const isInter = reader.flag()
  if (isExisting || isInter) return undefined
  reader.skip(2)
  if (reader.bits(24) !== 0x498342) throw corrupt('A VP9 key frame has no sync code.')
  const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10
  const space = reader.bits(3)
  const hasSubsampling = (profile & 1) === 1
  let fullRange = true
  let subsampling = 3
  if (space === 7) {
    if (hasSubsampling) reader.skip(1)
  } else {
    fullRange = reader.flag()
    subsampling = 1
    if (hasSubsampling) {
      const x = reader.flag()
      const y = reader.flag()
      reader.skip(1)
      subsampling = x && y ? 1 : x ? 2 : 3
    }
  }
  const width = 1 + reader.bits(16)
  const height = 1 + reader.bits(16)
  const points = VP9_COLOURS[space] ?? [2, 2, 2]
  const level = vp9LevelForSize(width, height)
  return { config: writeVpcC({ profile, level, bitDepth, subsampling, fullRange, points }), width, height }
}

/** `vpcC` (with version and flags) from a VP8 key frame (RFC 6386 §9.1); `undefined` from any other frame. */
export function vp8ConfigFromSample(sample: Uint8Array): Uint8Array | undefined {
  if (sample.length === 0 || u8(sample, 0) & 1) return undefined
  need(sample, 0, 10, 'A VP8 key frame')
  if (sample[3] !== 0x9d || sample[4] !== 1 || sample[5] !== 0x2a) throw corrupt('A VP8 key frame has no start code.')
  const profile = (u8(sample, 0) >> 1) & 7
  const level = vp9LevelForSize(u16le(sample, 6) & 0x3fff, u16le(sample, 8) & 0x3fff)
  return writeVpcC({ profile, level, bitDepth: 8, subsampling: 1, fullRange: false, points: [2, 2, 2] })
}

function writeVpcC(format: VpxFormat): Uint8Array {
  const bits = (format.bitDepth << 4) | (format.subsampling << 1) | (format.fullRange ? 1 : 0)
  return Uint8Array.of(1, 0, 0, 0, format.profile, format.level, bits, ...format.points, 0, 0)
}

function parseVpcC(config: Uint8Array): VpxFormat {
  need(config, 0, 12, 'vpcC')
  if (config[0] !== 1) throw corrupt(`vpcC has version ${config[0]}, not 1.`)
  const bits = u8(config, 6)
  const bitDepth = bits >> 4
  if (bitDepth !== 8 && bitDepth !== 10 && bitDepth !== 12) throw corrupt(`vpcC has a bit depth of ${bitDepth}.`)
  return {
    profile: u8(config, 4),
    level: u8(config, 5),
    bitDepth,
    subsampling: (bits >> 1) & 7,
    fullRange: (bits & 1) === 1,
    points: [u8(config, 7), u8(config, 8), u8(config, 9)],
  }
}

/** What a `vpcC` says (VP Codec ISO Media File Format Binding §2.2). */
export function describeVpx(config: Uint8Array): VideoDescription {
  const format = parseVpcC(config)
  const [primaries, transfer, matrix] = format.points
  return {
    colour: { primaries, transfer, matrix, fullRange: format.fullRange },
    // A hidden frame travels in the sample of the shown one, so samples come in the order in which they are shown.
    reorderFrames: 0,
    bitDepth: format.bitDepth,
    chromaFormat: format.subsampling === 2 ? 2 : format.subsampling === 3 ? 3 : 1,
    interlaced: false,
    profile: format.profile,
    level: format.level > 0 ? format.level : undefined,
  }
}

/** `vp09.PP.LL.DD`, and the long form where the colour is known or not 4:2:0 (the same binding, §2.3). */
export function vpxCodecString(config: Uint8Array, sampleEntry: 'vp08' | 'vp09'): string {
  const format = parseVpcC(config)
  const two = (value: number): string => String(value).padStart(2, '0')
  // Players refuse level 0: the lowest stands for an unknown one.
  const base = [sampleEntry, two(format.profile), two(format.level || 10), two(format.bitDepth)].join('.')
  const isDefault = format.points.every(point => point === 2) && format.subsampling <= 1 && !format.fullRange
  if (isDefault) return base
  return [base, ...[format.subsampling, ...format.points, format.fullRange ? 1 : 0].map(two)].join('.')
}
