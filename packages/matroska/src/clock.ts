import type { TrackFormat } from './format.js'

/** Allows for the rounding of floats, in ticks. */
const EPSILON = 1e-6

/**
 * Turns a track's timestamps into presentation times. Each is a function of the timestamp alone, so that a frame has
 * the same time whichever span it is read for.
 */
export interface TrackClock {
  /**
   * Presentation time in ticks of the track's timescale.
   *
   * @param ticks timestamp of the block, container ticks
   * @param lace number of the frame in the block's lace
   */
  presentationTime(ticks: number, lace: number): number
  /** A duration in container ticks as ticks of the track's timescale. */
  duration(ticks: number): number
}

/** The clock of one track. `timestampScale` is nanoseconds in a container tick. */
export function createClock(format: TrackFormat, timescale: number, timestampScale: number): TrackClock {
  const ratio = (timestampScale * timescale) / 1e9
  const { gridTicks: grid, delay } = format
  const anchor = format.anchorTicks ?? 0
  const anchorTime = Math.round(anchor * ratio)
  // Timestamps are rounded to a container tick (1 ms as a rule); a coarser tick than a quarter frame proves nothing.
  const tolerance = Math.min(ratio, grid / 4) * (1 + EPSILON) + EPSILON
  const laceTicks = grid > 0 ? grid : format.defaultDuration
  const isGrid = grid > 0 && format.anchorTicks !== undefined
  return {
    presentationTime(ticks, lace) {
      // Hot: once per sample.
      let time: number
      if (isGrid) {
        const elapsed = (ticks - anchor) * ratio
        const snapped = Math.round(elapsed / grid) * grid
        time = Math.abs(elapsed - snapped) <= tolerance ? anchorTime + snapped : Math.round(ticks * ratio)
      } else {
        time = Math.round(ticks * ratio)
      }
      return (lace === 0 ? time : time + Math.round(lace * laceTicks)) - delay
    },
    duration: ticks => Math.round(ticks * ratio),
  }
}
