import { CuemuxError } from '@cuemux/core'
import type { LiveFacts, LiveOutput, LiveVideo } from '@cuemux/ffmpeg'
import type { LiveStreamOptions } from './options.js'

/** What ffmpeg is to make, and why, in words. */
export interface LivePlan {
  readonly output: LiveOutput
  readonly video: string | undefined
  readonly audio: string | undefined
}

const DEFAULT_WIDTH = 1920
const DEFAULT_HEIGHT = 1080
const DEFAULT_BITRATE_BPS = 5_000_000
const DEFAULT_AUDIO_BPS = 128_000
/** What is above is no rate of pictures. */
const MAX_FRAME_RATE = 120

/**
 * Copy or encode: what browsers play is copied, if that is wanted; without facts of the input all is encoded.
 *
 * @throws CuemuxError `SOURCE_UNREACHABLE` where the input carries neither picture nor sound
 */
export function planOutput(
  options: Pick<LiveStreamOptions, 'mode' | 'video' | 'audio'>,
  facts: LiveFacts | undefined,
  segmentMs: number,
): LivePlan {
  const mayCopy = options.mode !== 'encode'
  const { video, audio } = facts ?? {}
  if (facts !== undefined && video === undefined && (audio === undefined || options.audio === false)) {
    throw new CuemuxError('SOURCE_UNREACHABLE', 'The live input carries neither a picture nor a sound.')
  }
  const tooLarge = video !== undefined && isTooLarge(options, video.track.height, video.track.width)
  const videoObstacle = video?.obstacle ?? (tooLarge ? 'it is larger than asked for' : undefined)
  const copiesVideo = mayCopy && video !== undefined && videoObstacle === undefined
  const copiesAudio = mayCopy && audio !== undefined && audio.obstacle === undefined
  const hasVideo = facts === undefined || video !== undefined
  const hasAudio = options.audio !== false && (facts === undefined || audio !== undefined)
  const why = mayCopy ? (obstacle = 'nothing is known of it') => `encoded: ${obstacle}` : () => 'encoded, as asked for'
  const bitrateBps = (options.audio === false ? undefined : options.audio?.bitrateBps) ?? DEFAULT_AUDIO_BPS
  return {
    output: {
      video: hasVideo ? (copiesVideo ? { mode: 'copy' } : encodedVideo(options, facts, segmentMs)) : undefined,
      audio: hasAudio ? (copiesAudio ? { mode: 'copy' } : { mode: 'encode', bitrateBps }) : undefined,
    },
    video: hasVideo ? (copiesVideo ? 'copied' : why(videoObstacle)) : undefined,
    audio: hasAudio ? (copiesAudio ? 'copied' : why(audio?.obstacle)) : undefined,
  }
}

/** A picture that is to be smaller than it is can't be copied; without a wish any size can. */
function isTooLarge({ video = {} }: Pick<LiveStreamOptions, 'video'>, height: number, width: number): boolean {
  const { maxHeight = Number.POSITIVE_INFINITY, maxWidth = Number.POSITIVE_INFINITY } = video
  return height > maxHeight || width > maxWidth
}

function encodedVideo(
  { video = {} }: Pick<LiveStreamOptions, 'video'>,
  facts: LiveFacts | undefined,
  segmentMs: number,
): LiveVideo {
  return {
    mode: 'encode',
    maxWidth: video.maxWidth ?? DEFAULT_WIDTH,
    maxHeight: video.maxHeight ?? DEFAULT_HEIGHT,
    bitrateBps: video.bitrateBps ?? DEFAULT_BITRATE_BPS,
    preset: video.preset ?? 'veryfast',
    keyframeMs: segmentMs,
    frameRate: facts === undefined ? 'own' : frameRateOf(facts),
  }
}

function frameRateOf({ video }: LiveFacts): Extract<LiveVideo, { mode: 'encode' }>['frameRate'] {
  const { timescale, frameDuration } = video?.track ?? {}
  if (timescale === undefined || frameDuration === undefined) return 'variable'
  return timescale / frameDuration <= MAX_FRAME_RATE ? [timescale, frameDuration] : 'variable'
}
