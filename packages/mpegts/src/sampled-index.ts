import { type MediaIndex, throwIfAborted, type VideoTrack } from '@cuemux/core'
import { assembleIndex, type Opening, usualDistance } from './build-index.js'
import { CLOCK_RATE, filmTime, stampDistance } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import { type FilmTimes, findFilmTimes } from './film-times.js'
import type { TimeModel, TimeSections } from './format.js'
import { PacketWalker } from './packet-walker.js'
import { sampleTimes } from './sampling.js'
import { type ReferencePackets, type ScanResult, scanStream } from './scan.js'
import { findSetChanges, type SetsFilm } from './set-changes.js'

/** The beginning is read until a keyframe behind the first segment, at most so many bytes; that segment needs them anyway. */
const BEGINNING = 6 * CLOCK_RATE
const MAX_BEGINNING_BYTES = 4.5 * 1024 * 1024
const PIECE_BYTES = 768 * 1024
/** So much of the end has the picture that is shown last, and the end of sound. */
const TAIL = CLOCK_RATE / 3
const MIN_TAIL_BYTES = 64 * 1024
const MAX_FIRST_TAIL_BYTES = 320 * 1024
const MAX_TAIL_BYTES = 4 * 1024 * 1024
/** Least distance of nominal keyframes where groups of pictures aren't of one length, 90 kHz. */
const IRREGULAR_DISTANCE = 6 * CLOCK_RATE
const MIN_DISTANCE = CLOCK_RATE
const MAX_NOMINAL = 200_000

/**
 * The index of a remote stream from its beginning, its end and a few places between: the keyframes of its beginning, and
 * behind them nominal ones, at the distance of those. `undefined` where the stream must be read through: recordings were
 * joined in it, or its decode times aren't usable.
 */
export async function sampleIndex(opening: Opening): Promise<MediaIndex | undefined> {
  const { source, plan, reference, readOptions } = opening
  const end = Math.min(plan.end, plan.begin + MAX_BEGINNING_BYTES)
  const isEnough = (packets: ReferencePackets): boolean => hasFirstSegment(packets)
  const scan = await scanStream(source, { ...plan, end, pieceBytes: PIECE_BYTES, isEnough }, readOptions, undefined)
  const begun = findFilmTimes(scan.packets, usualDistance(reference), plan.end)
  const firstKey = scan.packets.isKey.indexOf(1)
  if (!begun.usesDts || begun.sections.position.length !== 1 || scan.epochs.length > 1 || firstKey < 0) return undefined
  throwIfAborted(readOptions.signal)
  const row = begun.dts.findLastIndex(time => !Number.isNaN(time))
  if (row < 0) return undefined
  const tailBytes = firstTailBytes(scan.packets.position[row]! - plan.begin, begun.dts[row]!)
  const last = await lastTimes(opening, begun.sections, tailBytes)
  if (last === undefined) return undefined
  const film = {
    stride: plan.stride,
    begin: plan.begin,
    end: plan.end,
    sections: begun.sections,
    pids: opening.beginnings.filter(({ stamp }) => stamp >= 0).map(({ pair }) => pair.track.id),
  }
  const model = await sampleTimes(
    source,
    film,
    [scan.packets.position[row]!, begun.dts[row]!],
    [last.position, last.dts],
    readOptions,
  )
  if (model === undefined) return undefined
  const nominal = nominalTimes(scan.packets, begun, last.pts)
  const changes = await findSetChanges(setsFilm(opening, scan, begun, model, nominal))
  const times: FilmTimes = { ...begun, sections: { ...begun.sections, endTime: last.dts } }
  return assembleIndex(opening, scan, times, tailBytes, { times: nominal.times, last: last.pts, model, changes })
}

function setsFilm(
  { source, plan, reference, readOptions }: Opening,
  { packets, setsChange }: ScanResult,
  { sections, pts, dts, pictureTicks }: FilmTimes,
  model: TimeModel,
  nominal: NominalTimes,
): SetsFilm {
  const rows = keyRows(packets, pts)
  const last = rows.at(-1)!
  return {
    source,
    stride: plan.stride,
    begin: plan.begin,
    sections,
    track: reference.track as VideoTrack, // only streams with a picture are sampled
    model,
    keyTime: dts[last]!,
    lastKey: { position: packets.position[last]!, time: pts[last]! },
    doubtful: setsChange ? rows.map(row => packets.position[row]!) : [],
    distance: nominal.distance,
    nominal: nominal.times,
    pictureTicks,
    readOptions,
  }
}

/** Rows of the keyframes that have a time. */
function keyRows({ isKey }: ReferencePackets, pts: Float64Array): number[] {
  return isKey.flatMap((flag, row) => (flag === 1 && !Number.isNaN(pts[row]!) ? [row] : []))
}

function hasFirstSegment({ isKey, pts }: ReferencePackets): boolean {
  const first = isKey.indexOf(1)
  const last = isKey.lastIndexOf(1)
  // A picture that follows shows that the keyframe's packet is whole.
  return first >= 0 && last < isKey.length - 1 && stampDistance(pts[last]!, pts[first]!) >= BEGINNING
}

/** How much of the end is read at first, by the rate of the beginning. */
function firstTailBytes(bytes: number, ticks: number): number {
  const wanted = ticks > 0 ? Math.ceil((bytes / ticks) * TAIL) : MAX_FIRST_TAIL_BYTES
  return Math.min(MAX_FIRST_TAIL_BYTES, Math.max(MIN_TAIL_BYTES, wanted))
}

/** Times of the pictures at the end. */
async function lastTimes(
  { source, plan, readOptions }: Opening,
  sections: TimeSections,
  firstBytes: number,
): Promise<{ pts: number; dts: number; position: number } | undefined> {
  for (let size = firstBytes; size <= MAX_TAIL_BYTES; size *= 2) {
    const packets = Math.floor(Math.min(size, plan.end - plan.begin) / plan.stride)
    const from = plan.end - packets * plan.stride
    const bytes = await source.read(from, plan.end - from, readOptions)
    const walker = new PacketWalker(plan.stride)
    const stream = new ElementaryStream(plan.reference.id, 0, 0)
    walker.add(stream)
    walker.walk(bytes, from, 0, bytes.length)
    let pts = Number.NEGATIVE_INFINITY
    let found: { pts: number; dts: number; position: number } | undefined
    for (let row = 0; row < stream.count; row++) {
      if (stream.pts[row]! < 0) continue
      const position = stream.position[row]!
      pts = Math.max(pts, filmTime(sections, stream.pts[row]!, position))
      found = { pts, dts: filmTime(sections, stream.dts[row]!, position), position }
    }
    // Pictures are reordered: the one that is shown last isn't the one that is sent last.
    if (found !== undefined && stream.count >= 4) return found
  }
  return undefined
}

interface NominalTimes {
  readonly times: readonly number[]
  /** Distance of the keyframes that are known, where it is always the same; 90 kHz. */
  readonly distance: number | undefined
}

/** Where keyframes are expected behind those that are known: at their distance, if it is always the same. */
function nominalTimes(packets: ReferencePackets, { pts, pictureTicks }: FilmTimes, end: number): NominalTimes {
  const keys = keyRows(packets, pts).map(row => pts[row]!)
  const distances = keys.slice(1).map((time, i) => time - keys[i]!)
  const shortest = Math.min(...distances)
  const longest = Math.max(...distances)
  let distance = Math.max(IRREGULAR_DISTANCE, distances.length > 0 ? longest * 1.5 : 0)
  const isConstant = distances.length > 0 && longest - shortest < pictureTicks / 2
  const mean = isConstant ? (keys.at(-1)! - keys[0]!) / distances.length : undefined
  if (mean !== undefined) {
    distance = mean * Math.ceil(MIN_DISTANCE / mean)
  }
  const times: number[] = []
  const from = keys.at(-1)!
  for (let n = 1; from + n * distance < end - distance / 2 && times.length < MAX_NOMINAL; n++)
    times.push(from + n * distance)
  return { times, distance: mean }
}
