import { rescale, type VideoTrack } from '@cuemux/core'
import { keyframeRangeBytes } from '@cuemux/fmp4'
import { periodOf, type RatedRendition, type SegmentPlan } from '@cuemux/planner'
import { type IFrame, type IFrameStream, writeIFramePlaylist } from '@cuemux/playlist'
import { initName } from '../periods.js'
import type { PlannedFilm } from '../planned-film.js'
import { isRemote } from '../remote.js'
import { segmentNumber, withQuery } from '../renditions/rendition.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'
import { pictureFacts } from './master.js'

/** I-frame playlists are below this, and I-frames that are resources of their own. */
export const IFRAMES = 'iframes/'
/** More looks than this into one film are too many. */
const MAX_LOOKS = 20_000

/** The keyframes with which segments start. */
export interface IFrames {
  readonly rendition: RatedRendition
  readonly frames: readonly {
    readonly segment: number
    /** From the segment's beginning; `undefined` where nobody knows: each is a resource of its own. */
    readonly lengthBytes: number | undefined
    readonly durationUs: number
  }[]
}

/**
 * The I-frames of the film's picture; `undefined` where the picture is encoded. Where their sizes can be told without the
 * media, or by small reads that are near, they are ranges of the segments.
 */
export async function findIFrames(film: PlannedFilm): Promise<IFrames | undefined> {
  const { plan, demuxer } = film
  const rendition = plan.renditions.find(({ kind }) => kind === 'video')
  const [track] = rendition?.tracks ?? []
  if (rendition === undefined || track?.kind !== 'video' || plan.encoded.has(track.id)) return undefined
  const { cuts } = plan.segments
  const timesUs = keyframeTimes(plan.segments, rendition)
  const lengths = (await rangeLengths(film, track)) ?? []
  const frames = Array.from(cuts, (_, segment) => ({
    segment,
    lengthBytes: lengths[segment],
    durationUs: Math.max(1, (timesUs[segment + 1] ?? 0) - (timesUs[segment] ?? 0)),
  }))
  // A film may begin before the first keyframe that its index names.
  const [first = 0] = demuxer.index.keyframes.time
  const isCovered = track.start === undefined || track.start >= first || (cuts[0] ?? 0) > 0
  return { rendition, frames: isCovered ? frames : frames.slice(1) }
}

/**
 * Bytes of each segment in which its keyframe is: from an index that has the sizes, or a near film's blocks. Not where what
 * goes out isn't what lies in the film.
 */
async function rangeLengths(film: PlannedFilm, track: VideoTrack): Promise<number[] | undefined> {
  const { plan, demuxer, source, inBandEntry, dropNalUnits } = film
  const { cuts, periods } = plan.segments
  const isMixed = track.descriptions.length > 1 && periods.length === 1
  const isFar = isRemote(source.seekCostBytes) && demuxer.index.foundBy !== 'moov'
  const isAltered = inBandEntry !== undefined || dropNalUnits.length > 0
  if (isAltered || isMixed || isFar || demuxer.index.container === 'mpegts' || cuts.length > MAX_LOOKS) return undefined
  const lengths: number[] = []
  for (const { keyframeBytes } of await demuxer.readGroupStarts(Array.from(cuts))) {
    if (keyframeBytes === undefined) return undefined
    lengths.push(keyframeRangeBytes(keyframeBytes))
  }
  return lengths
}

/** When each keyframe is shown, and the picture ends, µs: in an open group, pictures are shown before the segment's keyframe. */
function keyframeTimes({ times, timescale }: SegmentPlan, { startUs, durationsUs }: RatedRendition): Float64Array {
  const shown = new Float64Array(times.length + 1)
  for (let n = 0; n < times.length; n++) shown[n] = n === 0 ? startUs : rescale(times[n] ?? 0, timescale, 1_000_000)
  shown[times.length] = startUs + durationsUs.reduce((sum, durationUs) => sum + durationUs, 0)
  return shown
}

/** All that there is of the I-frames. */
export function iFrameEntries({ rendition, frames }: IFrames): ResourceEntry[] {
  const playlist: ResourceEntry = {
    path: `${IFRAMES}${rendition.name}.m3u8`,
    kind: 'playlist',
    contentType: CONTENT_TYPES.playlist,
  }
  const own = frames.filter(({ lengthBytes }) => lengthBytes === undefined)
  return [playlist, ...own.map(({ segment }) => iFrameEntry(rendition.name, segment))]
}

/** An I-frame that is a resource of its own. */
export function iFrameEntry(name: string, segment: number): ResourceEntry {
  return { path: `${IFRAMES}${name}/${segment}.m4s`, kind: 'iframe', contentType: CONTENT_TYPES.video }
}

/** The segment whose I-frame lies at a path; `undefined` where there is no such resource. */
export function iFrameAt({ rendition, frames }: IFrames, path: string): number | undefined {
  const folder = `${IFRAMES}${rendition.name}/`
  const count = (frames.at(-1)?.segment ?? -1) + 1
  const n = path.startsWith(folder) ? segmentNumber(path.slice(folder.length), 'm4s', count) : undefined
  return frames.some(({ segment, lengthBytes }) => segment === n && lengthBytes === undefined) ? n : undefined
}

/** `iframes/{rendition}.m3u8`. */
export function iFramePlaylist({ rendition, frames }: IFrames, film: PlannedFilm, query: string | undefined): string {
  const { plan, discontinuities, inBandEntry } = film
  const init = (segment: number): string =>
    withQuery(
      `../${rendition.name}/${initName(inBandEntry === undefined ? periodOf(plan.segments, segment) : 0)}`,
      query,
    )
  return writeIFramePlaylist({
    targetDuration: plan.targetDuration,
    frames: frames.map(({ segment, lengthBytes, durationUs }, i): IFrame => {
      const isDiscontinuity = i > 0 && discontinuities.has(segment)
      const place = lengthBytes === undefined ? rendition.name : `../${rendition.name}`
      return {
        uri: withQuery(`${place}/${segment}.m4s`, query),
        ...(lengthBytes === undefined ? {} : { byteRange: { offsetBytes: 0, lengthBytes } }),
        durationUs,
        ...(i === 0 || isDiscontinuity ? { map: { uri: init(segment) } } : {}),
        ...(isDiscontinuity ? { isDiscontinuity } : {}),
      }
    }),
  })
}

/**
 * What the multivariant playlist says of it. Where the sizes aren't known, no I-frame has more bytes than the segment that
 * it begins: the rendition's own peak stands for theirs.
 */
export function iFrameStream(
  { rendition, frames }: IFrames,
  { plan }: PlannedFilm,
  query: string | undefined,
): IFrameStream | undefined {
  const track = rendition.tracks.find((one): one is VideoTrack => one.kind === 'video')
  const codec = track?.descriptions[0].codecString
  if (track === undefined || codec === undefined || frames.length === 0) return undefined
  const later = plan.segments.periods.flatMap(({ description }) => description?.codecString ?? [])
  let [peak, bytes, us] = [0, 0, 0]
  for (const { lengthBytes = Number.NaN, durationUs } of frames) {
    peak = Math.max(peak, (lengthBytes * 8e6) / durationUs)
    bytes += lengthBytes
    us += durationUs
  }
  const isKnown = !Number.isNaN(bytes)
  return {
    ...pictureFacts(track),
    uri: withQuery(`${IFRAMES}${rendition.name}.m3u8`, query),
    bandwidthBps: isKnown ? Math.ceil(peak) : Math.ceil(rendition.peakBps),
    ...(isKnown ? { averageBandwidthBps: Math.ceil((bytes * 8e6) / us) } : {}),
    codecs: [...new Set([codec, ...later])],
  }
}
