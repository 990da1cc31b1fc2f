import type { Demuxer, GroupStart } from '@cuemux/core'
import { isRemote } from './remote.js'

/** How the segments of a film begin. */
export interface SegmentStarts {
  /** Every segment starts with a closed group of pictures: the presentation has independent segments. */
  readonly areClosed: boolean
  /** By how much the first picture of each segment comes before its keyframe, ticks of the reference track. */
  readonly leads: Float64Array | undefined
}

/** More reads than this for one playlist are too many also on a near source. */
const MAX_LOOKS = 4096

/**
 * Looks at the one keyframe that is looked at of every film, remote ones, too, where the index doesn't say of which kind
 * the groups of pictures are: that of the second segment, or, of a remote film, of the last, whose parameter sets tell as
 * well whether it ends as it begins. Of a remote MP4, whose index says it, the first one tells of captions and is among the
 * first bytes where the moov is not; where its sample has parameter sets, which may change then, it is the last one, too.
 * `undefined` where nothing is to be learned.
 *
 * @param isCopied whether the film's picture is copied
 */
export async function lookAtKeyframe(
  demuxer: Demuxer,
  cuts: Uint32Array,
  seekCostBytes: number,
  isCopied: boolean,
): Promise<GroupStart | undefined> {
  const { closedGops, foundBy } = demuxer.index
  const [first, second] = cuts
  const last = cuts.at(-1)
  if (first === undefined || second === undefined || last === undefined) return undefined
  const lookAt = async (keyframe: number): Promise<GroupStart | undefined> => {
    const [start] = await demuxer.readGroupStarts([keyframe], { looksInside: true })
    return start
  }
  const isFar = isRemote(seekCostBytes)
  if (foundBy !== 'moov') return closedGops === true ? undefined : lookAt(isFar ? last : second)
  if (!isCopied || !isFar) return undefined
  const start = await lookAt(first)
  if (start?.bringsSets !== true) return start
  const end = await lookAt(last)
  return end?.description === undefined ? start : { ...start, description: end.description }
}

/**
 * How the groups of pictures with which segments start are. Where the index doesn't say that they are closed, one
 * keyframe behind the first tells: encoders make all groups but the first of one kind. Open ones have leading pictures,
 * which belong to the segment of the keyframe that they follow; how many is looked up at each cut where a read is
 * cheap, and else taken to be the same everywhere.
 *
 * @param look what {@link lookAtKeyframe} has found
 */
export async function lookAtGroups(
  demuxer: Demuxer,
  cuts: Uint32Array,
  seekCostBytes: number,
  look: GroupStart | undefined,
): Promise<SegmentStarts> {
  const [, second] = cuts
  const { closedGops, foundBy } = demuxer.index
  if (closedGops === true || second === undefined) return { areClosed: closedGops ?? true, leads: undefined }
  // The moov of an MP4 tells without a read.
  const known = foundBy === 'moov' ? undefined : look
  const [start] = known === undefined ? await demuxer.readGroupStarts([second]) : [known]
  if (start === undefined || (closedGops === undefined && start.isClosed && start.lead === 0)) {
    return { areClosed: true, leads: undefined }
  }
  const leads = new Float64Array(cuts.length)
  // An MP4's index tells, so that nothing is read for it.
  if ((closedGops === undefined && isRemote(seekCostBytes)) || cuts.length > MAX_LOOKS) {
    leads.fill(start.lead, 1)
    return { areClosed: start.isClosed, leads }
  }
  const starts = await demuxer.readGroupStarts(Array.from(cuts))
  starts.forEach(({ lead }, n) => {
    leads[n] = lead
  })
  return { areClosed: starts.every(({ isClosed }) => isClosed), leads }
}
