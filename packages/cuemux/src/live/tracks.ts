import { codecString, describeAudio, describeVideo, videoConfigFromSample } from '@cuemux/codecs'
import { type AudioTrack, CuemuxError, type TrackBase, type VideoTrack } from '@cuemux/core'
import type { StreamFrame, StreamTracks } from '@cuemux/ffmpeg'
import { rateOfDefaultDuration, timescaleOfRate } from '@cuemux/matroska'

/** A picture of the stream. */
export interface LivePicture {
  readonly track: VideoTrack
  readonly reorderFrames: number
  /** Ticks that a frame has as a rule. */
  readonly nominalDuration: number
}

/** A sound of the stream. */
export interface LiveSound {
  readonly track: AudioTrack
  readonly frameSamples: number
}

/** What a stream is made of: a picture, a sound, or both. */
export interface LiveTracks {
  readonly video: LivePicture | undefined
  readonly audio: LiveSound | undefined
}

export const VIDEO_ID = 1
export const AUDIO_ID = 2
/** Of a variable rate. */
const FINE_TIMESCALE = 90_000
/** Where the parameter sets don't say it: more than encoders use as a rule, and no harm where it is too much. */
const USUAL_REORDER_FRAMES = 4
const BASELINE = 66
const AAC_FRAME_SAMPLES = 1024

/**
 * The tracks of ffmpeg's stream as those of an MP4.
 *
 * @throws CuemuxError `CORRUPT_INDEX` for a broken configuration, `SOURCE_UNREACHABLE` where there is neither a picture
 *   nor a sound
 */
export function liveTracks({ video, audio }: StreamTracks): LiveTracks {
  if (video === undefined && audio === undefined) {
    throw new CuemuxError('SOURCE_UNREACHABLE', 'The live input carries neither a picture nor a sound.')
  }
  return {
    video: video === undefined ? undefined : pictureOf(video),
    audio: audio === undefined ? undefined : soundOf(audio),
  }
}

function pictureOf({ config, framesPerSecond = 0 }: NonNullable<StreamTracks['video']>): LivePicture {
  const described = describeVideo('h264', config)
  const rate = rateOfDefaultDuration(framesPerSecond > 0 ? 1e9 / framesPerSecond : 0)
  const scale = rate === undefined ? undefined : timescaleOfRate(rate)
  const timescale = scale?.timescale ?? FINE_TIMESCALE
  const nominalDuration = scale?.frameDuration ?? Math.round(FINE_TIMESCALE / usualRate(framesPerSecond))
  const reorderFrames = described.reorderFrames ?? (described.profile === BASELINE ? 0 : USUAL_REORDER_FRAMES)
  const track: VideoTrack = {
    ...commonOf(VIDEO_ID, timescale, config, codecString('h264', config)),
    kind: 'video',
    codec: 'h264',
    containerCodec: 'avc1',
    width: described.width ?? 0,
    height: described.height ?? 0,
    pixelAspect: described.pixelAspect ?? [1, 1],
    rotation: 0,
    frameDuration: scale?.frameDuration,
    frameRate: timescale / nominalDuration,
    reorderDelay: reorderFrames * nominalDuration,
    colour: described.colour,
    hdr: {},
    bitDepth: described.bitDepth,
    interlaced: described.interlaced ?? false,
  }
  return { track, reorderFrames, nominalDuration }
}

/**
 * The tracks from a keyframe on that brings parameter sets of its own, where they are others than those so far: a sender
 * that changes its picture in mid-stream. Nothing for any other frame.
 */
export function changedTracks(
  { video, audio }: LiveTracks,
  { kind, isKey, data }: StreamFrame,
): LiveTracks | undefined {
  if (video === undefined || kind !== 'video' || !isKey) return undefined
  const config = newConfig(data, video.track.descriptions[0].config)
  if (config === undefined) return undefined
  return { video: pictureOf({ config, framesPerSecond: video.track.frameRate }), audio }
}

/** A damaged frame tells nothing. */
function newConfig(keyframe: Uint8Array, known: Uint8Array): Uint8Array | undefined {
  try {
    const config = videoConfigFromSample('h264', keyframe)
    return config === undefined || isSamePicture(config, known) ? undefined : config
  } catch {
    return undefined
  }
}

/** By what decides on the init segment and the decoder's buffers; picture parameter sets may alternate in a stream. */
function isSamePicture(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [describeVideo('h264', one), describeVideo('h264', other)]
  const isSame = (key: 'width' | 'height' | 'profile' | 'level' | 'reorderFrames' | 'bitDepth'): boolean =>
    a[key] === b[key]
  return (
    (['width', 'height', 'profile', 'level', 'reorderFrames', 'bitDepth'] as const).every(isSame) &&
    String(a.pixelAspect) === String(b.pixelAspect)
  )
}

/** Frames a second; of a rate that is unknown or none, one that is usual. */
function usualRate(framesPerSecond: number): number {
  return framesPerSecond > 1 && framesPerSecond < 300 ? framesPerSecond : 25
}

function soundOf({ config }: NonNullable<StreamTracks['audio']>): LiveSound {
  const { sampleRate = 48_000, channels = 2, frameSamples = AAC_FRAME_SAMPLES } = describeAudio('aac', config)
  const track: AudioTrack = {
    ...commonOf(AUDIO_ID, sampleRate, config, codecString('aac', config)),
    kind: 'audio',
    codec: 'aac',
    containerCodec: 'mp4a',
    sampleRate,
    channels,
    frameDuration: frameSamples,
    priming: 0,
    bitDepth: undefined,
    hasJoc: false,
  }
  return { track, frameSamples }
}

function commonOf(
  id: number,
  timescale: number,
  config: Uint8Array,
  codec: string | undefined,
): Omit<TrackBase, 'containerCodec'> {
  return {
    id,
    timescale,
    descriptions: [{ config, codecString: codec }],
    language: 'und',
    title: undefined,
    isDefault: true,
    isForced: false,
    roles: [],
    start: undefined,
    end: undefined,
    bitrateBps: undefined,
    sampleCount: undefined,
  }
}
