import { type AudioTrack, type Demuxer, type MediaIndex, rescale, type SampleBatch } from '@cuemux/core'
import {
  type Clip,
  type Extent,
  type PresentationPlan,
  planTimeline,
  type RatedRendition,
  renditionExtent,
  segmentSpan,
} from '@cuemux/planner'
import { clipPicture } from './clip.js'

const US = 1_000_000

/**
 * The index with a start and an end for every track: where only the media tells, the film's zero, before which nothing
 * starts, and the film's length, which is its longest track's. The timeline that is planned from it is the index's own.
 */
export function withBounds(index: MediaIndex): MediaIndex {
  if (index.tracks.every(({ start, end }) => start !== undefined && end !== undefined)) return index
  const { zero } = planTimeline(index)
  const { durationMs } = index
  const tracks = index.tracks.map(track => ({
    ...track,
    start: track.start ?? rescale(zero.ticks, zero.timescale, track.timescale),
    end: track.end ?? (durationMs === undefined ? undefined : rescale(durationMs, 1000, track.timescale)),
  }))
  return { ...index, tracks }
}

/**
 * The segments that a rendition really has: where the index doesn't say when a track of sound begins or ends, the media
 * does, and so it does of a copied picture whose clip ends between two keyframes.
 */
export async function trueExtent(
  demuxer: Demuxer,
  plan: PresentationPlan,
  rendition: RatedRendition,
  clip?: Clip,
): Promise<Extent> {
  const [planned, ...others] = rendition.tracks
  if (planned === undefined || plan.encoded.has(planned.id)) return rendition
  if (planned.kind === 'video') return clip === undefined ? rendition : clippedPicture(demuxer, plan, rendition, clip)
  const indexed = demuxer.index.tracks.find(track => track.id === planned.id)
  const isKnown = indexed?.start !== undefined && indexed.end !== undefined
  const isReference = indexed?.id === demuxer.index.keyframes.trackId
  if (others.length > 0 || isKnown || isReference) return rendition
  const found = await demuxer.readTrackStart(planned.id)
  if (found.kind !== 'audio') return rendition
  const track = found.end === undefined ? { ...found, end: await findEnd(demuxer, plan, rendition, found) } : found
  return renditionExtent(demuxer.index, plan.segments, track, clip)
}

/** The last segment has the pictures that are shown before the clip's end, and those behind it that they refer to. */
async function clippedPicture(
  demuxer: Demuxer,
  plan: PresentationPlan,
  rendition: RatedRendition,
  clip: Clip,
): Promise<Extent> {
  const { segments } = plan
  const { time, timescale } = demuxer.index.keyframes
  const next = time[segments.end]
  const isWhole =
    next === undefined ? clip.toUs === Number.POSITIVE_INFINITY : rescale(next, timescale, US) <= clip.toUs
  const [track] = rendition.tracks
  if (isWhole || track?.kind !== 'video') return rendition
  const last = segments.cuts.length - 1
  const batches = await demuxer.readSpan(segmentSpan(segments, last), [track.id])
  const shown = batches.map(batch => clipPicture(batch, clip, track, last)).filter(batch => batch !== undefined)
  const durationUs = shown.reduce((sum, { duration, timescale: ticks }) => {
    return (
      sum +
      rescale(
        duration.reduce((length, one) => length + one, 0),
        ticks,
        US,
      )
    )
  }, 0)
  const durationsUs = Float64Array.from(rendition.durationsUs)
  durationsUs[durationsUs.length - 1] = Math.max(1, durationUs)
  return { firstSegment: rendition.firstSegment, startUs: rendition.startUs, durationsUs }
}

/**
 * Where a track of sound ends: where the last segment that has any of it does. Reads that segment, and where the track
 * ended before it, some more to find which one it is.
 */
async function findEnd(
  demuxer: Demuxer,
  plan: PresentationPlan,
  rendition: RatedRendition,
  track: AudioTrack,
): Promise<number | undefined> {
  const endIn = async (n: number): Promise<number | undefined> =>
    endOf(await demuxer.readSpan(segmentSpan(plan.segments, n), [track.id]))
  let high = plan.segments.cuts.length - 1
  const last = await endIn(high)
  if (last !== undefined) return last
  let low = rendition.firstSegment
  let end = await endIn(low)
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    const found = await endIn(middle)
    if (found === undefined) high = middle
    else {
      low = middle
      end = found
    }
  }
  return end
}

function endOf(batches: readonly SampleBatch[]): number | undefined {
  const batch = batches.at(-1)
  if (batch === undefined || batch.count === 0) return undefined
  const last = batch.count - 1
  return (batch.dts[last] ?? 0) + (batch.compositionOffset[last] ?? 0) + (batch.duration[last] ?? 0)
}
