import {
  codecString,
  describeVideo,
  dolbyVisionString,
  hasParameterSets,
  type VideoDescription,
  videoConfigFromSample,
} from '@cuemux/codecs'
import type { HdrMetadata, VideoCodec, VideoTrack } from '@cuemux/core'
import type { TrackFormat } from './format.js'
import { rateOfDefaultDuration, timescaleOfRate } from './frame-rate.js'
import { readBitmapInfo } from './ms-headers.js'
import type { BlockAdditionMapping, TrackEntry } from './track-entry.js'
import {
  type CommonFields,
  type FilmContext,
  formatOfEntry,
  plainCodecPrivate,
  type TrackWithFormat,
  tickRate,
} from './track-model.js'
import type { VideoSettings } from './video-settings.js'

/** Codecs whose first frame tells the configuration where CodecPrivate doesn't, or not all of it. */
const FROM_FRAME: ReadonlySet<VideoCodec> = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1'])

/** Codecs whose CodecPrivate is the payload of their configuration box. */
const PRIVATE_IS_BOX: ReadonlySet<VideoCodec> = new Set(['h264', 'hevc', 'av1'])

/** Longest reordering of the codecs that Cuemux names but doesn't look into, frames. */
const OLD_CODEC_REORDER = 1

/** Builds a video track. The configuration of VP8 and VP9, and its time, follow with the first frame. */
export function buildVideoTrack(
  entry: TrackEntry,
  codec: VideoCodec,
  common: CommonFields,
  film: FilmContext,
): TrackWithFormat {
  const config = configOf(entry, codec)
  const described = describeSafely(codec, config)
  const rate = rateOfDefaultDuration(entry.defaultDurationNs) ?? described.frameRate
  const scale = rate === undefined ? undefined : timescaleOfRate(rate)
  const timescale = scale?.timescale ?? tickRate(film.timestampScale)
  const format: TrackFormat = { ...formatOfEntry(entry, timescale, film), gridTicks: scale?.frameDuration ?? 0 }
  const isVariable = missesFrames(format, timescale, common.sampleCount)
  const nominalRate = rate === undefined ? undefined : rate.numerator / rate.denominator
  const settings = entry.video
  const hdr = hdrOf(settings, entry.additions)
  const track: VideoTrack = {
    ...common,
    kind: 'video',
    codec,
    timescale,
    descriptions: [{ config, codecString: stringOf(codec, config, hdr) }],
    start: undefined,
    end: undefined,
    ...sizeOf(settings, described),
    pixelAspect: pixelAspectOf(settings, described),
    rotation: settings?.rotation ?? 0,
    frameDuration: isVariable ? undefined : scale?.frameDuration,
    frameRate: isVariable ? meanRate(format, common.sampleCount) : nominalRate,
    reorderDelay: 0,
    colour: settings?.colour ?? described.colour,
    hdr,
    bitDepth: described.bitDepth,
    interlaced: (settings?.isInterlaced ?? false) || (described.interlaced ?? false),
  }
  const frames = described.reorderFrames ?? (codec === 'mpeg4' || codec === 'mpeg2' ? OLD_CODEC_REORDER : 0)
  return withReorder({ track, format }, frames)
}

/** Dolby Vision that is nothing else stands in the place of the codec that it is made of. */
function stringOf(codec: VideoCodec, config: Uint8Array, { dolbyVision }: HdrMetadata): string | undefined {
  const own = codecString(codec, config)
  const dolby = dolbyVision === undefined ? undefined : dolbyVisionString(codec, dolbyVision.payload)
  return own === undefined || dolby === undefined || dolby.includes('/') ? own : dolby
}

function configOf(entry: TrackEntry, codec: VideoCodec): Uint8Array {
  const nothing = new Uint8Array(0)
  if (!PRIVATE_IS_BOX.has(codec)) return nothing
  const whole = plainCodecPrivate(entry)
  const config = entry.codecId === 'V_MS/VFW/FOURCC' ? (readBitmapInfo(whole)?.extra ?? nothing) : whole
  // Parameter sets as an Annex B byte stream, as muxers write them that copy a transport stream's.
  const isByteStream = config[0] === 0 && config[1] === 0 && (config[2] === 1 || (config[2] === 0 && config[3] === 1))
  return isByteStream ? (configFromFrame(codec, config) ?? nothing) : config
}

/** Whether the configuration leaves the reordering open, so that it has to be measured in the first group of pictures. */
export function needsReorderMeasured(track: VideoTrack): boolean {
  if (track.codec !== 'h264' && track.codec !== 'hevc') return false
  const described = describeSafely(track.codec, track.descriptions[0].config)
  const BASELINE = 66
  return described.reorderFrames === undefined && !(track.codec === 'h264' && described.profile === BASELINE)
}

/** A video track whose decode times lie `frames` frames before its presentation times. */
function withReorder(pair: TrackWithFormat, frames: number): TrackWithFormat {
  const { track, format } = pair
  if (track.kind !== 'video') return pair
  return { format, track: { ...track, reorderDelay: Math.round(frames * frameTicks(format, track)) } }
}

/** Ticks in a frame, if need be of the mean or of a rate as good as any. */
export function frameTicks(format: TrackFormat, track: VideoTrack): number {
  if (format.gridTicks > 0) return format.gridTicks
  if (format.defaultDuration > 0) return format.defaultDuration
  return track.timescale / (track.frameRate ?? 24)
}

/** The track with what its first frame tells about the decoder. */
export function withVideoFrame(pair: TrackWithFormat, frame: Uint8Array): TrackWithFormat {
  const { track, format } = pair
  if (track.kind !== 'video' || !needsVideoFrame(track)) return pair
  const config = configFromFrame(track.codec, frame)
  if (config === undefined) return pair
  const described = describeSafely(track.codec, config)
  const told: TrackWithFormat = {
    format,
    track: {
      ...track,
      descriptions: [{ config, codecString: stringOf(track.codec, config, track.hdr) }],
      width: track.width || (described.width ?? 0),
      height: track.height || (described.height ?? 0),
      colour: track.colour ?? described.colour,
      bitDepth: described.bitDepth ?? track.bitDepth,
      interlaced: track.interlaced || (described.interlaced ?? false),
    },
  }
  return withReorder(told, described.reorderFrames ?? 0)
}

/** A damaged frame tells nothing. */
function configFromFrame(codec: VideoCodec, frame: Uint8Array): Uint8Array | undefined {
  try {
    return videoConfigFromSample(codec, frame)
  } catch {
    return undefined
  }
}

/** Whether a first frame is needed to know how to decode the track. */
export function needsVideoFrame(track: VideoTrack): boolean {
  return FROM_FRAME.has(track.codec) && !hasParameterSets(track.codec, track.descriptions[0].config)
}

/**
 * Whether the index has to wait for that frame: parameter sets tell by how much pictures are reordered, on which the
 * film's timeline depends.
 */
export function indexNeedsFrame(track: VideoTrack): boolean {
  return (track.codec === 'h264' || track.codec === 'hevc') && needsVideoFrame(track)
}

function describeSafely(codec: VideoCodec, config: Uint8Array): VideoDescription {
  try {
    return describeVideo(codec, config)
  } catch {
    // A broken record is the decoder's matter: the container's own figures stand.
    return {}
  }
}

/** Whether the track has fewer frames than its rate and length make: frames were dropped, the rate is variable. */
function missesFrames(format: TrackFormat, timescale: number, sampleCount: number | undefined): boolean {
  if (sampleCount === undefined || format.endNs === undefined || format.gridTicks === 0) return false
  if (!format.endIsLength) return false
  const expected = (format.endNs * timescale) / 1e9 / format.gridTicks
  return sampleCount < expected * 0.98 - 2
}

function meanRate(format: TrackFormat, sampleCount: number | undefined): number | undefined {
  if (sampleCount === undefined || format.endNs === undefined) return undefined
  return (sampleCount * 1e9) / format.endNs
}

function sizeOf(settings: VideoSettings | undefined, described: VideoDescription): { width: number; height: number } {
  const [left, right, top, bottom] = settings?.crop ?? [0, 0, 0, 0]
  const width = (settings?.pixelWidth ?? 0) - left - right
  const height = (settings?.pixelHeight ?? 0) - top - bottom
  return {
    width: width > 0 ? width : (described.width ?? 0),
    height: height > 0 ? height : (described.height ?? 0),
  }
}

/** Display sizes are rounded to pixels: a shape this near to the codec's own, or to square, is meant to be that. */
const ASPECT_TOLERANCE = 0.005

function pixelAspectOf(settings: VideoSettings | undefined, described: VideoDescription): readonly [number, number] {
  const own = described.pixelAspect ?? [1, 1]
  const { width, height } = sizeOf(settings, described)
  const { displayWidth = 0, displayHeight = 0, displayUnit = 0 } = settings ?? {}
  if (displayWidth === 0 || displayHeight === 0 || width === 0 || height === 0) return own
  if (displayUnit !== 0 && displayUnit !== 3) return own
  const across = displayWidth * height
  const down = displayHeight * width
  const near = ([x, y]: readonly [number, number]): boolean =>
    Math.abs((across * y) / (down * x) - 1) < ASPECT_TOLERANCE
  if (near(own)) return own
  if (near([1, 1])) return [1, 1]
  const divisor = greatestCommonDivisor(across, down)
  return [across / divisor, down / divisor]
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b]
  return a
}

/** BlockAddIDType is the box's four characters (Dolby Vision Streams Within the Matroska container). */
const DOLBY_VISION = new Map<number, 'dvcC' | 'dvvC' | 'dvwC'>([
  [0x64766343, 'dvcC'],
  [0x64767643, 'dvvC'],
  [0x64767743, 'dvwC'],
])

function hdrOf(settings: VideoSettings | undefined, additions: readonly BlockAdditionMapping[]): HdrMetadata {
  const dolby = additions.find(addition => DOLBY_VISION.has(addition.type) && addition.extraData.length >= 5)
  const box = dolby === undefined ? undefined : DOLBY_VISION.get(dolby.type)
  return {
    ...(settings?.mastering === undefined ? {} : { mdcv: settings.mastering }),
    ...(settings?.lightLevel === undefined ? {} : { clli: settings.lightLevel }),
    ...(dolby === undefined || box === undefined ? {} : { dolbyVision: { box, payload: dolby.extraData } }),
  }
}
