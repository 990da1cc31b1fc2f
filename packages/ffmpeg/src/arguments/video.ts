import type { VideoEncoder } from '../capabilities/choose.js'
import { validate } from '../capabilities/schemas.js'
import { deviceArguments, planDecode } from './decode.js'
import { encoderArguments, rateText } from './encoders.js'
import { planFilters } from './filters.js'
import type { VideoJob } from './job.js'
import { forceKeyframes, type KeyframeArgument } from './keyframes.js'
import { outputSize } from './size.js'

/** Arguments of a video run, around the input and the output that the caller names. */
export interface VideoArguments {
  /** Before `-i`. */
  readonly inputArguments: readonly string[]
  /** The filters, which `outputArguments` hold already as `-vf`. */
  readonly filter: string
  /** After the input, before the output's format and name. */
  readonly outputArguments: readonly string[]
  readonly width: number
  readonly height: number
  readonly pixelAspect: readonly [number, number]
  /** First planned keyframe that the command line doesn't hold, in the plan's ticks: the run has to end there. */
  readonly firstKeyframeLeftOut: number | undefined
  /** What is done, each step in words. */
  readonly explanation: readonly string[]
}

/**
 * The arguments for a job and an encoder.
 *
 * Pictures come out upright (a display matrix that is copied along means nothing), with their own times: `-enc_time_base`
 * keeps ffmpeg from rounding those of a variable rate to a mean one.
 *
 * @throws CuemuxError `BAD_REQUEST` for a job that breaks its schema, or keyframes that the encoder can't set
 */
export function videoEncodeArguments(job: VideoJob, encoder: VideoEncoder): VideoArguments {
  validate('videoJob', job)
  const filters = planFilters(job, encoder)
  const decode = planDecode(job.source, encoder, filters.place)
  const keyframes = keyframesFor(job, encoder)
  return {
    inputArguments: [
      ...deviceArguments(encoder),
      ...filters.globalArguments,
      '-noautorotate',
      ...decode.inputArguments,
    ],
    filter: filters.filter,
    outputArguments: [
      ...['-map', `0:v:${job.videoStream ?? 0}`, '-an', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
      ...['-vf', filters.filter],
      ...timedEncoderArguments(job, encoder, keyframes.value),
    ],
    ...outputSize(job.source, job.target.heightLimit),
    firstKeyframeLeftOut: keyframes.firstLeftOut,
    explanation: [
      decode.explanation,
      ...filters.explanation,
      `encoded to ${job.target.codec} by ${encoder.name} ${rateText(job)}`,
    ],
  }
}

/** The encoder with its options, for pictures that keep their own times. */
export function timedEncoderArguments(
  job: VideoJob,
  encoder: VideoEncoder,
  forced: string | undefined,
): readonly string[] {
  return [
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1:90000'],
    ...encoderArguments(job, encoder),
    ...(forced === undefined ? [] : ['-force_key_frames', forced]),
  ]
}

/** The keyframes that an encoder has to be told; none for one that counts frames. */
export function keyframesFor({ source, target }: VideoJob, encoder: VideoEncoder): KeyframeArgument {
  if (!encoder.forcesKeyframes) return { value: undefined, firstLeftOut: undefined }
  return forceKeyframes(target.keyframes, source.frameRate)
}
