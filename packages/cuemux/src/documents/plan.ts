import { rescale } from '@cuemux/core'
import { sourceSpanBytes } from '@cuemux/planner'
import type { PlannedFilm } from '../planned-film.js'

/** `plan.json`: how a film is cut, for a picture of it; times from the presentation's beginning. */
export interface PlanReport {
  readonly durationMs: number
  readonly segments: readonly {
    readonly n: number
    readonly startMs: number
    readonly durationMs: number
    /** Bytes of the source between its keyframe and the next segment's, all tracks together. */
    readonly bytes: number
  }[]
  readonly keyframesMs: readonly number[]
  readonly renditions: readonly {
    readonly name: string
    readonly kind: string
    /** Number of its first segment. */
    readonly firstSegment: number
    readonly durationsMs: readonly number[]
  }[]
}

/** `plan.json`. */
export function planReport({ plan, demuxer, clip }: PlannedFilm): PlanReport {
  const { segments, timeline, renditions, texts } = plan
  const [reference] = renditions
  const { zero } = timeline
  const zeroUs = rescale(zero.ticks, zero.timescale, 1_000_000)
  const bytes = sourceSpanBytes(demuxer.index, segments)
  const ms = (us: number): number => Math.round(us) / 1000
  let startUs = (reference?.startUs ?? 0) - zeroUs
  const cut = Array.from(reference?.durationsUs ?? [], (durationUs, n) => {
    const segment = { n, startMs: ms(startUs), durationMs: ms(durationUs), bytes: Math.round(bytes[n] ?? 0) }
    startUs += durationUs
    return segment
  })
  const { time, timescale, count } = demuxer.index.keyframes
  const { first, end } = clip ?? { first: 0, end: count }
  const keyframesMs = Array.from(time.subarray(first, end), at => ms(rescale(at, timescale, 1_000_000) - zeroUs))
  const lengths = [
    ...renditions.map(one => ({ ...one, kind: one.kind as string })),
    ...texts.map(text => ({ ...text, kind: 'text' })),
  ]
  return {
    durationMs: ms(startUs),
    segments: cut,
    keyframesMs,
    renditions: lengths.map(({ name, kind, firstSegment, durationsUs }) => ({
      name,
      kind,
      firstSegment,
      durationsMs: Array.from(durationsUs, ms),
    })),
  }
}
