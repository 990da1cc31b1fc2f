import type { Colour } from '@cuemux/core'
import { BitReader } from './bit-reader.js'
import type { FrameRate } from './description.js'
import { frameRateOf } from './vui.js'

/** What a sequence header OBU says (AV1 §5.5). */
export interface Av1Sequence {
  readonly profile: number
  /** seq_level_idx[0]. */
  readonly level: number
  readonly highTier: boolean
  readonly reducedStillPicture: boolean
  readonly width: number
  readonly height: number
  readonly frameRate: FrameRate | undefined
  readonly nominalFrameRate: FrameRate | undefined
  readonly format: Av1Format
}

/** color_config() (§5.5.2). */
export interface Av1Format {
  readonly bitDepth: 8 | 10 | 12
  readonly monochrome: boolean
  readonly subsamplingX: boolean
  readonly subsamplingY: boolean
  readonly chromaPosition: number
  readonly colour: Colour
}

interface OperatingPoint {
  level: number
  highTier: boolean
  frameRate: FrameRate | undefined
  nominalFrameRate: FrameRate | undefined
}

/** Parses the payload of a sequence header OBU. Throws `CORRUPT_INDEX`. */
export function parseAv1Sequence(payload: Uint8Array): Av1Sequence {
  const reader = new BitReader(payload)
  const profile = reader.bits(3)
  reader.skip(1)
  const reducedStillPicture = reader.flag()
  const point = reducedStillPicture
    ? { level: reader.bits(5), highTier: false, frameRate: undefined, nominalFrameRate: undefined }
    : readOperatingPoints(reader)
  const widthBits = 1 + reader.bits(4)
  const heightBits = 1 + reader.bits(4)
  const width = 1 + reader.bits(widthBits)
  const height = 1 + reader.bits(heightBits)
  if (!reducedStillPicture && reader.flag()) reader.skip(7)
  reader.skip(3)
  if (!reducedStillPicture) skipTools(reader)
  reader.skip(3)
  return { profile, ...point, reducedStillPicture, width, height, format: readFormat(reader, profile) }
}

function readOperatingPoints(reader: BitReader): OperatingPoint {
  const first: OperatingPoint = { level: 0, highTier: false, frameRate: undefined, nominalFrameRate: undefined }
  let delayBits = 0
  if (reader.flag()) {
    const unitsInTick = reader.bits(32)
    const timeScale = reader.bits(32)
    const isEqual = reader.flag()
    const ticks = isEqual ? 1 + reader.ue() : 1
    first.nominalFrameRate = frameRateOf(timeScale, unitsInTick * ticks)
    if (isEqual) first.frameRate = first.nominalFrameRate
    if (reader.flag()) {
      delayBits = 1 + reader.bits(5)
      reader.skip(32 + 10)
    }
  }
  const hasDisplayDelay = reader.flag()
  const count = 1 + reader.bits(5)
  for (let i = 0; i < count; i++) {
    reader.skip(12)
    const level = reader.bits(5)
    const highTier = level > 7 && reader.flag()
    if (i === 0) Object.assign(first, { level, highTier })
    if (delayBits > 0 && reader.flag()) reader.skip(2 * delayBits + 1)
    if (hasDisplayDelay && reader.flag()) reader.skip(4)
  }
  return first
}

/** The coding tools between the superblock size and superres. */
function skipTools(reader: BitReader): void {
  reader.skip(4)
  const hasOrderHint = reader.flag()
  if (hasOrderHint) reader.skip(2)
  const screenContent = reader.flag() ? 2 : reader.bits(1)
  if (screenContent > 0 && !reader.flag()) reader.skip(1)
  if (hasOrderHint) reader.skip(3)
}

function readFormat(reader: BitReader, profile: number): Av1Format {
  const isHigh = reader.flag()
  const isTwelve = isHigh && profile === 2 && reader.flag()
  const bitDepth = isTwelve ? 12 : isHigh ? 10 : 8
  const monochrome = profile !== 1 && reader.flag()
  const points = reader.flag() ? [reader.bits(8), reader.bits(8), reader.bits(8)] : []
  const [primaries = 2, transfer = 2, matrix = 2] = points
  const base = { bitDepth, monochrome } as const
  if (!monochrome && primaries === 1 && transfer === 13 && matrix === 0) {
    const colour = { primaries, transfer, matrix, fullRange: true }
    return { ...base, subsamplingX: false, subsamplingY: false, chromaPosition: 0, colour }
  }
  const colour = { primaries, transfer, matrix, fullRange: reader.flag() }
  if (monochrome) return { ...base, subsamplingX: true, subsamplingY: true, chromaPosition: 0, colour }
  let subsamplingX = profile !== 1
  let subsamplingY = profile === 0
  if (profile >= 2 && bitDepth === 12) {
    subsamplingX = reader.flag()
    subsamplingY = subsamplingX && reader.flag()
  }
  const chromaPosition = subsamplingX && subsamplingY ? reader.bits(2) : 0
  return { ...base, subsamplingX, subsamplingY, chromaPosition, colour }
}
