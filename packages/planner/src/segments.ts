import { CuemuxError, type MediaIndex, type SampleDescription, type Span } from '@cuemux/core'

/** Where a film is cut into segments. Segment n is the {@link Span} from `cuts[n]` to `cuts[n + 1]`. */
export interface SegmentPlan {
  /** Numbers of the keyframes with which segments start, increasing from 0. */
  readonly cuts: Uint32Array
  /** Presentation times of those keyframes, ticks of `timescale` on the film's clock. */
  readonly times: Float64Array
  /** Ticks per second of `times`: the reference track's. */
  readonly timescale: number
  /** Number of the keyframe that the last span ends before; how many there are, unless the film is clipped. */
  readonly end: number
  /** Stretches of one way to decode the video, at least one, the first from segment 0 on. */
  readonly periods: readonly [SegmentPeriod, ...SegmentPeriod[]]
}

/** Segments of one way to decode the video: up to the next period's first. */
export interface SegmentPeriod {
  /** Number of its first segment. */
  readonly firstSegment: number
  /** What decodes the reference track there; `undefined` for the track's first description. */
  readonly description: SampleDescription | undefined
}

/** A keyframe from which on the reference track is decoded in another way. */
export interface DescriptionChange {
  /** Number of the keyframe. */
  readonly keyframe: number
  /** As {@link SegmentPeriod.description}. */
  readonly description: SampleDescription | undefined
}

/** How a film is cut. */
export interface SegmentOptions {
  /** A new segment starts at the first keyframe at or after this length, ms. */
  readonly targetDurationMs: number
  /** Where the way to decode changes, in order: a segment starts at each. */
  readonly changes?: readonly DescriptionChange[] | undefined
  /** The part of the film that is cut, from a keyframe up to another one; all of it as a rule. */
  readonly clip?: Span | undefined
}

/**
 * Cuts a film at its keyframes: each segment starts at the first keyframe at or after the start of the one before
 * plus the target, or where the way to decode changes. The last one is what remains.
 *
 * @throws CuemuxError `BAD_REQUEST` for a target that isn't positive, `NO_KEYFRAME_INDEX` for a film without keyframes
 */
export function planSegments(index: MediaIndex, options: SegmentOptions): SegmentPlan {
  const { targetDurationMs, changes = [] } = options
  if (!(Number.isFinite(targetDurationMs) && targetDurationMs > 0)) {
    throw new CuemuxError('BAD_REQUEST', `targetDurationMs is ${targetDurationMs}; it must be a positive number of ms.`)
  }
  const { count, time, timescale } = index.keyframes
  if (count === 0) throw new CuemuxError('NO_KEYFRAME_INDEX', 'The film has no keyframe at which it could be cut.')
  const { first, end } = options.clip ?? { first: 0, end: count }
  const target = (targetDurationMs * timescale) / 1000
  const cuts = new Uint32Array(end - first)
  const periods: SegmentPeriod[] = []
  let segments = 0
  let next = Number.NEGATIVE_INFINITY
  let change = 0
  // hot: once per keyframe of the film
  for (let k = first; k < end; k++) {
    const at = time[k] ?? 0
    const isChange = k >= (changes[change]?.keyframe ?? Number.POSITIVE_INFINITY)
    if (at < next && !isChange) continue
    if (isChange) {
      while ((changes[change + 1]?.keyframe ?? Number.POSITIVE_INFINITY) <= k) change++
      periods.push({ firstSegment: segments, description: changes[change++]?.description })
    }
    cuts[segments++] = k
    next = at + target
  }
  const times = new Float64Array(segments)
  for (let n = 0; n < segments; n++) times[n] = time[cuts[n] ?? 0] ?? 0
  const begin: SegmentPeriod = { firstSegment: 0, description: undefined }
  const [start = begin, ...others] = periods[0]?.firstSegment === 0 ? periods : [begin, ...periods]
  return { cuts: cuts.slice(0, segments), times, timescale, end, periods: [start, ...others] }
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
  return { first, end: plan.cuts[n + 1] ?? plan.end }
}

/** Number of the period in which segment n lies, from 0. */
export function periodOf(plan: SegmentPlan, n: number): number {
  return plan.periods.findLastIndex(({ firstSegment }) => firstSegment <= n)
}
