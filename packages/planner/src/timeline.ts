import { type AudioTrack, type MediaIndex, rescale, rescaleUp, type Span, type VideoTrack } from '@cuemux/core'

/** A time in integers: `ticks / timescale` seconds. */
export interface MediaTime {
  readonly ticks: number
  readonly timescale: number
}

/** How the film's own clock maps to the output's: output = film − zero + S, the same for every rendition. */
export interface Timeline {
  /** The film's earliest presentation time, on the film's clock. */
  readonly zero: MediaTime
  /** S: where that time lies in the output; so large that no decode time is negative. */
  readonly presentationOffset: MediaTime
  /** What is added to a track's decode times for its `tfdt`: S − zero in ticks of the track's timescale, rounded. */
  shiftFor(track: { readonly timescale: number }): number
}

/** Below this start, ms, a film of which not all starts are known is taken to begin at zero. */
const BEGINS_AT_ZERO_MS = 1000

/**
 * The timeline of a film: a pure function of its index, so that every segment made anywhere lies on the same one.
 *
 * Zero is the smallest start of the audio and video tracks when all are known. A Matroska index may not tell where
 * the sound starts; then zero is 0 if the smallest known start lies below 1 s (Matroska times are not negative and
 * muxers begin at zero), else one second before it. The tracks' distances are right either way.
 *
 * S covers each video track's reorder delay, each audio track's priming, and every first decode time that is known.
 * A clip that starts within the film has its zero at its first keyframe, and the film's S.
 */
export function planTimeline(index: MediaIndex, clip?: Span): Timeline {
  const tracks = index.tracks.filter((track): track is VideoTrack | AudioTrack => track.kind !== 'text')
  const filmZero = findZero(index, tracks)
  const clipZero = clip === undefined || clip.first === 0 ? undefined : index.keyframes.time[clip.first]
  const zero = clipZero === undefined ? filmZero : { ticks: clipZero, timescale: index.keyframes.timescale }
  const presentationOffset = findOffset(index, tracks, filmZero)
  return { zero, presentationOffset, shiftFor: track => shiftTicks(presentationOffset, zero, track.timescale) }
}

function findZero(index: MediaIndex, tracks: readonly (VideoTrack | AudioTrack)[]): MediaTime {
  let smallest: MediaTime | undefined
  let allKnown = true
  for (const track of tracks) {
    const ticks = track.start ?? firstKeyframe(index, track)
    if (track.start === undefined) allKnown = false
    if (ticks === undefined) continue
    const start = { ticks, timescale: track.timescale }
    if (smallest === undefined || compareTimes(start, smallest) < 0) smallest = start
  }
  if (smallest === undefined) return { ticks: 0, timescale: 1000 }
  if (allKnown || smallest.ticks < 0) return smallest
  return smallest.ticks * 1000 < BEGINS_AT_ZERO_MS * smallest.timescale
    ? { ticks: 0, timescale: smallest.timescale }
    : { ticks: smallest.ticks - smallest.timescale, timescale: smallest.timescale }
}

function findOffset(index: MediaIndex, tracks: readonly (VideoTrack | AudioTrack)[], zero: MediaTime): MediaTime {
  let offset: MediaTime = { ticks: 0, timescale: zero.timescale }
  for (const track of tracks) {
    const { timescale } = track
    const lead = track.kind === 'video' ? track.reorderDelay : track.priming
    const first = firstPresentation(index, track)
    const needed =
      first === undefined ? lead : Math.max(lead, rescaleUp(zero.ticks, zero.timescale, timescale) - (first - lead))
    const candidate = { ticks: needed, timescale }
    if (compareTimes(candidate, offset) > 0) offset = candidate
  }
  return offset
}

/**
 * Presentation time of the track's first sample that is read, ticks. An edit that starts within a group of pictures
 * leaves the group's keyframe before the track's start.
 */
function firstPresentation(index: MediaIndex, track: VideoTrack | AudioTrack): number | undefined {
  const keyframe = firstKeyframe(index, track)
  if (keyframe === undefined || track.start === undefined) return track.start ?? keyframe
  return Math.min(keyframe, track.start)
}

/** Time of the first keyframe where the track is the reference track, ticks of its own timescale. */
function firstKeyframe({ keyframes }: MediaIndex, track: VideoTrack | AudioTrack): number | undefined {
  const [time] = keyframes.time
  if (track.id !== keyframes.trackId || time === undefined) return undefined
  return rescale(time, keyframes.timescale, track.timescale)
}

/** Negative, 0 or positive as `a` lies before, at or after `b`. */
function compareTimes(a: MediaTime, b: MediaTime): number {
  return a.timescale === b.timescale ? a.ticks - b.ticks : a.ticks * b.timescale - b.ticks * a.timescale
}

/** (a − b) in ticks of `timescale`, rounded half up. Once per track: BigInt keeps it exact for any pair of timescales. */
function shiftTicks(a: MediaTime, b: MediaTime, timescale: number): number {
  const aScale = BigInt(a.timescale)
  const bScale = BigInt(b.timescale)
  const difference = BigInt(Math.round(a.ticks)) * bScale - BigInt(Math.round(b.ticks)) * aScale
  const divisor = 2n * aScale * bScale
  return Number(floorDivide(2n * difference * BigInt(timescale) + aScale * bScale, divisor))
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}
