import { type AudioTrack, CuemuxError, type VideoTrack } from '@cuemux/core'
import { askFfprobe } from '../input/probe.js'
import { isObject } from '../input/probe-model.js'
import type { FfmpegRegistry } from '../process/registry.js'

/** The picture of a live input. */
export interface LiveVideoFacts {
  readonly track: VideoTrack
  /** Why it can't be copied for a browser; `undefined` where it can. */
  readonly obstacle: string | undefined
}

/** The sound of a live input. */
export interface LiveAudioFacts {
  readonly track: AudioTrack
  readonly obstacle: string | undefined
}

/** What a live input carries: its first picture and its first sound. */
export interface LiveFacts {
  readonly video: LiveVideoFacts | undefined
  readonly audio: LiveAudioFacts | undefined
}

/** How {@link probeLive} asks. */
export interface ProbeLiveOptions {
  readonly signal?: AbortSignal | undefined
  /** How long an input may take to tell, ms. Default 15 000. */
  readonly timeoutMs?: number | undefined
}

const DEFAULT_TIMEOUT_MS = 15_000
/** What browsers decode: 8 bits, 4:2:0. */
const PLAYED_PIXELS: ReadonlySet<unknown> = new Set(['yuv420p', 'yuvj420p'])
const PROGRESSIVE: ReadonlySet<unknown> = new Set(['progressive', 'unknown', undefined])

/**
 * Asks ffprobe what a live input carries, within a bounded time.
 *
 * @param inputArguments what `liveInputArguments` gives for one input
 * @throws CuemuxError `SOURCE_UNREACHABLE` where nothing comes or nothing is understood, `ENCODER_MISSING`, `CAPACITY`,
 *   `ABORTED`
 */
export async function probeLive(
  ffmpeg: FfmpegRegistry,
  inputArguments: readonly string[],
  options: ProbeLiveOptions = {},
): Promise<LiveFacts> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const { streams, answers } = await askFfprobe(ffmpeg, ['-show_format', '-show_streams', ...inputArguments], {
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    })
    const videoAt = streams.findIndex(stream => stream?.track.kind === 'video')
    const audioAt = streams.findIndex(stream => stream?.track.kind === 'audio')
    const video = streams[videoAt]?.track
    const audio = streams[audioAt]?.track
    return {
      video: video?.kind === 'video' ? { track: video, obstacle: videoObstacle(video, answers[videoAt]) } : undefined,
      audio: audio?.kind === 'audio' ? { track: audio, obstacle: audioObstacle(audio, answers[audioAt]) } : undefined,
    }
  } catch (error) {
    throw asUnreachable(error, signal, timeoutMs)
  }
}

function asUnreachable(error: unknown, signal: AbortSignal | undefined, timeoutMs: number): unknown {
  if (!(error instanceof CuemuxError)) return error
  if (error.code === 'ABORTED' && signal?.aborted !== true) {
    return new CuemuxError('SOURCE_UNREACHABLE', `The live input said nothing within ${timeoutMs} ms.`)
  }
  if (error.code !== 'UNSUPPORTED_CONTAINER') return error
  return new CuemuxError(
    'SOURCE_UNREACHABLE',
    error.message.replace('The input is nothing that Cuemux or ffmpeg can read', 'The live input can not be read'),
    { cause: error },
  )
}

function videoObstacle(track: VideoTrack, answer: unknown): string | undefined {
  if (track.codec !== 'h264') return `${track.containerCodec || track.codec} is not played by browsers`
  if (!isObject(answer)) return undefined
  if (!PLAYED_PIXELS.has(answer.pix_fmt)) return `its pixels are ${String(answer.pix_fmt).slice(0, 20)}`
  return PROGRESSIVE.has(answer.field_order) ? undefined : 'it is interlaced'
}

function audioObstacle(track: AudioTrack, answer: unknown): string | undefined {
  // LATM has its configuration in the stream; ffmpeg copies it as something that MP4 can't carry.
  if (isObject(answer) && answer.codec_name === 'aac_latm') return 'its AAC is framed as LATM'
  return track.codec === 'aac' ? undefined : `${track.containerCodec || track.codec} is not played by browsers`
}
