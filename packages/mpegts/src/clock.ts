import type { TimeSections, TrackFormat } from './format.js'

/** Ticks per second of PTS and DTS (ISO/IEC 13818-1 §2.4.3.7). */
export const CLOCK_RATE = 90_000

const WRAP = 0x200000000
const HALF_WRAP = WRAP / 2
/**
 * A frame as near as this to its track's grid lies on it, s: time stamps that were rounded to a millisecond elsewhere
 * (Matroska) are that far from it.
 */
const SNAP_SECONDS = 0.0011

/** `a − b` for time stamps of 33 bits that wrap around: the shorter way. */
export function stampDistance(a: number, b: number): number {
  let difference = a - b
  if (difference >= HALF_WRAP) difference -= WRAP
  else if (difference < -HALF_WRAP) difference += WRAP
  return difference
}

/**
 * The time of a time stamp on the film's clock, 90 kHz: a function of the stamp and of where it lies, so that it is the
 * same whatever was read before.
 *
 * @param position of the transport packet in the source, bytes
 */
export function filmTime(sections: TimeSections, stamp: number, position: number): number {
  const count = sections.position.length
  if (count === 1) return timeIn(sections, 0, stamp)
  let own = 0
  while (own + 1 < count && sections.position[own + 1]! <= position) own++
  // Sound may lag behind the picture where recordings were joined: the section that fits best.
  const expected = expectedTime(sections, own, position)
  let best = timeIn(sections, own, stamp)
  for (const other of [own - 1, own + 1]) {
    if (other < 0 || other >= count) continue
    const time = timeIn(sections, other, stamp)
    if (Math.abs(time - expected) + CLOCK_RATE < Math.abs(best - expected)) best = time
  }
  return best
}

function timeIn(sections: TimeSections, n: number, stamp: number): number {
  return sections.time[n]! + stampDistance(stamp, sections.origin[n]!)
}

/** What the time at a place is about, by the section's mean rate. */
function expectedTime(sections: TimeSections, n: number, position: number): number {
  const from = sections.position[n]!
  const to = sections.position[n + 1] ?? sections.endPosition
  const start = sections.time[n]!
  const end = sections.time[n + 1] ?? sections.endTime
  return to > from ? start + (end - start) * Math.min(1, (position - from) / (to - from)) : start
}

/**
 * The time of a frame in ticks of its track: on the grid of frames that the track's first one began, where it is near,
 * else its own.
 *
 * @param time of the PES packet on the film's clock, 90 kHz
 * @param after what the frames before it in the packet last, ticks
 */
export function frameTime(format: TrackFormat, timescale: number, time: number, after: number): number {
  const { anchor, gridTicks: grid } = format
  if (anchor === undefined || grid === 0) return Math.round((time * timescale) / CLOCK_RATE) + after
  const elapsed = ((time - anchor) * timescale) / CLOCK_RATE + after
  const snapped = Math.round(elapsed / grid) * grid
  const isNear = Math.abs(elapsed - snapped) <= Math.min(grid / 4, timescale * SNAP_SECONDS)
  return Math.round((anchor * timescale) / CLOCK_RATE) + (isNear ? snapped : Math.round(elapsed))
}
