import { rescale } from '@cuemux/core'

/** Where a frame lies on the stream's timeline, ticks of its track. */
export interface PlacedFrame {
  readonly pts: number
  readonly dts: number
}

/** A frame whose time has nothing to do with those before it: a new timeline begins. */
export const JUMP = 'jump'

/** How a {@link PictureClock} begins. */
export interface PictureClockOptions {
  readonly timescale: number
  /** Ticks of a frame at a constant rate; `undefined` for a variable one. */
  readonly frameDuration: number | undefined
  /** Ticks that a frame has as a rule. */
  readonly nominalDuration: number
  /** How many frames may be decoded before and shown after another. */
  readonly reorderFrames: number
  /** A frame that is later than this after the one before it belongs to another timeline, ms. */
  readonly maxGapMs: number
  /** ffmpeg's time of the first frame, ms, and where on the timeline it goes, ticks. */
  readonly originMs: number
  readonly start: number
}

const MAX_STEP_BACK_MS = 1000

/**
 * Times of pictures, out of times that are rounded to ms: those of a constant rate fall back onto its grid. Decode times
 * are the presentation times in order, moved earlier by the reordering: known frame by frame, without looking ahead.
 */
export class PictureClock {
  readonly #options: PictureClockOptions
  /** Presentation times that no frame has as decode time yet, ascending. */
  readonly #waiting: number[] = []
  #anchor: number
  #latest: number
  #lastDts = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(options: PictureClockOptions) {
    this.#options = options
    this.#anchor = options.start
    this.#latest = options.start
  }

  /** How far decode times lie before presentation times, ticks. */
  get delay(): number {
    return this.#options.reorderFrames * this.#options.nominalDuration
  }

  /** Places the next frame in decode order; `undefined` for one that belongs to pictures before the first keyframe. */
  place(timeMs: number): PlacedFrame | typeof JUMP | undefined {
    const { timescale, start, originMs, maxGapMs, reorderFrames, nominalDuration } = this.#options
    const rough = start + rescale(timeMs - originMs, 1000, timescale)
    const ahead = ((rough - this.#latest) * 1000) / timescale
    if (ahead > maxGapMs || ahead < -MAX_STEP_BACK_MS - (this.delay * 1000) / timescale) return JUMP
    const pts = this.#onGrid(rough)
    if (pts < start) return undefined
    this.#latest = Math.max(this.#latest, pts)
    this.#insert(pts)
    const early = reorderFrames - this.#count++
    const inOrder = early > 0 ? start - early * nominalDuration : (this.#waiting.shift() ?? pts)
    // Distinct and ascending, also where a damaged stream repeats a time.
    const dts = Math.max(Math.min(inOrder, pts), this.#lastDts + 1, 0)
    this.#lastDts = dts
    return { pts: Math.max(pts, dts), dts }
  }

  #onGrid(rough: number): number {
    const { frameDuration, timescale } = this.#options
    if (frameDuration === undefined) return rough
    const near = this.#anchor + Math.round((rough - this.#anchor) / frameDuration) * frameDuration
    // Both the first frame's time and this one's were rounded.
    if (Math.abs(near - rough) <= timescale / 1000 + 1) return near
    this.#anchor = rough
    return rough
  }

  #insert(pts: number): void {
    let at = this.#waiting.length
    while (at > 0 && (this.#waiting[at - 1] ?? 0) > pts) at--
    this.#waiting.splice(at, 0, pts)
  }
}

/** How a {@link SoundClock} begins. */
export interface SoundClockOptions {
  /** Samples per second: the track's timescale. */
  readonly sampleRate: number
  /** Samples of a frame. */
  readonly frameSamples: number
  /** As {@link PictureClockOptions.maxGapMs}, and for steps back. */
  readonly maxGapMs: number
  readonly originMs: number
  /** Where `originMs` lies on the timeline, ticks. */
  readonly start: number
}

/** Rounded times and clocks that drift a little are followed by counting; past this there is a gap or an overlap, ms. */
const SOUND_TOLERANCE_MS = 60

/** Times of sound by counting its frames, so that they join without a gap; a real gap stays one. */
export class SoundClock {
  readonly #options: SoundClockOptions
  #next: number | undefined

  constructor(options: SoundClockOptions) {
    this.#options = options
  }

  /** Places the next frame; `undefined` for one that is to be left out: before the origin, or over what is there. */
  place(timeMs: number): PlacedFrame | typeof JUMP | undefined {
    const { sampleRate, frameSamples, originMs, maxGapMs, start } = this.#options
    const rough = start + rescale(timeMs - originMs, 1000, sampleRate)
    if (this.#next === undefined) {
      if (rough < start) return undefined
      this.#next = rough
    }
    const offMs = ((rough - this.#next) * 1000) / sampleRate
    if (offMs > maxGapMs || offMs < -maxGapMs) return JUMP
    if (offMs < -SOUND_TOLERANCE_MS) return undefined
    const dts = offMs > SOUND_TOLERANCE_MS ? rough : this.#next
    this.#next = dts + frameSamples
    return { pts: dts, dts }
  }
}
