import type { Attributes } from './attribute-reader.js'
import {
  enumerated,
  integer,
  maybeInteger,
  maybeQuoted,
  quoted,
  quotedList,
  quotedUri,
  resolutionText,
  tagLine,
} from './attributes.js'

/** What all streams of a multivariant playlist say of themselves. */
export interface StreamFacts {
  /** Its media playlist. */
  readonly uri: string
  /** Peak, bits/s, of its own segments and the heaviest of its groups together. */
  readonly bandwidthBps: number
  readonly averageBandwidthBps?: number | undefined
  /** RFC 6381 strings of all that it and its groups carry. */
  readonly codecs: readonly string[]
  /** As `dvh1.08.07/db4h`. */
  readonly supplementalCodecs?: readonly string[] | undefined
  /** Pixels; not for sound alone. */
  readonly resolution?: { readonly width: number; readonly height: number } | undefined
  readonly videoRange?: VideoRange | undefined
  /** `TYPE-0`, `TYPE-1` or `NONE`. */
  readonly hdcpLevel?: string | undefined
  /** Of two variants that play, the one of higher score is better. */
  readonly score?: number | undefined
  /** GROUP-ID of its pictures' renditions. */
  readonly videoGroup?: string | undefined
  /** The same in every playlist that has it. */
  readonly stableId?: string | undefined
  /** The content steering pathway that it belongs to. */
  readonly pathwayId?: string | undefined
}

/** VIDEO-RANGE. */
export type VideoRange = 'SDR' | 'HLG' | 'PQ'

/** EXT-X-STREAM-INF (RFC 8216bis §4.4.6.2): a variant. */
export interface StreamVariant extends StreamFacts {
  /** Frames per second. */
  readonly frameRate?: number | undefined
  /** For people, where a variant has a name (not in the standard, but common). */
  readonly name?: string | undefined
  /** GROUP-ID of its sound. */
  readonly audioGroup?: string | undefined
  readonly subtitlesGroup?: string | undefined
  /** GROUP-ID of the closed captions in its picture; without one it claims to have none, unless another variant has some. */
  readonly closedCaptionsGroup?: string | undefined
}

/** EXT-X-I-FRAME-STREAM-INF (RFC 8216bis §4.4.6.3): an I-frame playlist. */
export type IFrameStream = StreamFacts

/** EXT-X-IMAGE-STREAM-INF (Image Media Playlist specification): a playlist of images. */
export interface ImageStream {
  readonly uri: string
  readonly bandwidthBps: number
  /** Pixels of one tile. */
  readonly resolution?: { readonly width: number; readonly height: number } | undefined
  /** `jpeg`, `webp` … */
  readonly codecs: readonly string[]
}

type AttributePairs = (readonly [name: string, value: string | undefined])[]

/**
 * The EXT-X-STREAM-INF tag with its line end.
 *
 * @param saysNone a variant with a picture, but without a group says CLOSED-CAPTIONS=NONE: all of them or none may
 */
export function streamTag(variant: StreamVariant, saysNone: boolean): string {
  const { frameRate, closedCaptionsGroup, resolution } = variant
  const none = saysNone && resolution ? 'NONE' : undefined
  return tagLine('EXT-X-STREAM-INF', [
    ...rates(variant),
    ['RESOLUTION', resolution && resolutionText(resolution)],
    ['FRAME-RATE', frameRate === undefined ? undefined : frameRate.toFixed(3)],
    ...picture(variant),
    ['AUDIO', maybeQuoted(variant.audioGroup)],
    ['SUBTITLES', maybeQuoted(variant.subtitlesGroup)],
    ['CLOSED-CAPTIONS', closedCaptionsGroup === undefined ? none : quoted(closedCaptionsGroup)],
    ['NAME', maybeQuoted(variant.name)],
  ])
}

/** The EXT-X-I-FRAME-STREAM-INF tag with its line end. */
export function iFrameStreamTag(stream: IFrameStream): string {
  return tagLine('EXT-X-I-FRAME-STREAM-INF', [
    ...rates(stream),
    ['RESOLUTION', stream.resolution && resolutionText(stream.resolution)],
    ...picture(stream),
    ['URI', quotedUri(stream.uri)],
  ])
}

/** The EXT-X-IMAGE-STREAM-INF tag with its line end. */
export function imageStreamTag({ uri, bandwidthBps, resolution, codecs }: ImageStream): string {
  return tagLine('EXT-X-IMAGE-STREAM-INF', [
    ['BANDWIDTH', integer(bandwidthBps)],
    ['RESOLUTION', resolution && resolutionText(resolution)],
    ['CODECS', quotedList(codecs)],
    ['URI', quotedUri(uri)],
  ])
}

function rates({ bandwidthBps, averageBandwidthBps, codecs, supplementalCodecs }: StreamFacts): AttributePairs {
  return [
    ['BANDWIDTH', integer(bandwidthBps)],
    ['AVERAGE-BANDWIDTH', maybeInteger(averageBandwidthBps)],
    ['CODECS', quotedList(codecs)],
    ['SUPPLEMENTAL-CODECS', quotedList(supplementalCodecs)],
  ]
}

function picture({ videoRange, hdcpLevel, score, videoGroup, stableId, pathwayId }: StreamFacts): AttributePairs {
  return [
    ['VIDEO-RANGE', videoRange && enumerated(videoRange)],
    ['HDCP-LEVEL', hdcpLevel && enumerated(hdcpLevel)],
    ['SCORE', score === undefined ? undefined : String(Math.round(Math.max(0, score) * 1e6) / 1e6)],
    ['STABLE-VARIANT-ID', maybeQuoted(stableId)],
    ['PATHWAY-ID', maybeQuoted(pathwayId)],
    ['VIDEO', maybeQuoted(videoGroup)],
  ]
}

/** Reads EXT-X-STREAM-INF, but for the address, which is the next line. */
export function readStream(attributes: Attributes, add: (message: string) => void): Omit<StreamVariant, 'uri'> {
  const captions = attributes.raw('CLOSED-CAPTIONS')
  const hasCaptions = captions !== undefined && (attributes.isQuoted('CLOSED-CAPTIONS') || captions !== 'NONE')
  return {
    ...readFacts('EXT-X-STREAM-INF', attributes, add),
    frameRate: attributes.decimal('FRAME-RATE'),
    name: attributes.string('NAME'),
    audioGroup: attributes.string('AUDIO'),
    subtitlesGroup: attributes.string('SUBTITLES'),
    closedCaptionsGroup: hasCaptions ? captions : undefined,
  }
}

/** Reads EXT-X-I-FRAME-STREAM-INF; `undefined` without URI. */
export function readIFrameStream(attributes: Attributes, add: (message: string) => void): IFrameStream | undefined {
  const uri = attributes.needed('URI')
  return uri === undefined ? undefined : { uri, ...readFacts('EXT-X-I-FRAME-STREAM-INF', attributes, add) }
}

/** Reads EXT-X-IMAGE-STREAM-INF; `undefined` without URI. */
export function readImageStream(attributes: Attributes, add: (message: string) => void): ImageStream | undefined {
  const uri = attributes.needed('URI')
  if (uri === undefined) return undefined
  const { bandwidthBps, resolution, codecs } = readFacts('EXT-X-IMAGE-STREAM-INF', attributes, add)
  return { uri, bandwidthBps, resolution, codecs }
}

function readFacts(tag: string, attributes: Attributes, add: (message: string) => void): Omit<StreamFacts, 'uri'> {
  const bandwidthBps = attributes.integer('BANDWIDTH')
  if (bandwidthBps === undefined) add(`${tag} needs BANDWIDTH, a whole number.`)
  return {
    bandwidthBps: bandwidthBps ?? 0,
    averageBandwidthBps: attributes.integer('AVERAGE-BANDWIDTH'),
    codecs: attributes.list('CODECS') ?? [],
    supplementalCodecs: attributes.list('SUPPLEMENTAL-CODECS'),
    resolution: attributes.resolution('RESOLUTION'),
    videoRange: attributes.enumerated('VIDEO-RANGE', ['SDR', 'HLG', 'PQ']),
    hdcpLevel: attributes.raw('HDCP-LEVEL'),
    score: attributes.decimal('SCORE'),
    stableId: attributes.string('STABLE-VARIANT-ID'),
    pathwayId: attributes.string('PATHWAY-ID'),
    videoGroup: attributes.string('VIDEO'),
  }
}
