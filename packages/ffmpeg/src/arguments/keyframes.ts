import { CuemuxError } from '@cuemux/core'
import type { KeyframePlan, VideoSource } from './job.js'

/** The keyframe times of one command line. */
export interface KeyframeArgument {
  /** The value of `-force_key_frames`; `undefined` where there is nothing to force. */
  readonly value: string | undefined
  /** First time of the plan that did not fit, in its ticks: the run has to end there and a new one to begin. */
  readonly firstLeftOut: number | undefined
}

/** An argument is at most 128 KiB on Linux, and a whole command line 32 KiB on Windows. */
const MAX_ARGUMENT_CHARACTERS = 16 * 1024
const MAX_MARGIN_SECONDS = 0.005

/**
 * How early a keyframe is asked for, seconds. ffmpeg takes the first frame at or after the time, and what it reads out of
 * a container is rounded (to 1 ms in Matroska): a frame that comes a hair early would miss it.
 */
function marginSeconds(frameRate: VideoSource['frameRate']): number {
  return frameRate === undefined ? 0.002 : Math.min(frameRate[1] / frameRate[0] / 4, MAX_MARGIN_SECONDS)
}

function seconds(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '')
}

/**
 * The value of `-force_key_frames`: an expression for a fixed interval, else as many times as a command line holds.
 * An expression's `t` is 0 at the run's first frame whatever clock it is on; listed times are on ffmpeg's clock.
 * Times at or before the first frame are dropped: ffmpeg would make the frames after it pay for each of them.
 */
export function forceKeyframes(plan: KeyframePlan, frameRate: VideoSource['frameRate']): KeyframeArgument {
  const margin = marginSeconds(frameRate)
  if ('interval' in plan) {
    const interval = seconds(plan.interval / plan.timescale)
    return { value: `expr:gte(t+${seconds(margin)},n_forced*${interval})`, firstLeftOut: undefined }
  }
  const start = (plan.start ?? 0) / plan.timescale
  const parts: string[] = []
  let length = 0
  for (const time of plan.times) {
    const at = time / plan.timescale - margin
    if (at <= start) continue
    const part = seconds(at)
    if (length + part.length + 1 > MAX_ARGUMENT_CHARACTERS) return { value: parts.join(','), firstLeftOut: time }
    length += part.length + 1
    parts.push(part)
  }
  return { value: parts.length === 0 ? undefined : parts.join(','), firstLeftOut: undefined }
}

/**
 * Frames from keyframe to keyframe, for encoders that set keyframes by counting alone (SVT-AV1, AMF).
 *
 * @throws CuemuxError `BAD_REQUEST` where the plan isn't a whole number of frames of a constant rate
 */
export function keyframeIntervalFrames(plan: KeyframePlan, frameRate: VideoSource['frameRate'], name: string): number {
  const frames =
    'interval' in plan && frameRate !== undefined
      ? (plan.interval * frameRate[0]) / (plan.timescale * frameRate[1])
      : Number.NaN
  const whole = Math.round(frames)
  if (whole >= 1 && Math.abs(frames - whole) < 1e-6) return whole
  throw new CuemuxError('BAD_REQUEST', `${name} sets keyframes every N frames only, and the plan has them elsewhere.`, {
    hint: 'Plan segments of a whole number of frames each, or take another encoder.',
  })
}
