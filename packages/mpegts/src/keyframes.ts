import { CuemuxError, type KeyframeTable } from '@cuemux/core'
import { CLOCK_RATE, frameTime } from './clock.js'
import type { TrackWithFormat } from './es-media.js'
import type { FilmTimes } from './film-times.js'
import type { ReferencePackets } from './scan.js'

/** Distance of the frames of sound that an index names, where there is no picture, 90 kHz. */
const SOUND_KEY_DISTANCE = CLOCK_RATE

/** The index's keyframes, and the decode time of each, ticks of the reference track. */
export interface Keyframes {
  readonly table: KeyframeTable
  readonly decodeTimes: Float64Array
}

/**
 * The keyframes of the reference track from its packets.
 *
 * @throws CuemuxError `NO_KEYFRAME_INDEX` where there are none
 */
export function findKeyframes(
  { track, format }: TrackWithFormat,
  packets: ReferencePackets,
  times: FilmTimes,
): Keyframes {
  const rows: number[] = []
  let lastTime = Number.NEGATIVE_INFINITY
  const distance = track.kind === 'audio' ? SOUND_KEY_DISTANCE : 1
  for (let row = 0; row < packets.position.length; row++) {
    const pts = times.pts[row]!
    if (packets.isKey[row] !== 1 || !(pts >= lastTime + distance)) continue
    rows.push(row)
    lastTime = pts
  }
  if (rows.length === 0) {
    throw new CuemuxError('NO_KEYFRAME_INDEX', 'The stream has no picture or sound at which playing could start.', {
      hint: 'It may be scrambled, damaged or too short.',
    })
  }
  const toTicks = (time: number): number => frameTime(format, track.timescale, time, 0)
  const time = Float64Array.from(rows, row => toTicks(times.pts[row]!))
  const offsetBytes = Float64Array.from(rows, row => packets.position[row]!)
  const usesDts = times.usesDts || track.kind === 'audio'
  const decodeTimes = Float64Array.from(usesDts ? rows.map(row => times.dts[row]!) : sortedTimes(rows, times), toTicks)
  if (!usesDts) {
    const delay = delayTicks(times.reorderDelay, format.gridTicks, track.timescale)
    for (let i = 0; i < decodeTimes.length; i++) decodeTimes[i] = decodeTimes[i]! - delay
  }
  return {
    table: { trackId: track.id, timescale: track.timescale, count: rows.length, time, offsetBytes },
    decodeTimes,
  }
}

/** A reorder delay in ticks of its track, whole pictures where they have a grid. */
export function delayTicks(delay: number, gridTicks: number, timescale: number): number {
  const ticks = (delay * timescale) / CLOCK_RATE
  return gridTicks > 0 ? Math.round(ticks / gridTicks) * gridTicks : Math.round(ticks)
}

/** The presentation time that has the place of each row when all are sorted. */
function sortedTimes(rows: readonly number[], { pts }: FilmTimes): number[] {
  const sorted = pts.filter(value => !Number.isNaN(value)).sort()
  const times: number[] = []
  let rank = 0
  for (let row = 0; row < pts.length && times.length < rows.length; row++) {
    if (row === rows[times.length]) times.push(sorted[rank]!)
    if (!Number.isNaN(pts[row]!)) rank++
  }
  return times
}
