import { rescale, type VideoTrack } from '@cuemux/core'
import { keyframeRangeBytes } from '@cuemux/fmp4'
import { periodOf, type RatedRendition, type SegmentPlan } from '@cuemux/planner'
import { type IFrame, type IFrameStream, writeIFramePlaylist } from '@cuemux/playlist'
import { initName } from '../periods.js'
import type { PlannedFilm } from '../planned-film.js'
import { isRemote } from '../remote.js'
import { withQuery } from '../renditions/rendition.js'
import { pictureFacts } from './master.js'

/** I-frame playlists are below this. */
export const IFRAMES = 'iframes/'
/** More looks than this into one film are too many. */
const MAX_LOOKS = 20_000

/** The keyframes with which segments start, as ranges of bytes from the segments' beginnings. */
export interface IFrames {
  readonly rendition: RatedRendition
  readonly frames: readonly { readonly segment: number; readonly lengthBytes: number; readonly durationUs: number }[]
}

/**
 * The I-frames of the film's picture; `undefined` where their sizes can't be told: of a film that only its media tells
 * about and that is far away, of transport streams, and where what goes out is not what lies in the film.
 */
export async function findIFrames(film: PlannedFilm): Promise<IFrames | undefined> {
  const { plan, demuxer, source, inBandEntry, dropNalUnits } = film
  const rendition = plan.renditions.find(({ kind }) => kind === 'video')
  const [track] = rendition?.tracks ?? []
  const { cuts, periods } = plan.segments
  if (rendition === undefined || track?.kind !== 'video' || plan.encoded.has(track.id)) return undefined
  const isMixed = track.descriptions.length > 1 && periods.length === 1
  const isFar = isRemote(source.seekCostBytes) && demuxer.index.foundBy !== 'moov'
  const isAltered = inBandEntry !== undefined || dropNalUnits.length > 0
  if (isAltered || isMixed || isFar || cuts.length > MAX_LOOKS) return undefined
  const starts = await demuxer.readGroupStarts(Array.from(cuts))
  const timesUs = keyframeTimes(plan.segments, rendition)
  const frames = starts.map(({ keyframeBytes }, segment) => ({
    segment,
    lengthBytes: keyframeBytes === undefined ? Number.NaN : keyframeRangeBytes(keyframeBytes),
    durationUs: Math.max(1, (timesUs[segment + 1] ?? 0) - (timesUs[segment] ?? 0)),
  }))
  if (frames.some(({ lengthBytes }) => Number.isNaN(lengthBytes))) return undefined
  // A film may begin before the first keyframe that its index names.
  const [first = 0] = demuxer.index.keyframes.time
  const isCovered = track.start === undefined || track.start >= first || (cuts[0] ?? 0) > 0
  return { rendition, frames: isCovered ? frames : frames.slice(1) }
}

/** When each keyframe is shown, and the picture ends, µs: in an open group, pictures are shown before the segment's keyframe. */
function keyframeTimes({ times, timescale }: SegmentPlan, { startUs, durationsUs }: RatedRendition): Float64Array {
  const shown = new Float64Array(times.length + 1)
  for (let n = 0; n < times.length; n++) shown[n] = n === 0 ? startUs : rescale(times[n] ?? 0, timescale, 1_000_000)
  shown[times.length] = startUs + durationsUs.reduce((sum, durationUs) => sum + durationUs, 0)
  return shown
}

/** `iframes/{rendition}.m3u8`. */
export function iFramePlaylist({ rendition, frames }: IFrames, film: PlannedFilm, query: string | undefined): string {
  const { plan, discontinuities } = film
  const address = (file: string): string => withQuery(`../${rendition.name}/${file}`, query)
  return writeIFramePlaylist({
    targetDuration: plan.targetDuration,
    frames: frames.map(({ segment, lengthBytes, durationUs }, i): IFrame => {
      const isDiscontinuity = i > 0 && discontinuities.has(segment)
      const init = i === 0 || isDiscontinuity ? initName(periodOf(plan.segments, segment)) : undefined
      return {
        uri: address(`${segment}.m4s`),
        byteRange: { offsetBytes: 0, lengthBytes },
        durationUs,
        ...(init === undefined ? {} : { map: { uri: address(init) } }),
        ...(isDiscontinuity ? { isDiscontinuity } : {}),
      }
    }),
  })
}

/** What the multivariant playlist says of it. */
export function iFrameStream({ rendition, frames }: IFrames, query: string | undefined): IFrameStream | undefined {
  const track = rendition.tracks.find((one): one is VideoTrack => one.kind === 'video')
  const codec = track?.descriptions[0].codecString
  if (track === undefined || codec === undefined || frames.length === 0) return undefined
  let [peak, bytes, us] = [0, 0, 0]
  for (const { lengthBytes, durationUs } of frames) {
    peak = Math.max(peak, (lengthBytes * 8e6) / durationUs)
    bytes += lengthBytes
    us += durationUs
  }
  return {
    ...pictureFacts(track),
    uri: withQuery(`${IFRAMES}${rendition.name}.m3u8`, query),
    bandwidthBps: Math.ceil(peak),
    averageBandwidthBps: Math.ceil((bytes * 8e6) / us),
    codecs: [codec],
  }
}
