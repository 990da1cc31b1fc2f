import { BitReader } from './bit-reader.js'
import { corrupt, need, u8 } from './bytes.js'
import type { VideoDescription } from './description.js'
import { removeEmulationPrevention } from './nal.js'
import { frameRateOf, readVuiPicture, type VuiPicture } from './vui.js'

/** Profiles whose parameter set has chroma format and bit depths (ISO/IEC 14496-10 §7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244])
/** Profiles that constraint_set3_flag makes intra-only (§E.2.1, max_num_reorder_frames). */
const INTRA_PROFILES: ReadonlySet<number> = new Set([44, 86, 100, 110, 122, 244])

/** What a sequence parameter set says, with what a configuration record needs to repeat. */
export interface AvcSps extends VideoDescription {
  readonly bitDepthChroma: number
  /** seq_parameter_set_id. */
  readonly id: number
  /** Bits from the header on, without emulation prevention, that say how pictures are coded: all before the VUI. */
  readonly codingBits: number
}

interface Vui extends VuiPicture {
  timing?: { readonly unitsInTick: number; readonly timeScale: number; readonly fixed: boolean }
  reorderFrames?: number
}

/**
 * Parses an H.264 sequence parameter set, NAL header included (§7.3.2.1.1). A VUI that breaks off counts as far as it goes.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function parseAvcSps(unit: Uint8Array): AvcSps {
  need(unit, 0, 4, 'A sequence parameter set')
  if ((u8(unit, 0) & 31) !== 7 && (u8(unit, 0) & 31) !== 15) throw corrupt('The NAL unit is no sequence parameter set.')
  const reader = new BitReader(removeEmulationPrevention(unit), 1)
  const profile = reader.bits(8)
  const constraints = reader.bits(8)
  const level = reader.bits(8)
  const id = reader.ueUpTo(31, 'seq_parameter_set_id')
  const format = HIGH_PROFILES.has(profile) ? readFormat(reader) : { chroma: 1, planes: false, luma: 8, chromaDepth: 8 }
  reader.ueUpTo(12, 'log2_max_frame_num_minus4')
  const orderType = readOrderCount(reader)
  reader.ue()
  reader.skip(1)
  const size = readSize(reader, format.planes ? 0 : format.chroma)
  const codingBits = reader.position
  const vui: Vui = {}
  if (reader.left > 0 && reader.flag()) readVui(reader, vui)
  const isIntra = INTRA_PROFILES.has(profile) && (constraints & 0x10) !== 0
  const isConstrainedBaseline = profile === 66 && (constraints & 0x40) !== 0
  const noReorder = orderType === 2 || isIntra || isConstrainedBaseline
  const rate = vui.timing === undefined ? undefined : frameRateOf(vui.timing.timeScale, vui.timing.unitsInTick * 2)
  return {
    ...size,
    pixelAspect: vui.pixelAspect,
    colour: vui.colour,
    frameRate: vui.timing?.fixed ? rate : undefined,
    nominalFrameRate: rate,
    reorderFrames: noReorder ? 0 : vui.reorderFrames,
    bitDepth: format.luma,
    bitDepthChroma: format.chromaDepth,
    chromaFormat: format.chroma as 0 | 1 | 2 | 3, // ueUpTo(3)
    profile,
    level,
    id,
    codingBits,
  }
}

function readFormat(reader: BitReader): { chroma: number; planes: boolean; luma: number; chromaDepth: number } {
  const chroma = reader.ueUpTo(3, 'chroma_format_idc')
  const planes = chroma === 3 && reader.flag()
  const luma = 8 + reader.ueUpTo(6, 'bit_depth_luma_minus8')
  const chromaDepth = 8 + reader.ueUpTo(6, 'bit_depth_chroma_minus8')
  reader.skip(1)
  if (reader.flag()) {
    const lists = chroma === 3 ? 12 : 8
    for (let i = 0; i < lists; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64)
  }
  return { chroma, planes, luma, chromaDepth }
}

/** §7.3.2.1.1.1 */
function skipScalingList(reader: BitReader, size: number): void {
  let last = 8
  let next = 8
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + reader.se() + 256) & 255
    if (next !== 0) last = next
  }
}

function readOrderCount(reader: BitReader): number {
  const type = reader.ueUpTo(2, 'pic_order_cnt_type')
  if (type === 0) reader.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4')
  if (type === 1) {
    reader.skip(1)
    reader.se()
    reader.se()
    const cycle = reader.ueUpTo(255, 'num_ref_frames_in_pic_order_cnt_cycle')
    for (let i = 0; i < cycle; i++) reader.se()
  }
  return type
}

function readSize(reader: BitReader, chroma: number): { width: number; height: number; interlaced: boolean } {
  const widthMbs = 1 + reader.ueUpTo(4095, 'pic_width_in_mbs_minus1')
  const heightUnits = 1 + reader.ueUpTo(4095, 'pic_height_in_map_units_minus1')
  const framesOnly = reader.flag()
  if (!framesOnly) reader.skip(1)
  reader.skip(1)
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1
  const unitY = (chroma === 1 ? 2 : 1) * (framesOnly ? 1 : 2)
  let width = widthMbs * 16
  let height = heightUnits * 16 * (framesOnly ? 1 : 2)
  if (reader.flag()) {
    width -= (reader.ue() + reader.ue()) * unitX
    height -= (reader.ue() + reader.ue()) * unitY
  }
  if (width <= 0 || height <= 0) throw corrupt('The cropping of a sequence parameter set leaves no picture.')
  return { width, height, interlaced: !framesOnly }
}

/** §E.1.1. Encoders have cut VUIs short, so what was read until the end counts. */
function readVui(reader: BitReader, vui: Vui): void {
  try {
    readVuiPicture(reader, vui)
    if (reader.flag()) vui.timing = { unitsInTick: reader.bits(32), timeScale: reader.bits(32), fixed: reader.flag() }
    const nalHrd = reader.flag()
    if (nalHrd) skipHrd(reader)
    const vclHrd = reader.flag()
    if (vclHrd) skipHrd(reader)
    if (nalHrd || vclHrd) reader.skip(1)
    reader.skip(1)
    if (!reader.flag()) return
    reader.skip(1)
    for (let i = 0; i < 4; i++) reader.ue()
    const reorder = reader.ue()
    if (reorder <= 16) vui.reorderFrames = reorder
  } catch {
    // The VUI breaks off.
  }
}

/** §E.1.2 */
function skipHrd(reader: BitReader): void {
  const count = 1 + reader.ueUpTo(31, 'cpb_cnt_minus1')
  reader.skip(8)
  for (let i = 0; i < count; i++) {
    reader.ue()
    reader.ue()
    reader.skip(1)
  }
  reader.skip(20)
}
