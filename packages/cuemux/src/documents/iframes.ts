import { rescale, type VideoTrack } from '@cuemux/core'
import { keyframeRangeBytes } from '@cuemux/fmp4'
import { periodOf, type RatedRendition, type SegmentPlan } from '@cuemux/planner'
import { type IFrame, type IFrameStream, writeIFramePlaylist } from '@cuemux/playlist'
import { initName, pictureInits } from '../periods.js'
import type { PlannedFilm } from '../planned-film.js'
import { isRemote } from '../remote.js'
import type { MediaRendition } from '../renditions/media.js'
import { type Found, playlistEntry, segmentNumber, textFound, withQuery } from '../renditions/rendition.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'
import { pictureFacts } from './master.js'

/** I-frame playlists are below this, and I-frames that are resources of their own. */
export const IFRAMES = 'iframes/'
/** More looks than this into one film are too many. */
const MAX_LOOKS = 20_000

/** The keyframes with which segments start. */
export interface IFrames {
  readonly rendition: RatedRendition
  readonly track: VideoTrack
  readonly frames: readonly {
    readonly segment: number
    /** From the segment's beginning; `undefined` where nobody knows: each is a resource of its own. */
    readonly lengthBytes: number | undefined
    readonly durationUs: number
  }[]
  /** Names of the init segments that have the picture alone, by period; none where the rendition's own do. */
  readonly inits: readonly string[]
}

/**
 * The I-frames of the film's picture; `undefined` where there is none. Where their sizes can be told without the media, or
 * by small reads that are near, they are ranges of the segments.
 */
export async function findIFrames(film: PlannedFilm): Promise<IFrames | undefined> {
  const { plan, demuxer } = film
  const rendition = plan.renditions.find(({ kind }) => kind !== 'audio')
  const [track] = rendition?.tracks ?? []
  if (rendition === undefined || track?.kind !== 'video') return undefined
  const { cuts } = plan.segments
  const timesUs = keyframeTimes(plan.segments, rendition)
  const lengths = rendition.kind === 'video' ? await rangeLengths(film, track) : undefined
  const frames = Array.from(cuts, (_, segment) => ({
    segment,
    lengthBytes: lengths?.[segment],
    durationUs: Math.max(1, (timesUs[segment + 1] ?? 0) - (timesUs[segment] ?? 0)),
  }))
  // A film may begin before the first keyframe that its index names; an encoder makes one there.
  const [first = 0] = demuxer.index.keyframes.time
  const isCovered =
    plan.encoded.has(track.id) || track.start === undefined || track.start >= first || (cuts[0] ?? 0) > 0
  return {
    rendition,
    track,
    frames: isCovered ? frames : frames.slice(1),
    inits: rendition.kind === 'muxed' ? pictureInits(film) : [],
  }
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
  const isAltered = inBandEntry !== undefined || dropNalUnits.length > 0 || plan.encoded.has(track.id)
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

/** The playlist, and init segments of the picture alone. */
export function iFrameHeads({ rendition, inits }: IFrames): ResourceEntry[] {
  return [playlistEntry(`${IFRAMES}${rendition.name}.m3u8`), ...inits.map(file => initEntry(rendition.name, file))]
}

/** Segment n's I-frame, where it is a resource of its own. */
export function iFrameEntry({ rendition, frames }: IFrames, n: number): ResourceEntry | undefined {
  const frame = frames[n - (frames[0]?.segment ?? 0)]
  if (frame === undefined || frame.lengthBytes !== undefined) return undefined
  return { path: `${IFRAMES}${rendition.name}/${n}.m4s`, kind: 'iframe', contentType: CONTENT_TYPES.video }
}

function initEntry(name: string, file: string): ResourceEntry {
  return { path: `${IFRAMES}${name}/${file}`, kind: 'init', contentType: CONTENT_TYPES.video }
}

/** What lies at a path below `iframes/`; `undefined` where there is no such resource. */
export function findIFrame(
  iFrames: IFrames,
  film: PlannedFilm,
  media: readonly MediaRendition[],
  path: string,
): Found | undefined {
  const { rendition, track, frames, inits } = iFrames
  const { name } = rendition
  const folder = `${IFRAMES}${name}/`
  if (path === `${IFRAMES}${name}.m3u8`) {
    return textFound(playlistEntry(path), ({ query }) => iFramePlaylist(iFrames, film, query))
  }
  const one = media.find(made => made.name === name)
  if (one === undefined || !path.startsWith(folder)) return undefined
  const file = path.slice(folder.length)
  const isEncoded = film.encodings.has(track.id)
  const period = inits.indexOf(file)
  if (period >= 0) {
    const make: Found['make'] = async ({ signal }) => [await one.keyframeInit(period, signal)]
    return { entry: initEntry(name, file), isEncoded, make }
  }
  const n = segmentNumber(file, 'm4s', (frames.at(-1)?.segment ?? -1) + 1)
  const entry = n === undefined ? undefined : iFrameEntry(iFrames, n)
  if (n === undefined || entry === undefined) return undefined
  return { entry, isEncoded, make: ({ signal }) => one.keyframe(n, signal) }
}

function iFramePlaylist({ rendition, frames, inits }: IFrames, film: PlannedFilm, query: string | undefined): string {
  const { plan, discontinuities, inBandEntry } = film
  const folder = inits.length === 0 ? `../${rendition.name}` : rendition.name
  const init = (segment: number): string =>
    withQuery(`${folder}/${initName(inBandEntry === undefined ? periodOf(plan.segments, segment) : 0)}`, query)
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
  { rendition, track, frames }: IFrames,
  { plan }: PlannedFilm,
  query: string | undefined,
): IFrameStream | undefined {
  const codec = track.descriptions[0].codecString
  if (codec === undefined || frames.length === 0) return undefined
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
