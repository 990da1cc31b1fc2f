import { nearUsualRate } from '@cuemux/codecs'
import {
  type ByteSource,
  type KeyframeTable,
  type MediaIndex,
  type ReadOptions,
  type Track,
  ticksToMs,
  type VideoTrack,
} from '@cuemux/core'
import { CLOCK_RATE, filmTime, frameTime } from './clock.js'
import type { TrackWithFormat } from './es-media.js'
import type { FilmTimes } from './film-times.js'
import type { MpegTsFormat, SetChange, TimeModel, TrackFormat } from './format.js'
import { withGrid } from './frame-grid.js'
import type { TrackBeginning } from './head-tracks.js'
import { findKeyframes } from './keyframes.js'
import { estimatePosition } from './sampling.js'
import type { ScanPlan, ScanResult } from './scan.js'
import { numberChanges, type TimedChange } from './set-changes.js'
import { readSoundEnds } from './tail.js'

/** What is known of a stream before its keyframes are looked for. */
export interface Opening {
  readonly source: ByteSource
  readonly plan: ScanPlan
  readonly beginnings: readonly TrackBeginning[]
  readonly reference: TrackWithFormat
  readonly readOptions: ReadOptions
}

/** Keyframes of which only the times are known, and where the film ends, for a stream that isn't read through. */
export interface NominalPart {
  /** Times of the nominal keyframes, 90 kHz on the film's clock. */
  readonly times: readonly number[]
  /** Presentation time of the last picture, 90 kHz. */
  readonly last: number
  readonly model: TimeModel
  /** Where parameter sets were found to change. */
  readonly changes: readonly TimedChange[]
}

/** Distance of pictures at the rate that the codec says, 90 kHz; 0 without. */
export function usualDistance({ format: { rate } }: TrackWithFormat): number {
  return rate === undefined ? 0 : (CLOCK_RATE * rate.denominator) / rate.numerator
}

/**
 * Makes the index of what was found; reads the end of the stream for where sound ends.
 *
 * @param tailBytes of the end, which are read at first
 * @throws CuemuxError `NO_KEYFRAME_INDEX`, and what the source throws
 */
export async function assembleIndex(
  { source, plan, beginnings, reference, readOptions }: Opening,
  { packets, epochs, setsChange }: ScanResult,
  times: FilmTimes,
  tailBytes: number,
  nominal?: NominalPart,
): Promise<MediaIndex> {
  const film = { stride: plan.stride, begin: plan.begin, sections: times.sections, epochs }
  const anchored = beginnings.map(beginning => withStart(beginning, times))
  const ends = await readSoundEnds(source, anchored, film, plan.end, tailBytes, readOptions)
  const referenceId = reference.track.id
  const pairs = anchored.map(pair => (pair.track.id === referenceId ? withGrid(pair, packets, times) : pair))
  const own = pairs.find(({ track }) => track.id === referenceId)!
  const exact = findKeyframes(own, packets, times)
  const table = nominal === undefined ? exact.table : withNominal(exact.table, own, nominal)
  const tracks = pairs.map(({ track, format }, i): Track => {
    if (track.kind === 'audio') return { ...track, end: ends[i] }
    return track.id === referenceId && track.kind === 'video'
      ? withPictureTimes({ ...track, start: table.time[0]! }, format, times, exact.decodeTimes[0]!, nominal?.last)
      : track
  })
  const format: MpegTsFormat = {
    kind: 'mpegts',
    version: 1,
    ...film,
    tracks: pairs.map(pair => pair.format),
    keyDecodeTimes: exact.decodeTimes,
    usesDts: times.usesDts,
    pictureTicks: times.pictureTicks,
    reorderDelay: times.reorderDelay,
    // Nobody has seen all of a stream that was sampled: what its keyframes bring along stays with them.
    setsChange: setsChange || nominal !== undefined,
    exactCount: exact.table.count,
    model: nominal?.model,
    ...(nominal === undefined ? {} : { changes: changesOf(table, own, times, nominal) }),
  }
  return {
    container: 'mpegts',
    foundBy: 'scan',
    sizeBytes: plan.end,
    durationMs: lengthMs(tracks),
    title: undefined,
    tracks,
    keyframes: table,
    chapters: [],
    attachments: [],
    closedGops: undefined,
    isTruncated: false,
    format,
  }
}

function changesOf(
  { time }: KeyframeTable,
  { track: { timescale }, format }: TrackWithFormat,
  { pictureTicks }: FilmTimes,
  { changes }: NominalPart,
): SetChange[] {
  const tolerance = (pictureTicks * timescale) / CLOCK_RATE / 2
  return numberChanges(changes, time, at => frameTime(format, timescale, at, 0), tolerance)
}

/** From the first track's start to the last one's end, ms. */
function lengthMs(tracks: readonly Track[]): number | undefined {
  let start = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  for (const track of tracks) {
    if (track.start === undefined || track.end === undefined) continue
    start = Math.min(start, ticksToMs(track.start, track.timescale))
    end = Math.max(end, ticksToMs(track.end, track.timescale))
  }
  return end > start ? end - start : undefined
}

/** The table with nominal keyframes behind the exact ones. */
function withNominal(
  table: KeyframeTable,
  { track, format }: TrackWithFormat,
  { times, model }: NominalPart,
): KeyframeTable {
  const time = [...table.time, ...times.map(at => frameTime(format, track.timescale, at, 0))]
  const places = times.map(at => Math.round(estimatePosition(model, at)))
  return {
    ...table,
    count: time.length,
    time: Float64Array.from(time),
    offsetBytes: Float64Array.from([...table.offsetBytes, ...places]),
  }
}

function withStart({ pair, stamp, position, after }: TrackBeginning, times: FilmTimes): TrackWithFormat {
  if (stamp < 0 || pair.track.kind === 'text') return pair
  const time = filmTime(times.sections, stamp, position)
  const { timescale } = pair.track
  const anchor = time + (after * CLOCK_RATE) / timescale
  return {
    track: { ...pair.track, start: Math.round((anchor * timescale) / CLOCK_RATE) },
    format: { ...pair.format, anchor },
  }
}

function withPictureTimes(
  track: VideoTrack,
  format: TrackFormat,
  times: FilmTimes,
  decodeTime: number,
  lastTime: number | undefined,
): VideoTrack {
  const { timescale, start = 0 } = track
  let last = lastTime ?? Number.NEGATIVE_INFINITY
  let first = Number.POSITIVE_INFINITY
  let count = 0
  for (const time of times.pts) {
    if (Number.isNaN(time)) continue
    count++
    last = Math.max(last, time)
    first = Math.min(first, time)
  }
  const usual = format.gridTicks > 0 ? format.gridTicks : Math.round((times.pictureTicks * timescale) / CLOCK_RATE)
  const end = frameTime(format, timescale, last, 0) + usual
  const isConstant = Math.abs(end - frameTime(format, timescale, first, 0) - count * usual) < usual / 2
  const mean = count > 1 && last > first ? ((count - 1) * CLOCK_RATE) / (last - first) : undefined
  return {
    ...track,
    end,
    frameDuration: isConstant && format.gridTicks > 0 ? usual : undefined,
    frameRate: isConstant ? nearUsualRate(timescale / usual) : mean,
    reorderDelay: Math.max(0, start - decodeTime),
  }
}
