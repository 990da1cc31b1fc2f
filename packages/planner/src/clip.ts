import { CuemuxError, type MediaIndex, rescale, type Span } from '@cuemux/core'
import { US } from './extent.js'
import { planTimeline } from './timeline.js'

/**
 * The part of a film that is presented: the span from the keyframe at or before its start up to the first keyframe at
 * or after its end.
 */
export interface Clip extends Span {
  /** The wished start on the film's clock, µs. Sound has it to the frame; the picture starts with its keyframe. */
  readonly fromUs: number
  /** The wished end on the film's clock, µs; infinite where it is the film's. */
  readonly toUs: number
  /** By how much the wished start lies after the first keyframe, ms. */
  readonly startOffsetMs: number
}

/**
 * The clip between two times, ms from the film's beginning; `undefined` for the whole film.
 *
 * @throws CuemuxError `BAD_REQUEST` for an end that isn't after the start, or a start behind the film's end
 */
export function planClip(
  index: MediaIndex,
  startMs: number = 0,
  endMs: number = Number.POSITIVE_INFINITY,
): Clip | undefined {
  if (startMs === 0 && endMs === Number.POSITIVE_INFINITY) return undefined
  if (endMs <= startMs) {
    throw new CuemuxError('BAD_REQUEST', `The clip's end at ${endMs} ms is not after its start at ${startMs} ms.`)
  }
  if (index.durationMs !== undefined && startMs >= index.durationMs) {
    const message = `The clip's start at ${startMs} ms lies beyond the film's end at ${Math.round(index.durationMs)} ms.`
    throw new CuemuxError('BAD_REQUEST', message)
  }
  const { zero } = planTimeline(index)
  const { count, time, timescale } = index.keyframes
  const at = (k: number): number => rescale(time[k] ?? 0, timescale, US)
  const zeroUs = rescale(zero.ticks, zero.timescale, US)
  const fromUs = zeroUs + Math.round(startMs * 1000)
  const toUs = zeroUs + Math.round(endMs * 1000)
  let first = 0
  // What is asked for in ms may lie up to half of one beside a frame's true time.
  while (first + 1 < count && at(first + 1) <= fromUs + HALF_MS) first++
  let end = first + 1
  while (end < count && at(end) < toUs - HALF_MS) end++
  return { first, end, fromUs, toUs, startOffsetMs: first === 0 ? startMs : Math.max(0, (fromUs - at(first)) / 1000) }
}

const HALF_MS = 500
