import { CuemuxError } from '@cuemux/core'

/** Where a ladder's segments lie: the same places for all its renditions. */
export interface LadderGrid {
  /** Ticks per second. */
  readonly timescale: number
  /** Presentation time at which each segment starts, on the film's clock. */
  readonly times: Float64Array
  /** Length of a segment. */
  readonly segmentTicks: number
  /** Number of the first segment that has pictures: sound that begins long before them has some for itself. */
  readonly firstPicture: number
}

/** What the grid of a film is made of; times are ticks of `timescale`. */
export interface GridOptions {
  readonly timescale: number
  /** Of the film's first frame, or first sample of a film without pictures. */
  readonly start: number
  /** By how much sound begins before that. */
  readonly lead?: number
  /** Where the longest track ends; `undefined` where that isn't known yet. */
  readonly end: number | undefined
  /** Of a frame at a constant rate. */
  readonly frameDuration: number | undefined
  /** Every how many frames each rung keeps one. */
  readonly frameSteps: readonly number[]
  readonly segmentMs: number
}

/** A film longer than this has a wrong duration; frames that are pushed may be so many. */
const MAX_SEGMENTS = 100_000

/**
 * Cuts a film at a fixed distance: at a constant rate a whole number of frames, of every rung, so that 24000/1001 frames
 * a second give segments of exactly 96 · 1001 ticks of 24 000. No keyframe of the source plays a part. The first segment of sound
 * that begins before the pictures is half to one and a half times as long as others.
 *
 * @throws CuemuxError `LIMIT_EXCEEDED` for more segments than a film can have
 */
export function planLadderGrid(options: GridOptions): LadderGrid {
  const { timescale, start, lead = 0, end, frameDuration, frameSteps, segmentMs } = options
  const wished = (segmentMs * timescale) / 1000
  const unit = frameDuration === undefined ? 1 : frameDuration * frameSteps.reduce(lcm, 1)
  const segmentTicks = Math.max(1, Math.round(wished / unit)) * unit
  // A last segment that would begin where the film ends has no frame.
  const slack = (frameDuration ?? timescale / 1000) / 2
  const shown = end === undefined ? MAX_SEGMENTS : Math.max(1, Math.ceil((end - start - slack) / segmentTicks))
  const firstPicture = Math.max(0, Math.round(lead / segmentTicks))
  const count = shown + firstPicture
  if (count > MAX_SEGMENTS) {
    throw new CuemuxError('LIMIT_EXCEEDED', `A film of ${count} segments is longer than can be.`)
  }
  const times = Float64Array.from({ length: count }, (_, n) => start + (n - firstPicture) * segmentTicks)
  return { timescale, segmentTicks, firstPicture, times }
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return (a / x) * b
}
