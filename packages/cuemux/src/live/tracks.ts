import { codecString, describeAudio, describeVideo } from '@cuemux/codecs'
import { type AudioTrack, CuemuxError, type TrackBase, type VideoTrack } from '@cuemux/core'
import type { StreamTrack } from '@cuemux/ffmpeg'
import { rateOfDefaultDuration, timescaleOfRate } from '@cuemux/matroska'

/** A picture of the stream. */
export interface LivePicture {
  /** Its number in ffmpeg's stream. */
  readonly number: number
  readonly track: VideoTrack
  readonly reorderFrames: number
  /** Ticks that a frame has as a rule. */
  readonly nominalDuration: number
}

/** A sound of the stream. */
export interface LiveSound {
  readonly number: number
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
 * @throws CuemuxError `UNSUPPORTED_CODEC` for what is neither H.264 nor AAC, `CORRUPT_INDEX` for a broken configuration,
 *   `SOURCE_UNREACHABLE` where there is neither a picture nor a sound
 */
export function liveTracks(streams: readonly StreamTrack[]): LiveTracks {
  const video = streams.find(({ kind }) => kind === 'video')
  const audio = streams.find(({ kind }) => kind === 'audio')
  if (video === undefined && audio === undefined) {
    throw new CuemuxError('SOURCE_UNREACHABLE', 'The live input carries neither a picture nor a sound.')
  }
  return {
    video: video === undefined ? undefined : pictureOf(video),
    audio: audio === undefined ? undefined : soundOf(audio),
  }
}

function pictureOf({ number, codecId, codecPrivate, frameDurationNs, width, height }: StreamTrack): LivePicture {
  if (codecId !== 'V_MPEG4/ISO/AVC') throw unsupported(codecId)
  const described = describeVideo('h264', codecPrivate)
  const rate = rateOfDefaultDuration(frameDurationNs)
  const scale = rate === undefined ? undefined : timescaleOfRate(rate)
  const timescale = scale?.timescale ?? FINE_TIMESCALE
  const nominalDuration = scale?.frameDuration ?? Math.round(frameSeconds(frameDurationNs) * FINE_TIMESCALE)
  const reorderFrames = described.reorderFrames ?? (described.profile === BASELINE ? 0 : USUAL_REORDER_FRAMES)
  const track: VideoTrack = {
    ...commonOf(VIDEO_ID, timescale, codecPrivate, codecString('h264', codecPrivate)),
    kind: 'video',
    codec: 'h264',
    containerCodec: 'avc1',
    width: described.width ?? width,
    height: described.height ?? height,
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
  return { number, track, reorderFrames, nominalDuration }
}

/** Of a rate that is unknown or none: any that is usual. */
function frameSeconds(durationNs: number): number {
  const seconds = durationNs / 1e9
  return seconds > 1 / 300 && seconds < 1 ? seconds : 0.04
}

function soundOf({ number, codecId, codecPrivate }: StreamTrack): LiveSound {
  if (!codecId.startsWith('A_AAC')) throw unsupported(codecId)
  const { sampleRate = 48_000, channels = 2, frameSamples = AAC_FRAME_SAMPLES } = describeAudio('aac', codecPrivate)
  const track: AudioTrack = {
    ...commonOf(AUDIO_ID, sampleRate, codecPrivate, codecString('aac', codecPrivate)),
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
  return { number, track, frameSamples }
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

function unsupported(codecId: string): CuemuxError {
  return new CuemuxError('UNSUPPORTED_CODEC', `A live stream can't carry ${codecId || 'an unnamed codec'}.`)
}
