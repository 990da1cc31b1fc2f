import { CuemuxError } from '@cuemux/core'

/** Where a film's encoded video is cut, and on which grid its frames lie. All times are ticks of `timescale`. */
export interface VideoPlan {
  readonly timescale: number
  /** Presentation time at which each segment starts, on the film's clock, increasing. */
  readonly times: ArrayLike<number>
  /** Time of the film's first frame. */
  readonly start: number
  /** Duration of a frame at a constant rate; `undefined` for a variable one. */
  readonly frameDuration: number | undefined
  /** How long a frame lasts as a rule; used for the last frame and the reorder delay of a variable rate. */
  readonly nominalDuration: number
  /** Of a clip: nothing before this time is in it, … */
  readonly from?: number | undefined
  /** … and nothing from this one on. */
  readonly end?: number | undefined
  /** The film's clock minus ffmpeg's own of the same input, µs: 0 where both start alike. */
  readonly clockOffsetUs?: number | undefined
}

/** How many frames may be decoded before they are shown, at the most, in what we let encoders make. */
const REORDER_FRAMES = 2

/** Puts the frames that ffmpeg gives on the plan's grid: a pure function of their times. */
export class VideoGrid {
  readonly plan: VideoPlan
  readonly #offsetUs: number

  constructor(plan: VideoPlan) {
    this.plan = plan
    this.#offsetUs = plan.clockOffsetUs ?? 0
  }

  /** How many segments there are. */
  get segmentCount(): number {
    return this.plan.times.length
  }

  /** D: decode times lie this much before presentation times, ticks; one constant for the film. */
  get reorderDelay(): number {
    return REORDER_FRAMES * (this.plan.frameDuration ?? this.plan.nominalDuration)
  }

  /** Time of a frame on the film's clock, ticks: snapped at a constant rate. */
  timeOf(ffmpegMs: number): number {
    const { timescale, start, frameDuration } = this.plan
    const ticks = ((ffmpegMs * 1000 + this.#offsetUs) * timescale) / 1e6
    if (frameDuration === undefined) return Math.round(ticks)
    return start + Math.round((ticks - start) / frameDuration) * frameDuration
  }

  /** The same the other way, s on ffmpeg's clock. */
  ffmpegSeconds(ticks: number): number {
    return ticks / this.plan.timescale - this.#offsetUs / 1e6
  }

  /** Whether segment n has the film's first frame, or comes before it. */
  isFirst(n: number): boolean {
    return n <= 0 || (this.plan.times[n] ?? Number.POSITIVE_INFINITY) <= this.plan.start
  }

  /**
   * First time that belongs to segment n; unless the plan is a clip's, the first one has all before it, and behind the
   * last one nothing follows. Half a frame of room for rounding, or 1 ms at a variable rate.
   */
  boundary(n: number): number {
    const { times, frameDuration, timescale, from, end } = this.plan
    const room = frameDuration === undefined ? timescale / 1000 : frameDuration / 2
    if (this.isFirst(n)) return from === undefined ? Number.NEGATIVE_INFINITY : from - room
    if (n >= times.length) return end === undefined ? Number.POSITIVE_INFINITY : end - room
    return (times[n] ?? 0) - room
  }

  /**
   * Time of a segment's first frame as planned.
   *
   * @throws CuemuxError `NOT_FOUND` where there is no such segment
   */
  startOf(n: number): number {
    const time = this.plan.times[n]
    if (time !== undefined && Number.isInteger(n)) return time
    throw new CuemuxError('NOT_FOUND', `There is no segment ${n}: the film has ${this.segmentCount}.`)
  }
}
