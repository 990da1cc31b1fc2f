import { CLOCK_RATE, stampDistance } from './clock.js'
import type { TimeSections } from './format.js'
import type { ReferencePackets } from './scan.js'

/** A jump of decode times by more than this begins a section of its own, 90 kHz. */
const MAX_FORWARD = 10 * CLOCK_RATE
const MAX_BACKWARD = CLOCK_RATE / 2
/** After this time a section begins anew, so that none comes near the wrap of its time stamps, 90 kHz. */
const MAX_SECTION = 6 * 3600 * CLOCK_RATE
const MAX_ROUNDING = CLOCK_RATE / 1000 + 1
const MAX_REORDER = 10 * CLOCK_RATE

/** Times of the reference track's packets on the film's clock, 90 kHz, and what they have in common. */
export interface FilmTimes {
  readonly sections: TimeSections
  /** Presentation times; NaN for a packet without. */
  readonly pts: Float64Array
  readonly dts: Float64Array
  readonly usesDts: boolean
  /** Usual distance of pictures. */
  readonly pictureTicks: number
  readonly reorderDelay: number
}

/**
 * Puts the packets' times on the film's clock, whose zero is the first decode time: unrolls the 33 bits, and joins what
 * is on the two sides of a jump.
 *
 * @param usual distance of pictures as the codec says it, 90 kHz; 0 where it doesn't
 */
export function findFilmTimes(packets: ReferencePackets, usual: number, endPosition: number): FilmTimes {
  const count = packets.pts.length
  const median = medianDistance(packets.dts)
  // What the codec says counts where the stream is about that; time stamps may be rounded to a millisecond.
  const pictureTicks = usual > 0 && Math.abs(usual - median) < MAX_ROUNDING ? usual : median
  const pts = new Float64Array(count).fill(Number.NaN)
  const dts = new Float64Array(count).fill(Number.NaN)
  const position: number[] = []
  const origin: number[] = []
  const time: number[] = []
  let last = -1
  let lastTime = 0
  let lastShown = Number.NEGATIVE_INFINITY
  let reordered = false
  let consistent = true
  for (let i = 0; i < count; i++) {
    const stamp = packets.dts[i]!
    if (stamp < 0) continue
    const distance = last < 0 ? 0 : stampDistance(stamp, packets.dts[last]!)
    const isJump = last >= 0 && (distance > MAX_FORWARD || distance < -MAX_BACKWARD)
    const offset = stampDistance(packets.pts[i]!, stamp)
    // Behind a jump goes on what was shown last: pictures may be missing where a recording ends.
    const joined = Math.max(lastTime, lastShown - offset) + Math.round(pictureTicks)
    const now = last < 0 ? 0 : isJump ? joined : lastTime + distance
    if (last < 0 || isJump || now - time.at(-1)! > MAX_SECTION) {
      position.push(packets.position[i]!)
      origin.push(stamp)
      time.push(now)
    }
    if (last >= 0 && !isJump) {
      if (distance <= 0) consistent = false
    }
    if (offset < 0 || offset > MAX_REORDER) consistent = false
    if (offset !== 0) reordered = true
    dts[i] = now
    pts[i] = now + offset
    last = i
    lastTime = now
    lastShown = Math.max(lastShown, now + offset)
  }
  const sections = { position, origin, time, endPosition, endTime: lastTime }
  const usesDts = consistent
  const reorderDelay = usesDts ? (reordered ? largestOffset(pts, dts) : 0) : sortedDelay(pts)
  return { sections, pts, dts, usesDts, pictureTicks, reorderDelay }
}

/** Where decode times are the stream's own, D is that of the first picture: what lies before it is nothing. */
function largestOffset(pts: Float64Array, dts: Float64Array): number {
  const first = pts.findIndex(value => !Number.isNaN(value))
  return first < 0 ? 0 : pts[first]! - dts[first]!
}

/** How far sorted presentation times must be moved so that no picture is decoded after it is shown. */
function sortedDelay(pts: Float64Array): number {
  const own = pts.filter(value => !Number.isNaN(value))
  const sorted = own.slice().sort()
  let delay = 0
  for (let i = 0; i < own.length; i++) delay = Math.max(delay, sorted[i]! - own[i]!)
  return delay
}

function medianDistance(dts: readonly number[]): number {
  const distances: number[] = []
  let last = -1
  for (const stamp of dts) {
    if (stamp < 0) continue
    if (last >= 0) {
      const distance = stampDistance(stamp, last)
      if (distance > 0 && distance < MAX_FORWARD) distances.push(distance)
    }
    last = stamp
    if (distances.length >= 10_000) break
  }
  distances.sort((a, b) => a - b)
  const median = distances[distances.length >> 1]
  if (median === undefined) return CLOCK_RATE / 25
  // A rate whose distance isn't whole shows as two of them.
  const near = distances.filter(distance => Math.abs(distance - median) <= 1)
  return near.reduce((sum, distance) => sum + distance, 0) / near.length
}
