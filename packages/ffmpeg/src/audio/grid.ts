import { type AudioTrack, CuemuxError, rescale } from '@cuemux/core'

/** Samples in a frame of AAC-LC. */
export const AAC_FRAME = 1024

/** Frames of the grid from `first` up to `end`, which is not in it; no end in the last segment. */
export interface FrameRange {
  readonly first: number
  readonly end: number
}

/** Of one segment, the frames that count. */
export interface AudioGridPart {
  readonly segment: number
  readonly frames: FrameRange
}

/** Where segments start: the columns of a `SegmentPlan`. */
export interface SegmentTimes {
  /** Presentation time at which each segment starts, ticks of `timescale` on the film's clock, increasing. */
  readonly times: ArrayLike<number>
  /** Ticks per second of `times`. */
  readonly timescale: number
}

/** Segments of fewer frames aren't made in halves: pre-roll would be a large part of each. */
const LEAST_SPLIT_FRAMES = 96
/** Encoder pre-roll, frames: the first frame overlaps with one that isn't kept, and the encoder's state settles. */
const PREROLL_FRAMES = 12
/** Rates that would need a longer common period than this start at a rounded sample. */
const MAX_ALIGNED_FRAMES = 64

/**
 * The film-wide grid of a transcoded track: frame k holds the samples from k · 1024 on, counted from where the source's
 * track starts; frame −1 is the encoder's priming. Everything follows from the track and the plan.
 */
export class AudioGrid {
  /** Time of sample 0, ticks of {@link rate} on the film's clock. */
  readonly origin: number
  /** Samples per second of the output, and ticks per second of its times. */
  readonly rate: number
  readonly #source: AudioTrack
  readonly #segments: SegmentTimes
  readonly #alignment: number
  readonly #part: AudioGridPart | undefined

  constructor(track: AudioTrack, rate: number, segments: SegmentTimes, part?: AudioGridPart) {
    this.rate = rate
    this.#source = track
    this.#part = part
    this.#segments = segments
    this.origin = rescale(track.start ?? 0, track.timescale, rate)
    this.#alignment = alignedFrames(track.sampleRate, rate)
  }

  /** How many segments the film has. */
  get segmentCount(): number {
    return this.#segments.times.length
  }

  /** Time of frame k, ticks of {@link rate} on the film's clock. */
  timeOf(frame: number): number {
    return this.origin + frame * AAC_FRAME
  }

  /**
   * The frames of segment n: those that start in it. The first segment has all that starts earlier, too.
   *
   * @throws CuemuxError `NOT_FOUND` where there is no such segment
   */
  framesOf(n: number): FrameRange {
    if (!(Number.isInteger(n) && n >= 0 && n < this.segmentCount)) {
      throw new CuemuxError('NOT_FOUND', `There is no segment ${n}: the film has ${this.segmentCount}.`)
    }
    if (n === this.#part?.segment) return this.#part.frames
    const end = n + 1 === this.segmentCount ? Number.POSITIVE_INFINITY : this.#frameAtBoundary(n + 1)
    return { first: n === 0 ? -1 : this.#frameAtBoundary(n), end }
  }

  /** The same grid with the first half of segment n alone, and with the second; nothing where halves aren't worth it. */
  halves(n: number): readonly [AudioGrid, AudioGrid] | undefined {
    const { first, end } = this.framesOf(n)
    if (!Number.isFinite(end) || end - first < LEAST_SPLIT_FRAMES) return undefined
    const middle = Math.floor((first + end) / 2)
    const part = (frames: FrameRange): AudioGrid =>
      new AudioGrid(this.#source, this.rate, this.#segments, { segment: n, frames })
    return [part({ first, end: middle }), part({ first: middle, end })]
  }

  /** The frame with which an encoder starts that is to give `first`: far enough before it, and on a whole source sample. */
  startFor(first: number, prerollFrames: number = PREROLL_FRAMES): number {
    return Math.max(0, Math.floor((first - prerollFrames) / this.#alignment) * this.#alignment)
  }

  /** Time of frame k on the source's scale, ticks; whole for those that {@link startFor} gives. */
  sourceTicks(frame: number): number {
    const { start = 0, timescale } = this.#source
    const ticks = start + (frame * AAC_FRAME * timescale) / this.rate
    const whole = Math.round(ticks)
    return Math.abs(ticks - whole) < 1e-6 ? whole : ticks
  }

  /** The first frame that starts at or after a boundary. */
  #frameAtBoundary(n: number): number {
    const { times, timescale } = this.#segments
    const ticks = times[n] ?? 0
    const seconds = Math.floor(ticks / timescale)
    const samples = seconds * this.rate + ((ticks - seconds * timescale) * this.rate) / timescale
    return Math.max(-1, Math.ceil((samples - this.origin) / AAC_FRAME - 1e-9))
  }
}

/** After how many frames a frame starts on a whole sample of the source again; 1 where that never is soon. */
function alignedFrames(sourceRate: number, rate: number): number {
  const period = rate / gcd(rate, sourceRate)
  const frames = period / gcd(period, AAC_FRAME)
  return frames <= MAX_ALIGNED_FRAMES ? frames : 1
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
