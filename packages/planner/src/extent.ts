import { type AudioTrack, type MediaIndex, rescale, type VideoTrack } from '@cuemux/core'
import type { Clip } from './clip.js'
import type { SegmentPlan } from './segments.js'

/** Microseconds in a second: the timescale of everything that a playlist shows, whose times have six decimals. */
export const US = 1_000_000

/** Which segments a rendition has, and how long each lasts. */
export interface Extent {
  /** Number of its first segment. */
  readonly firstSegment: number
  /** Where that begins, on the film's clock, µs. */
  readonly startUs: number
  /**
   * Length of each of its segments, µs, integers. Each is a difference of boundaries that are rounded on their own,
   * so the sum of any run is within 1 µs of the media.
   */
  readonly durationsUs: Float64Array
}

/**
 * Boundaries of all segments, µs on the film's clock: the start of each, then the end of the last.
 *
 * @param leads by how much the first picture of each segment comes before its keyframe, ticks of the plan's timescale
 */
export function segmentBoundsUs(index: MediaIndex, plan: SegmentPlan, leads?: Float64Array, clip?: Clip): Float64Array {
  const count = plan.times.length
  const bounds = new Float64Array(count + 1)
  for (let n = 0; n < count; n++) bounds[n] = rescale((plan.times[n] ?? 0) - (leads?.[n] ?? 0), plan.timescale, US)
  // A clip has none of the pictures that its first keyframe leads in: they refer to what isn't in it.
  if ((clip?.first ?? 0) > 0) bounds[0] = rescale(plan.times[0] ?? 0, plan.timescale, US)
  const next = index.keyframes.time[plan.end]
  const isClipped = plan.end < index.keyframes.count && next !== undefined
  const end = isClipped ? rescale(next, plan.timescale, US) : filmEndUs(index, bounds[count - 1] ?? 0)
  bounds[count] = clip === undefined ? end : Math.min(end, clip.toUs)
  return bounds
}

/** Where the reference track ends: its own end, else the film's, else a keyframe distance after the last keyframe. */
function filmEndUs(index: MediaIndex, lastBoundUs: number): number {
  const { count, time, timescale, trackId } = index.keyframes
  const firstUs = rescale(time[0] ?? 0, timescale, US)
  const lastUs = rescale(time[count - 1] ?? 0, timescale, US)
  const reference = index.tracks.find(track => track.id === trackId)
  const distance = count > 1 ? Math.round((lastUs - firstUs) / (count - 1)) : US
  const length = index.durationMs === undefined ? undefined : Math.round(index.durationMs * 1000)
  const said = [
    reference?.end === undefined ? undefined : rescale(reference.end, reference.timescale, US),
    length,
    length === undefined ? undefined : firstUs + length,
  ].find(end => end !== undefined && end > lastUs)
  // What a cut film says of its end is not in it any more, unless it was looked up in the media.
  const end =
    index.isTruncated && index.foundBy !== 'scan'
      ? Math.min(said ?? Number.POSITIVE_INFINITY, lastUs + distance)
      : (said ?? lastUs + distance)
  return Math.max(end, lastBoundUs + 1)
}

/** The segments of the reference track, or of a rendition that holds it: all of them. */
function referenceExtent(
  track: VideoTrack | AudioTrack,
  bounds: Float64Array,
  clip: Clip | undefined,
  isEncoded: boolean,
): Extent {
  const first = bounds[0] ?? 0
  const priming = track.kind === 'audio' ? track.priming : 0
  // A sparse table of keyframes may name its first one after the track's start; the first segment has what lies before.
  const own = track.start === undefined ? first : rescale(track.start - priming, track.timescale, US)
  const picture = (clip?.first ?? 0) === 0 ? Math.min(first, own) : first
  const isPicture = track.kind === 'video' || clip === undefined
  const start = isPicture ? picture : soundStart(track, own, clip, isEncoded)
  const last = bounds[bounds.length - 1] ?? 0
  const end = isPicture ? last : soundEnd(track, Number.POSITIVE_INFINITY, last, clip, isEncoded)
  return { firstSegment: 0, startUs: start, durationsUs: differences(bounds, 0, bounds.length - 2, start, end) }
}

/** Where sound starts, µs: with the frame in which the clip does; encoded sound does so by itself, its priming before it. */
function soundStart(track: AudioTrack, ownUs: number, clip: Clip | undefined, isEncoded: boolean): number {
  return clip === undefined || isEncoded ? ownUs : Math.max(ownUs, frameBound(track, clip.fromUs, Math.floor))
}

/** Where sound ends, µs: with the frame in which the clip does, where it goes on behind that. */
function soundEnd(
  track: AudioTrack,
  saidUs: number,
  boundUs: number,
  clip: Clip | undefined,
  isEncoded: boolean,
): number {
  const isCut = boundUs < saidUs && boundUs === clip?.toUs && !isEncoded
  return Math.min(saidUs, isCut ? frameBound(track, boundUs, Math.ceil) : boundUs)
}

/** Where a frame begins by a time, µs; the time itself where frames lie on no grid. */
function frameBound(
  { start, priming, frameDuration, timescale }: AudioTrack,
  timeUs: number,
  round: (frames: number) => number,
): number {
  if (start === undefined || frameDuration === undefined || !Number.isFinite(timeUs)) return timeUs
  const origin = start - priming
  const frames = round(((timeUs * timescale) / US - origin) / frameDuration)
  return rescale(origin + frames * frameDuration, timescale, US)
}

/**
 * The segments of a track, and how long each lasts: those of a rendition that holds only this track. A track whose
 * start only the media tells (see `Demuxer.readTrackStart`) gets its true extent once it has it.
 */
export function renditionExtent(
  index: MediaIndex,
  plan: SegmentPlan,
  track: VideoTrack | AudioTrack,
  clip?: Clip,
): Extent {
  return extentWithin(index, segmentBoundsUs(index, plan, undefined, clip), track, clip)
}

/**
 * {@link renditionExtent} with the segments' boundaries at hand.
 *
 * @param isEncoded whether the track comes out of an encoder, which is given the clip
 */
export function extentWithin(
  index: MediaIndex,
  bounds: Float64Array,
  track: VideoTrack | AudioTrack,
  clip: Clip | undefined,
  isEncoded = false,
): Extent {
  return track.kind === 'video' || track.id === index.keyframes.trackId
    ? referenceExtent(track, bounds, clip, isEncoded)
    : trackExtent(track, bounds, index.isTruncated, clip, isEncoded)
}

/**
 * The segments of any other track: from the one that holds its first sample (priming is part of the media, as a
 * player sees it) to the one in which its last sample starts.
 */
function trackExtent(
  track: AudioTrack,
  bounds: Float64Array,
  isTruncated: boolean,
  clip: Clip | undefined,
  isEncoded: boolean,
): Extent {
  const count = bounds.length - 1
  const { timescale } = track
  const filmEnd = bounds[count] ?? 0
  const own = track.start === undefined ? (bounds[0] ?? 0) : rescale(track.start - track.priming, timescale, US)
  const start = soundStart(track, own, clip, isEncoded)
  const said = track.end === undefined ? filmEnd : rescale(track.end, timescale, US)
  const end = isTruncated || clip !== undefined ? soundEnd(track, said, filmEnd, clip, isEncoded) : said
  const frame = track.frameDuration === undefined ? 1 : rescale(track.frameDuration, timescale, US)
  const first = segmentAt(bounds, start)
  const last = Math.max(first, segmentAt(bounds, Math.max(start, end - frame)))
  return { firstSegment: first, startUs: start, durationsUs: differences(bounds, first, last, start, end) }
}

/** The segment in which a time lies; the first for what is before it, the last for what is after it. */
function segmentAt(bounds: Float64Array, timeUs: number): number {
  let low = 0
  let high = bounds.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((bounds[middle] ?? 0) <= timeUs) low = middle
    else high = middle - 1
  }
  return low
}

function differences(bounds: Float64Array, first: number, last: number, startUs: number, endUs: number): Float64Array {
  const durations = new Float64Array(last - first + 1)
  for (let n = first; n <= last; n++) {
    const from = n === first ? startUs : (bounds[n] ?? 0)
    const to = n === last ? endUs : (bounds[n + 1] ?? 0)
    durations[n - first] = Math.max(1, to - from)
  }
  return durations
}
