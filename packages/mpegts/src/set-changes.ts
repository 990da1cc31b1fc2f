import { annexBToLengthPrefixed, bringsParameterSets, inBandDescription } from '@cuemux/codecs'
import {
  type ByteSource,
  isSameDescription,
  type ReadOptions,
  type SampleDescription,
  throwIfAborted,
  type VideoTrack,
} from '@cuemux/core'
import { CLOCK_RATE, filmTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { SetChange, TimeModel, TimeSections } from './format.js'
import { PacketWalker } from './packet-walker.js'
import { pictureKind } from './picture-kind.js'

/** At so many of the sampled places, at most, the keyframe that follows is looked at. */
const LOOKS = 4
/** What all these looks are expected to read, at most. */
const ALL_LOOKS_BYTES = 1024 * 1024
/** So much is read to find a keyframe, at most; a read that hasn't met one is followed by one twice as long. */
const FIRST_BYTES = 96 * 1024
const MAX_LOOK_BYTES = 512 * 1024
/** Read beyond where a keyframe is expected. */
const MARGIN_BYTES = 16 * 1024
/** What the search between looks that differ may cost: less where the beginning, which has been read, was large. */
const SEARCH_READS = 14
const MIN_SEARCH_BYTES = 1024 * 1024
const MAX_SEARCH_BYTES = 4 * 1024 * 1024
const BEGINNING_AND_SEARCH_BYTES = 5.5 * 1024 * 1024
const PREFIX_BYTES = 4096

/** A stream in which keyframes are looked for. */
export interface SetsFilm {
  readonly source: ByteSource
  readonly stride: number
  readonly begin: number
  readonly sections: TimeSections
  readonly track: VideoTrack
  readonly model: TimeModel
  /** Of the last keyframe that is known exactly: place in the stream, presentation and decode time, 90 kHz. */
  readonly lastKey: { readonly position: number; readonly pts: number; readonly dts: number }
  /** Places of the exact keyframes, where some of them bring other sets than the configuration has; else none. */
  readonly doubtful: readonly number[]
  /** Distance of keyframes, 90 kHz, where that is always the same. */
  readonly distance: number | undefined
  /** Times of the nominal keyframes, 90 kHz, rising. */
  readonly nominal: readonly number[]
  readonly pictureTicks: number
  readonly readOptions: ReadOptions
}

/** From the first keyframe at or after a time on, 90 kHz, a description decodes the stream; `undefined` is the track's first. */
export interface TimedChange {
  readonly time: number
  readonly description: SampleDescription | undefined
}

/** A keyframe that brings parameter sets along. */
interface Seen extends TimedChange {
  readonly position: number
}

/** What may still be read. */
interface Budget {
  reads: number
  bytes: number
}

/**
 * Where parameter sets change in a sampled stream. Finding a keyframe costs a part of a group of pictures: four are looked
 * at all over the stream, at those sampled places that lie nearest before one, in parallel, for a MiB, and between two that
 * differ it is searched, by 14 reads and 4 MiB at most for all. What these leave open counts from the later one on. A look
 * that meets no keyframe in time tells nothing.
 *
 * @throws what the source throws
 */
export async function findSetChanges(film: SetsFilm): Promise<TimedChange[]> {
  const { codec } = film.track
  if (codec !== 'h264' && codec !== 'hevc') return []
  const { position, pts } = film.lastKey
  const exact = film.doubtful.map(at => ({ at, bytes: PREFIX_BYTES * 2 }))
  const places = [...exact, ...looksOf(film)]
  const found = await Promise.all(places.map(({ at, bytes }) => keyframeFrom(film, at, bytes, lookBudget())))
  const begin: Seen = { position: exact[0]?.at ?? position, time: pts, description: undefined }
  const looks = await searchChanges(film, [begin, ...found.filter(look => look !== undefined)])
  return looks.filter(({ description }, i) => !isSameDescription(description, looks[i - 1]?.description))
}

function lookBudget(): Budget {
  return { reads: Number.POSITIVE_INFINITY, bytes: MAX_LOOK_BYTES }
}

interface Place {
  readonly at: number
  /** What a look there is expected to read. */
  readonly bytes: number
}

/** Where to look: of neighbouring samples at that behind which a keyframe is expected soonest, unless that is far. */
function looksOf({ model: { position, time }, lastKey, distance }: SetsFilm): Place[] {
  const samples = position.slice(1, -1).map((at, i): Place => {
    const rate = (position[i + 2]! - at) / Math.max(1, time[i + 2]! - time[i + 1]!)
    if (distance === undefined) return { at, bytes: FIRST_BYTES }
    const wait = (((lastKey.dts - time[i + 1]!) % distance) + distance) % distance
    return { at, bytes: Math.ceil(wait * rate) + MARGIN_BYTES }
  })
  const size = Math.ceil(samples.length / LOOKS)
  const nearest: Place[] = []
  for (let i = 0; i < samples.length; i += size) {
    const group = samples.slice(i, i + size)
    nearest.push(group.reduce((best, place) => (place.bytes < best.bytes ? place : best), group[group.length >> 1]!))
  }
  let left = ALL_LOOKS_BYTES
  const chosen = new Set(
    [...nearest]
      .sort((a, b) => a.bytes - b.bytes)
      .filter(({ bytes }) => bytes <= MAX_LOOK_BYTES && (left -= bytes) >= 0),
  )
  return nearest.filter(place => chosen.has(place))
}

/** The looks, and those that it took to find where neighbours begin to differ; between all such at once. */
async function searchChanges(film: SetsFilm, first: readonly Seen[]): Promise<readonly Seen[]> {
  const searchBytes = BEGINNING_AND_SEARCH_BYTES - (film.lastKey.position - film.begin)
  const budget: Budget = {
    reads: SEARCH_READS,
    bytes: Math.max(MIN_SEARCH_BYTES, Math.min(MAX_SEARCH_BYTES, searchBytes)),
  }
  const closed = new Set<Seen>()
  for (let looks = first; ; ) {
    const gaps = looks.flatMap((low, i): [Seen, Seen][] => {
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

/** The first keyframe with parameter sets that begins at or after a place; `undefined` where the budget ends before it. */
async function keyframeFrom(
  film: SetsFilm,
  place: number,
  firstBytes: number,
  budget: Budget,
): Promise<Seen | undefined> {
  const { source, stride, begin, sections, track, readOptions } = film
  const walker = new PacketWalker(stride)
  const stream = new ElementaryStream(track.id, 1 << 16, PREFIX_BYTES)
  walker.add(stream)
  let at = begin + Math.ceil((place - begin) / stride) * stride
  for (let piece = firstBytes; budget.reads > 0 && budget.bytes > 0; piece = Math.max(FIRST_BYTES, piece * 2)) {
    const length = Math.min(piece, budget.bytes)
    budget.reads--
    budget.bytes -= length
    const bytes = await source.read(at, length, readOptions)
    throwIfAborted(readOptions.signal)
    if (bytes.length < stride) break
    at += walker.walk(bytes, at, 0, bytes.length)
    for (let row = 0; row < stream.count; row++) {
      if (stream.pts[row]! < 0) continue
      const isLast = row + 1 === stream.count
      const prefix = stream.bytes.subarray(stream.start[row]!, isLast ? stream.length : stream.start[row + 1]!)
      const kind = pictureKind(track.codec, prefix, !isLast && prefix.length < PREFIX_BYTES)
      const sets = kind === 'open' || kind === 'closed' ? setsIn(track, prefix) : undefined
      const position = stream.position[row]!
      if (sets !== undefined) return { position, time: filmTime(sections, stream.pts[row]!, position), ...sets }
    }
    stream.keepLast()
  }
  return undefined
}

/** What decodes a keyframe; `undefined` where it brings no parameter sets and so says nothing. */
function setsIn(
  { codec, descriptions, width, height }: VideoTrack,
  prefix: Uint8Array,
): Pick<TimedChange, 'description'> | undefined {
  const sample = annexBToLengthPrefixed(prefix)
  const { config } = descriptions[0]
  if (!bringsParameterSets(codec, config, sample)) return undefined
  return { description: inBandDescription(codec, { config, width, height }, sample) }
}

/** A keyframe about in the middle between two, where there is a nominal one between them. */
async function keyframeBetween(film: SetsFilm, low: Seen, high: Seen, budget: Budget): Promise<Seen | undefined> {
  const { nominal, pictureTicks, distance } = film
  const inside = nominal.filter(time => time > low.time + pictureTicks / 2 && time < high.time - pictureTicks / 2)
  const wanted = inside[inside.length >> 1]
  if (wanted === undefined) return undefined
  const rate = (high.position - low.position) / (high.time - low.time)
  // From between two keyframes, where that is known, beyond the later one.
  const half = (distance ?? CLOCK_RATE) / 2
  const firstBytes = Math.max(FIRST_BYTES, Math.min(MAX_LOOK_BYTES, Math.ceil(1.4 * half * rate) + MARGIN_BYTES))
  let end = high.position
  for (let at = low.position + Math.max(0, wanted - half - low.time) * rate; end > low.position + film.stride; ) {
    const place = Math.max(low.position + film.stride, at)
    const found = await keyframeFrom(film, place, firstBytes, budget)
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
