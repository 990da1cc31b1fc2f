import { type Chapter, type Colour, type MediaIndex, type Track, type TrackRole, ticksToMs } from '@cuemux/core'

/** A track as people and programs see it: plain JSON. */
export interface TrackInfo {
  readonly id: number
  readonly kind: Track['kind']
  readonly codec: Track['codec']
  /** RFC 6381, where it is known. */
  readonly codecString: string | undefined
  readonly containerCodec: string
  /** BCP 47. */
  readonly language: string
  readonly title: string | undefined
  readonly isDefault: boolean
  readonly isForced: boolean
  readonly roles: readonly TrackRole[]
  readonly bitrateBps: number | undefined
  /** First presentation time on the film's own clock, ms. */
  readonly startMs: number | undefined
  readonly durationMs: number | undefined
  readonly width?: number
  readonly height?: number
  /** Frames per second. */
  readonly frameRate?: number | undefined
  readonly pixelAspect?: readonly [number, number]
  readonly rotation?: number
  readonly bitDepth?: number | undefined
  readonly colour?: Colour | undefined
  readonly videoRange?: VideoRange
  readonly interlaced?: boolean
  readonly sampleRate?: number
  readonly channels?: number
  readonly hasJoc?: boolean
}

/** What is known of a film without reading its media: plain JSON, as `info.json` has it. */
export interface MediaInfo {
  readonly name: string
  readonly container: MediaIndex['container']
  /** How the index was found. */
  readonly foundBy: MediaIndex['foundBy']
  readonly sizeBytes: number
  readonly durationMs: number | undefined
  readonly title: string | undefined
  readonly isTruncated: boolean
  /** Whether each keyframe starts a closed group of pictures, where that is known. */
  readonly closedGops: boolean | undefined
  readonly keyframes: {
    readonly count: number
    readonly meanSpacingMs: number | undefined
    readonly maxSpacingMs: number | undefined
  }
  readonly chapters: readonly Chapter[]
  readonly attachments: readonly { readonly name: string; readonly mimeType: string; readonly sizeBytes: number }[]
  readonly tracks: readonly TrackInfo[]
}

/** HLS VIDEO-RANGE. */
export type VideoRange = 'SDR' | 'HLG' | 'PQ'

/** VIDEO-RANGE of a colour description by its transfer characteristics (ISO/IEC 23091-2: 16 is PQ, 18 is HLG). */
export function videoRange(colour: Colour | undefined): VideoRange {
  if (colour?.transfer === 16) return 'PQ'
  return colour?.transfer === 18 ? 'HLG' : 'SDR'
}

/** The index as plain JSON for people. */
export function describeMedia(name: string, index: MediaIndex): MediaInfo {
  return {
    name,
    container: index.container,
    foundBy: index.foundBy,
    sizeBytes: index.sizeBytes,
    durationMs: index.durationMs,
    title: index.title,
    isTruncated: index.isTruncated,
    closedGops: index.closedGops,
    keyframes: describeKeyframes(index),
    chapters: index.chapters,
    attachments: index.attachments.map(({ name, mimeType, sizeBytes }) => ({ name, mimeType, sizeBytes })),
    tracks: index.tracks.map(describeTrack),
  }
}

function describeKeyframes(index: MediaIndex): MediaInfo['keyframes'] {
  const { time, count, timescale } = index.keyframes
  if (count < 2) return { count, meanSpacingMs: undefined, maxSpacingMs: undefined }
  let longest = 0
  for (let i = 1; i < count; i++) longest = Math.max(longest, (time[i] as number) - (time[i - 1] as number))
  const whole = (time[count - 1] as number) - (time[0] as number)
  return {
    count,
    meanSpacingMs: Math.round(ticksToMs(whole / (count - 1), timescale)),
    maxSpacingMs: Math.round(ticksToMs(longest, timescale)),
  }
}

function describeTrack(track: Track): TrackInfo {
  const ms = (ticks: number | undefined): number | undefined =>
    ticks === undefined ? undefined : ticksToMs(ticks, track.timescale)
  const common = {
    id: track.id,
    kind: track.kind,
    codec: track.codec,
    codecString: track.descriptions[0].codecString,
    containerCodec: track.containerCodec,
    language: track.language,
    title: track.title,
    isDefault: track.isDefault,
    isForced: track.isForced,
    roles: track.roles,
    bitrateBps: track.bitrateBps,
    startMs: ms(track.start),
    durationMs: track.end === undefined || track.start === undefined ? undefined : ms(track.end - track.start),
  }
  if (track.kind === 'video') {
    const { width, height, frameRate, pixelAspect, rotation, bitDepth, colour, interlaced } = track
    const range = videoRange(colour)
    return {
      ...common,
      width,
      height,
      frameRate,
      pixelAspect,
      rotation,
      bitDepth,
      colour,
      videoRange: range,
      interlaced,
    }
  }
  if (track.kind === 'text') return common
  const { sampleRate, channels, bitDepth, hasJoc } = track
  return { ...common, sampleRate, channels, bitDepth, hasJoc }
}
