import type { BitReader } from './bit-reader.js'
import type { FrameRate } from './description.js'
import { frameRateOf, readVuiPicture, type VuiPicture } from './vui.js'

/** What an HEVC VUI says (ISO/IEC 23008-2 §E.2.1). */
export interface HevcVui extends VuiPicture {
  /** Each picture is a field. */
  fields?: boolean
  nominalFrameRate?: FrameRate | undefined
  frameRate?: FrameRate | undefined
  minSpatialSegmentation?: number
}

/** Reads a VUI as far as it goes: encoders have cut it short. */
export function readHevcVui(reader: BitReader, maxSubLayers: number): HevcVui {
  const vui: HevcVui = {}
  try {
    readVuiPicture(reader, vui)
    reader.skip(1)
    vui.fields = reader.flag()
    reader.skip(1)
    if (reader.flag()) for (let i = 0; i < 4; i++) reader.ue()
    if (reader.flag()) readTiming(reader, maxSubLayers, vui)
    if (reader.flag()) {
      reader.skip(3)
      vui.minSpatialSegmentation = reader.ueUpTo(4095, 'min_spatial_segmentation_idc')
    }
  } catch {
    // The VUI breaks off.
  }
  return vui
}

function readTiming(reader: BitReader, maxSubLayers: number, vui: HevcVui): void {
  const unitsInTick = reader.bits(32)
  const timeScale = reader.bits(32)
  const perFrame = unitsInTick * (vui.fields ? 2 : 1)
  vui.nominalFrameRate = frameRateOf(timeScale, perFrame)
  if (reader.flag()) reader.ue()
  if (!reader.flag()) return
  const ticks = readFixedTicks(reader, maxSubLayers)
  // §E.3.1: the clock tick alone is no promise; fixed_pic_rate_within_cvs_flag is.
  if (ticks !== undefined) vui.frameRate = frameRateOf(timeScale, perFrame * ticks)
}

/** Reads hrd_parameters(1, maxSubLayers − 1) (§E.2.2): clock ticks per picture of the highest layer, where that is fixed. */
function readFixedTicks(reader: BitReader, maxSubLayers: number): number | undefined {
  const kinds = (reader.flag() ? 1 : 0) + (reader.flag() ? 1 : 0)
  let subPictures = false
  if (kinds > 0) {
    subPictures = reader.flag()
    if (subPictures) reader.skip(19)
    reader.skip(8)
    if (subPictures) reader.skip(4)
    reader.skip(15)
  }
  let ticks: number | undefined
  for (let layer = 0; layer < maxSubLayers; layer++) {
    const fixedAlways = reader.flag()
    const fixed = fixedAlways || reader.flag()
    ticks = fixed ? 1 + reader.ueUpTo(2047, 'elemental_duration_in_tc_minus1') : undefined
    const lowDelay = !fixed && reader.flag()
    const buffers = lowDelay ? 1 : 1 + reader.ueUpTo(31, 'cpb_cnt_minus1')
    for (let i = 0; i < buffers * kinds; i++) {
      const codes = subPictures ? 4 : 2
      for (let code = 0; code < codes; code++) reader.ue()
      reader.skip(1)
    }
  }
  return ticks
}
