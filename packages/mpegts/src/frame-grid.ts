import { CLOCK_RATE } from './clock.js'
import type { TrackWithFormat } from './es-media.js'
import type { FilmTimes } from './film-times.js'
import type { ReferencePackets } from './scan.js'

/** Time stamps that were rounded to a millisecond on their way (from Matroska) are that far from their frame's time. */
const TOLERANCE_SECONDS = 0.00105

/**
 * Puts a video track on the grid of its rate, in a timescale in which a picture lasts whole ticks, where all its times
 * lie on that grid: the jitter of rounded time stamps ends here. Pictures may be left out.
 */
export function withGrid(pair: TrackWithFormat, packets: ReferencePackets, times: FilmTimes): TrackWithFormat {
  const { track, format } = pair
  const { rate } = format
  if (track.kind !== 'video' || rate === undefined) return pair
  const factor = rate.numerator < 1000 ? 1000 : 1
  const timescale = rate.numerator * factor
  const grid = rate.denominator * factor
  const first = packets.isKey.findIndex((isKey, row) => isKey === 1 && !Number.isNaN(times.pts[row]!))
  const anchor = times.pts[first]
  if (anchor === undefined || !(timescale <= 1_000_000)) return pair
  const frame = (grid / timescale) * CLOCK_RATE
  const tolerance = TOLERANCE_SECONDS * CLOCK_RATE
  if (frame < 4 * tolerance || Math.abs(times.pictureTicks - frame) > tolerance) return pair
  for (const column of times.usesDts ? [times.pts, times.dts] : [times.pts]) {
    for (const time of column) {
      const frames = (time - anchor) / frame
      if (Math.abs(frames - Math.round(frames)) * frame > tolerance) return pair
    }
  }
  return { track: { ...track, timescale }, format: { ...format, anchor, gridTicks: grid } }
}
