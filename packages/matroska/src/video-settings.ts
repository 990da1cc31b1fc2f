import { type Colour, colourPoint } from '@cuemux/core'
import { forEachChild, readFloat, readUint } from './ebml.js'
import { Id } from './elements.js'

/** The Video element (RFC 9559 §5.1.4.1.28). */
export interface VideoSettings {
  pixelWidth: number
  pixelHeight: number
  displayWidth: number
  displayHeight: number
  /** 0 pixels, 3 aspect ratio; other units don't tell the shape of a pixel. */
  displayUnit: number
  /** Pixels to be cut off: left, right, top, bottom. */
  crop: [left: number, right: number, top: number, bottom: number]
  isInterlaced: boolean
  colour: Colour | undefined
  /** Payload of `mdcv`. */
  mastering: Uint8Array | undefined
  /** Payload of `clli`. */
  lightLevel: Uint8Array | undefined
  /** Clockwise. */
  rotation: 0 | 90 | 180 | 270
}

type Handler = (video: VideoSettings, bytes: Uint8Array, start: number, end: number) => void

const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [Id.PixelWidth, (video, ...at) => void (video.pixelWidth = readUint(...at))],
  [Id.PixelHeight, (video, ...at) => void (video.pixelHeight = readUint(...at))],
  [Id.DisplayWidth, (video, ...at) => void (video.displayWidth = readUint(...at))],
  [Id.DisplayHeight, (video, ...at) => void (video.displayHeight = readUint(...at))],
  [Id.DisplayUnit, (video, ...at) => void (video.displayUnit = readUint(...at))],
  [Id.PixelCropLeft, (video, ...at) => void (video.crop[0] = readUint(...at))],
  [Id.PixelCropRight, (video, ...at) => void (video.crop[1] = readUint(...at))],
  [Id.PixelCropTop, (video, ...at) => void (video.crop[2] = readUint(...at))],
  [Id.PixelCropBottom, (video, ...at) => void (video.crop[3] = readUint(...at))],
  [Id.FlagInterlaced, (video, ...at) => void (video.isInterlaced = readUint(...at) === 1)],
  [Id.Colour, readColour],
  [Id.Projection, readProjection],
])

/** Reads the Video element's payload. */
export function readVideoSettings(bytes: Uint8Array, start: number, end: number): VideoSettings {
  const video: VideoSettings = {
    pixelWidth: 0,
    pixelHeight: 0,
    displayWidth: 0,
    displayHeight: 0,
    displayUnit: 0,
    crop: [0, 0, 0, 0],
    isInterlaced: false,
    colour: undefined,
    mastering: undefined,
    lightLevel: undefined,
    rotation: 0,
  }
  forEachChild(bytes, start, end, (id, from, to) => HANDLERS.get(id)?.(video, bytes, from, to))
  return video
}

const UNSPECIFIED = 2
const RANGE_FULL = 2

/** RFC 9559 §5.1.4.1.28.16; the code points are those of ISO/IEC 23091-2. */
function readColour(video: VideoSettings, bytes: Uint8Array, start: number, end: number): void {
  const colour = { primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED }
  let range = 0
  let maxCll = 0
  let maxFall = 0
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.Primaries) colour.primaries = colourPoint(readUint(bytes, from, to))
    else if (id === Id.TransferCharacteristics) colour.transfer = colourPoint(readUint(bytes, from, to))
    else if (id === Id.MatrixCoefficients) colour.matrix = colourPoint(readUint(bytes, from, to))
    else if (id === Id.Range) range = readUint(bytes, from, to)
    else if (id === Id.MaxCLL) maxCll = readUint(bytes, from, to)
    else if (id === Id.MaxFALL) maxFall = readUint(bytes, from, to)
    else if (id === Id.MasteringMetadata) video.mastering = readMastering(bytes, from, to)
  })
  const says = colour.primaries !== UNSPECIFIED || colour.transfer !== UNSPECIFIED || colour.matrix !== UNSPECIFIED
  if (says || range === RANGE_FULL) video.colour = { ...colour, fullRange: range === RANGE_FULL }
  if (maxCll > 0 || maxFall > 0) {
    // ISO/IEC 14496-12 §12.1.6: ContentLightLevelBox.
    video.lightLevel = new Uint8Array(4)
    const view = new DataView(video.lightLevel.buffer)
    view.setUint16(0, Math.min(maxCll, 65535))
    view.setUint16(2, Math.min(maxFall, 65535))
  }
}

/** Chromaticities in the order of MasteringDisplayColourVolumeBox (ISO/IEC 14496-12 §12.1.7): green, blue, red, white. */
const CHROMATICITIES: readonly number[] = [
  Id.PrimaryGChromaticityX,
  Id.PrimaryGChromaticityY,
  Id.PrimaryBChromaticityX,
  Id.PrimaryBChromaticityY,
  Id.PrimaryRChromaticityX,
  Id.PrimaryRChromaticityY,
  Id.WhitePointChromaticityX,
  Id.WhitePointChromaticityY,
]

function readMastering(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const payload = new Uint8Array(24)
  const view = new DataView(payload.buffer)
  let seen = 0
  forEachChild(bytes, start, end, (id, from, to) => {
    const value = readFloat(bytes, from, to)
    const slot = CHROMATICITIES.indexOf(id)
    if (!(value >= 0)) return
    if (slot >= 0) view.setUint16(2 * slot, Math.min(65535, Math.round(value * 50_000)))
    else if (id === Id.LuminanceMax) view.setUint32(16, Math.min(0xffffffff, Math.round(value * 10_000)))
    else if (id === Id.LuminanceMin) view.setUint32(20, Math.min(0xffffffff, Math.round(value * 10_000)))
    else return
    seen++
  })
  return seen === 10 ? payload : undefined
}

function readProjection(video: VideoSettings, bytes: Uint8Array, start: number, end: number): void {
  let roll = 0
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.ProjectionPoseRoll) roll = readFloat(bytes, from, to)
  })
  // RFC 9559 §5.1.4.1.28.46: the roll is counter-clockwise.
  const clockwise = (((Math.round(-roll / 90) * 90) % 360) + 360) % 360
  if (clockwise === 90 || clockwise === 180 || clockwise === 270) video.rotation = clockwise
}
