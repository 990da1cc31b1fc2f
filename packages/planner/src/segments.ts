import { CuemuxError, type MediaIndex, type Span } from '@cuemux/core'

/** Where a film is cut into segments. Segment n is the {@link Span} from `cuts[n]` to `cuts[n + 1]`. */
export interface SegmentPlan {
  /** Numbers of the keyframes with which segments start, increasing from 0. */
  readonly cuts: Uint32Array
  /** Presentation times of those keyframes, ticks of `timescale` on the film's clock. */
  readonly times: Float64Array
  /** Ticks per second of `times`: the reference track's. */
  readonly timescale: number
  /** How many keyframes the index has: the end of the last span. */
  readonly keyframeCount: number
}

/** How a film is cut. */
export interface SegmentOptions {
  /** A new segment starts at the first keyframe at or after this length, ms. */
  readonly targetDurationMs: number
}

/**
 * Cuts a film at its keyframes: each segment starts at the first keyframe at or after the start of the one before
 * plus the target. The first starts with keyframe 0; the last one is what remains.
 *
 * @throws CuemuxError `BAD_REQUEST` for a target that isn't positive, `NO_KEYFRAME_INDEX` for a film without keyframes
 */
export function planSegments(index: MediaIndex, options: SegmentOptions): SegmentPlan {
  const { targetDurationMs } = options
  if (!(Number.isFinite(targetDurationMs) && targetDurationMs > 0)) {
    throw new CuemuxError('BAD_REQUEST', `targetDurationMs is ${targetDurationMs}; it must be a positive number of ms.`)
  }
  const { count, time, timescale } = index.keyframes
  if (count === 0) throw new CuemuxError('NO_KEYFRAME_INDEX', 'The film has no keyframe at which it could be cut.')
  const target = (targetDurationMs * timescale) / 1000
  const cuts = new Uint32Array(count)
  let segments = 1
  let next = (time[0] ?? 0) + target
  // hot: once per keyframe of the film
  for (let k = 1; k < count; k++) {
    const at = time[k] ?? 0
    if (at < next) continue
    cuts[segments++] = k
    next = at + target
  }
  const times = new Float64Array(segments)
  for (let n = 0; n < segments; n++) times[n] = time[cuts[n] ?? 0] ?? 0
  return { cuts: cuts.slice(0, segments), times, timescale, keyframeCount: count }
}

/**
 * The span of segment n.
 *
 * @throws CuemuxError `NOT_FOUND` where there is no such segment
 */
export function segmentSpan(plan: SegmentPlan, n: number): Span {
  const first = plan.cuts[n]
  if (first === undefined) {
    throw new CuemuxError('NOT_FOUND', `There is no segment ${n}: the film has ${plan.cuts.length}.`)
  }
  return { first, end: plan.cuts[n + 1] ?? plan.keyframeCount }
}
