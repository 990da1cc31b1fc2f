import { BitReader } from './bit-reader.js'
import { corrupt, need, u8 } from './bytes.js'
import type { FrameRate, VideoDescription } from './description.js'
import { type HevcProfile, readProfileTierLevel } from './hevc-ptl.js'
import { type HevcVui, readHevcVui } from './hevc-vui.js'
import { removeEmulationPrevention } from './nal.js'
import { frameRateOf } from './vui.js'

/** What a sequence parameter set says, with what a configuration record needs to repeat. */
export interface HevcSps extends VideoDescription {
  readonly ptl: HevcProfile
  readonly bitDepthChroma: number
  readonly maxSubLayers: number
  readonly temporalIdNested: boolean
  readonly minSpatialSegmentation: number
  /** sps_seq_parameter_set_id. */
  readonly id: number
  /** Bits from the header on, without emulation prevention, that say how pictures are coded: all before the VUI. */
  readonly codingBits: number
}

/**
 * Parses an HEVC sequence parameter set, NAL header included (ISO/IEC 23008-2 §7.3.2.2.1).
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function parseHevcSps(unit: Uint8Array): HevcSps {
  need(unit, 0, 3, 'A sequence parameter set')
  if (((u8(unit, 0) >> 1) & 63) !== 33) throw corrupt('The NAL unit is no sequence parameter set.')
  const reader = new BitReader(removeEmulationPrevention(unit), 2)
  reader.skip(4)
  const maxSubLayers = 1 + reader.bits(3)
  if (maxSubLayers > 7) throw corrupt('A sequence parameter set has more than seven sub-layers.')
  const temporalIdNested = reader.flag()
  const ptl = readProfileTierLevel(reader, maxSubLayers)
  const id = reader.ueUpTo(15, 'sps_seq_parameter_set_id')
  const chromaFormat = reader.ueUpTo(3, 'chroma_format_idc')
  const planes = chromaFormat === 3 && reader.flag()
  const size = readSize(reader, planes ? 0 : chromaFormat)
  const bitDepth = 8 + reader.ueUpTo(8, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + reader.ueUpTo(8, 'bit_depth_chroma_minus8')
  const orderBits = 4 + reader.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4')
  const reorderFrames = readReorder(reader, maxSubLayers)
  const { vui, codingBits } = readToVui(reader, orderBits, maxSubLayers)
  // general_progressive_source_flag, general_interlaced_source_flag
  const source = (ptl.constraints[0] ?? 0) >> 6
  return {
    ...size,
    pixelAspect: vui.pixelAspect,
    colour: vui.colour,
    frameRate: vui.frameRate,
    nominalFrameRate: vui.nominalFrameRate,
    reorderFrames,
    bitDepth,
    bitDepthChroma,
    chromaFormat: chromaFormat as 0 | 1 | 2 | 3, // ueUpTo(3)
    interlaced: vui.fields === true || source === 1,
    profile: ptl.profile,
    level: ptl.level,
    ptl,
    maxSubLayers,
    temporalIdNested,
    minSpatialSegmentation: vui.minSpatialSegmentation ?? 0,
    id,
    codingBits,
  }
}

function readSize(reader: BitReader, chroma: number): { width: number; height: number } {
  let width = reader.ueUpTo(65535, 'pic_width_in_luma_samples')
  let height = reader.ueUpTo(65535, 'pic_height_in_luma_samples')
  if (reader.flag()) {
    width -= (reader.ue() + reader.ue()) * (chroma === 1 || chroma === 2 ? 2 : 1)
    height -= (reader.ue() + reader.ue()) * (chroma === 1 ? 2 : 1)
  }
  if (width <= 0 || height <= 0) throw corrupt('The conformance window of a sequence parameter set leaves no picture.')
  return { width, height }
}

/** sps_max_num_reorder_pics of the highest temporal layer, which is the last one written. */
function readReorder(reader: BitReader, maxSubLayers: number): number {
  let reorder = 0
  const layers = reader.flag() ? maxSubLayers : 1
  for (let i = 0; i < layers; i++) {
    reader.ue()
    reorder = reader.ueUpTo(15, 'sps_max_num_reorder_pics')
    reader.ue()
  }
  return reorder
}

/**
 * The fields between the layers' ordering and the VUI, and the bit at which that begins; a set that breaks off
 * there says no more.
 */
function readToVui(
  reader: BitReader,
  orderBits: number,
  maxSubLayers: number,
): { readonly vui: HevcVui; readonly codingBits: number } {
  const end = reader.position + reader.left
  try {
    for (let i = 0; i < 6; i++) reader.ue()
    if (reader.flag() && reader.flag()) skipScalingLists(reader)
    reader.skip(2)
    if (reader.flag()) {
      reader.skip(8)
      reader.ue()
      reader.ue()
      reader.skip(1)
    }
    skipShortTermSets(reader)
    if (reader.flag()) {
      const count = reader.ueUpTo(32, 'num_long_term_ref_pics_sps')
      reader.skip(count * (orderBits + 1))
    }
    reader.skip(2)
    const codingBits = reader.position
    return { vui: reader.flag() ? readHevcVui(reader, maxSubLayers) : {}, codingBits }
  } catch {
    return { vui: {}, codingBits: end }
  }
}

/** §7.3.4 */
function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.ue()
        continue
      }
      if (size > 1) reader.se()
      const count = Math.min(64, 1 << (4 + size * 2))
      for (let i = 0; i < count; i++) reader.se()
    }
  }
}

/** §7.3.7: only the number of pictures of each set matters, since the next may be written as a change to it. */
function skipShortTermSets(reader: BitReader): void {
  const sets = reader.ueUpTo(64, 'num_short_term_ref_pic_sets')
  let pictures = 0
  for (let set = 0; set < sets; set++) {
    if (set > 0 && reader.flag()) {
      reader.skip(1)
      reader.ue()
      let kept = 0
      for (let i = 0; i <= pictures; i++) {
        const used = reader.flag()
        if (used || reader.flag()) kept++
      }
      pictures = kept
      continue
    }
    pictures = reader.ueUpTo(16, 'num_negative_pics') + reader.ueUpTo(16, 'num_positive_pics')
    for (let i = 0; i < pictures; i++) {
      reader.ue()
      reader.skip(1)
    }
  }
}

/** The rate that a video parameter set's timing suggests (§7.3.2.1); `undefined` where it has none. */
export function vpsFrameRate(unit: Uint8Array): FrameRate | undefined {
  const reader = new BitReader(removeEmulationPrevention(unit), 2)
  reader.skip(12)
  const maxSubLayers = 1 + reader.bits(3)
  reader.skip(17)
  readProfileTierLevel(reader, maxSubLayers)
  readReorder(reader, maxSubLayers)
  const maxLayerId = reader.bits(6)
  const layerSets = reader.ueUpTo(1023, 'vps_num_layer_sets_minus1')
  reader.skip(layerSets * (maxLayerId + 1))
  if (!reader.flag()) return undefined
  const unitsInTick = reader.bits(32)
  return frameRateOf(reader.bits(32), unitsInTick)
}
