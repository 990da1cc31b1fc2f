import type { Colour } from '@cuemux/core'
import type { BitReader } from './bit-reader.js'
import type { FrameRate } from './description.js'

/** Table E-1 of H.264 and of HEVC: aspect_ratio_idc 1 to 16. */
const ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
]

/** What the first fields of a VUI say, which H.264 and HEVC share. */
export interface VuiPicture {
  pixelAspect?: readonly [number, number]
  colour?: Colour
}

/** Reads a VUI up to and with its chroma locations (ISO/IEC 14496-10 §E.1.1, 23008-2 §E.2.1). */
export function readVuiPicture(reader: BitReader, into: VuiPicture): void {
  if (reader.flag()) {
    const idc = reader.bits(8)
    const aspect = idc === 255 ? ([reader.bits(16), reader.bits(16)] as const) : ASPECTS[idc - 1]
    if (aspect !== undefined && aspect[0] > 0 && aspect[1] > 0) into.pixelAspect = aspect
  }
  if (reader.flag()) reader.skip(1)
  if (reader.flag()) {
    reader.skip(3)
    const fullRange = reader.flag()
    const points = reader.flag() ? [reader.bits(8), reader.bits(8), reader.bits(8)] : []
    const [primaries = 2, transfer = 2, matrix = 2] = points
    into.colour = { primaries, transfer, matrix, fullRange }
  }
  if (reader.flag()) {
    reader.ue()
    reader.ue()
  }
}

/** A rate in lowest terms; `undefined` where it is no rate of a film (nothing, or above 1000 a second). */
export function frameRateOf(numerator: number, denominator: number): FrameRate | undefined {
  if (!(numerator > 0 && denominator > 0) || numerator > denominator * 1000) return undefined
  let a = numerator
  let b = denominator
  while (b > 0) [a, b] = [b, a % b]
  return { numerator: numerator / a, denominator: denominator / a }
}
