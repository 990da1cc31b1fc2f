import { isSameDescription } from '@cuemux/core'
import { CLOCK_RATE } from './clock.js'
import type { SetChange, TimeModel } from './format.js'
import {
  type Budget,
  expectedBytes,
  FIRST_BYTES,
  MARGIN_BYTES,
  type SearchedStream,
  type SearchStart,
  type SeenKeyframe,
  searchKeyframe,
  waitFrom,
} from './keyframe-search.js'

/** At so many of the sampled places, at most, the keyframe that follows is looked at. */
const LOOKS = 4
/** The same where keyframes are of no one distance: nothing tells how far the next is, and a look takes several reads. */
const IRREGULAR_LOOKS = 2
/** What all these looks are expected to read, at most. */
const ALL_LOOKS_BYTES = 1024 * 1024
/** What one look may cost. */
const MAX_LOOK_READS = 3
const MAX_LOOK_BYTES = 512 * 1024
/** What the search between looks that differ may cost: less where the beginning, which has been read, was large. */
const SEARCH_READS = 14
const MIN_SEARCH_BYTES = 1024 * 1024
const MAX_SEARCH_BYTES = 4 * 1024 * 1024
const BEGINNING_AND_SEARCH_BYTES = 5.5 * 1024 * 1024
/** The first read of the search. */
const MAX_FIRST_BYTES = 192 * 1024

/** A stream in which changes are looked for. */
export interface SetsFilm extends SearchedStream {
  readonly model: TimeModel
  /** Of the last keyframe that is known exactly: place in the stream, and when it is shown, 90 kHz. */
  readonly lastKey: { readonly position: number; readonly time: number }
  /** Places of the exact keyframes, where some of them bring other sets than the configuration has; else none. */
  readonly doubtful: readonly number[]
  /** Times of the nominal keyframes, 90 kHz, rising. */
  readonly nominal: readonly number[]
  readonly pictureTicks: number
}

/** From the first keyframe at or after a time on, 90 kHz, a description decodes the stream; `undefined` is the track's first. */
export type TimedChange = Pick<SeenKeyframe, 'time' | 'description'>

/**
 * Where parameter sets change in a sampled stream. Finding a keyframe costs a part of a group of pictures: four (two where
 * they are irregular) are looked at all over the stream, at those sampled places that lie nearest before one, in parallel, for a MiB, and between two that
 * differ it is searched, by 14 reads and 4 MiB at most for all. What these leave open counts from the later one on. A look
 * that meets no keyframe in time tells nothing.
 *
 * @throws what the source throws
 */
export async function findSetChanges(film: SetsFilm): Promise<TimedChange[]> {
  const { codec } = film.track
  if (codec !== 'h264' && codec !== 'hevc') return []
  const exact = film.doubtful.map((at): SearchStart => ({ at, rate: 0 }))
  const starts = [...exact, ...looksOf(film)]
  const found = await Promise.all(starts.map(start => searchKeyframe(film, start, lookBudget())))
  const { position, time } = film.lastKey
  const begin: SeenKeyframe = { position: exact[0]?.at ?? position, time, description: undefined }
  const looks = await searchChanges(film, [begin, ...found.filter(look => look !== undefined)])
  return looks.filter(({ description }, i) => !isSameDescription(description, looks[i - 1]?.description))
}

function lookBudget(): Budget {
  return { reads: MAX_LOOK_READS, bytes: MAX_LOOK_BYTES }
}

/** Where to look: of neighbouring samples at that behind which a keyframe is found soonest, unless all that is too much. */
function looksOf(film: SetsFilm): SearchStart[] {
  const { position, time } = film.model
  const samples = position.slice(1, -1).map((at, i) => {
    const rate = (position[i + 2]! - at) / Math.max(1, time[i + 2]! - time[i + 1]!)
    const wait = waitFrom(film, time[i + 1]!)
    const start: SearchStart = { at, time: time[i + 1]!, rate }
    return { start, bytes: wait === undefined ? FIRST_BYTES : expectedBytes(wait, rate) }
  })
  const size = Math.ceil(samples.length / (film.distance === undefined ? IRREGULAR_LOOKS : LOOKS))
  const nearest: typeof samples = []
  for (let i = 0; i < samples.length; i += size) {
    const group = samples.slice(i, i + size)
    nearest.push(group.reduce((best, place) => (place.bytes < best.bytes ? place : best), group[group.length >> 1]!))
  }
  let left = ALL_LOOKS_BYTES
  const cheapest = [...nearest].sort((a, b) => a.bytes - b.bytes)
  const chosen = new Set(cheapest.filter(({ bytes }) => bytes <= MAX_LOOK_BYTES && (left -= bytes) >= 0))
  return nearest.filter(place => chosen.has(place)).map(({ start }) => start)
}

/** The looks, and those that it took to find where neighbours begin to differ; between all such at once. */
async function searchChanges(film: SetsFilm, first: readonly SeenKeyframe[]): Promise<readonly SeenKeyframe[]> {
  const searchBytes = BEGINNING_AND_SEARCH_BYTES - (film.lastKey.position - film.begin)
  const budget: Budget = {
    reads: SEARCH_READS,
    bytes: Math.max(MIN_SEARCH_BYTES, Math.min(MAX_SEARCH_BYTES, searchBytes)),
  }
  const closed = new Set<SeenKeyframe>()
  for (let looks = first; ; ) {
    const gaps = looks.flatMap((low, i): [SeenKeyframe, SeenKeyframe][] => {
      const high = looks[i + 1]
      const isOpen = high !== undefined && !closed.has(low) && !isSameDescription(low.description, high.description)
      return isOpen ? [[low, high]] : []
    })
    const found = await Promise.all(gaps.map(([low, high]) => keyframeBetween(film, low, high, budget)))
    for (const [i, [low]] of gaps.entries()) if (found[i] === undefined) closed.add(low)
    const more = found.filter(look => look !== undefined)
    if (more.length === 0) return looks
    looks = [...looks, ...more].sort((a, b) => a.position - b.position)
  }
}

/** A keyframe about in the middle between two, where there is a nominal one between them. */
async function keyframeBetween(
  film: SetsFilm,
  low: SeenKeyframe,
  high: SeenKeyframe,
  budget: Budget,
): Promise<SeenKeyframe | undefined> {
  const { nominal, pictureTicks, distance } = film
  const inside = nominal.filter(time => time > low.time + pictureTicks / 2 && time < high.time - pictureTicks / 2)
  const wanted = inside[inside.length >> 1]
  if (wanted === undefined) return undefined
  const rate = (high.position - low.position) / (high.time - low.time)
  // From between two keyframes, where that is known, beyond the later one.
  const half = (distance ?? CLOCK_RATE) / 2
  const firstBytes = Math.max(FIRST_BYTES, Math.min(MAX_FIRST_BYTES, Math.ceil(1.4 * half * rate) + MARGIN_BYTES))
  let end = high.position
  for (let at = low.position + Math.max(0, wanted - half - low.time) * rate; end > low.position + film.stride; ) {
    const place = Math.max(low.position + film.stride, at)
    const found = await searchKeyframe(film, { at: place, rate, firstBytes }, budget)
    if (found === undefined || found.position < high.position) return found
    // None follows before the later one: nearer to the earlier one.
    end = place
    at = end - low.position < FIRST_BYTES ? low.position : (low.position + end) / 2
    if (place === low.position + film.stride) return undefined
  }
  return undefined
}

/** The changes by the numbers of the keyframes: each counts from the first one on that is shown at or after its time. */
export function numberChanges(
  changes: readonly TimedChange[],
  keyTimes: ArrayLike<number>,
  toTicks: (time: number) => number,
  tolerance: number,
): SetChange[] {
  return changes.flatMap(({ time, description }) => {
    const from = toTicks(time) - tolerance
    const keyframe = Array.prototype.findIndex.call(keyTimes, (at: number) => at >= from)
    return keyframe < 0 ? [] : [{ keyframe, description }]
  })
}
