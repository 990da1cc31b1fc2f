import type { Demuxer, GroupStart } from '@cuemux/core'
import { isRemote } from './remote.js'

/** How the segments of a film begin. */
export interface SegmentStarts {
  /** Every segment starts with a closed group of pictures: the presentation has independent segments. */
  readonly areClosed: boolean
  /** By how much the first picture of each segment comes before its keyframe, ticks of the reference track. */
  readonly leads: Float64Array | undefined
  /** The captions that a keyframe carries data for, where one was looked at. */
  readonly captions?: GroupStart['captions']
}

/** More reads than this for one playlist are too many also on a near source. */
const MAX_LOOKS = 4096

/**
 * Looks at the groups of pictures with which segments start. Where the index doesn't say that they are closed, the
 * second segment's keyframe tells: encoders make all groups but the first of one kind. Open ones have leading pictures,
 * which belong to the segment of the keyframe that they follow; how many is looked up at each cut where a read is
 * cheap, and else taken to be the same everywhere.
 */
export async function lookAtGroups(demuxer: Demuxer, cuts: Uint32Array, seekCostBytes: number): Promise<SegmentStarts> {
  const [, second] = cuts
  const { closedGops } = demuxer.index
  if (closedGops === true || second === undefined) return { areClosed: closedGops ?? true, leads: undefined }
  // The moov of an MP4 tells without a read; what is read for the others has the keyframe's beginning.
  const looksInside = demuxer.index.foundBy !== 'moov'
  const [start] = await demuxer.readGroupStarts([second], { looksInside })
  const captions = start?.captions === undefined ? {} : { captions: start.captions }
  if (start === undefined || (closedGops === undefined && start.isClosed && start.lead === 0)) {
    return { areClosed: true, leads: undefined, ...captions }
  }
  const leads = new Float64Array(cuts.length)
  // An MP4's index tells, so that nothing is read for it.
  if ((closedGops === undefined && isRemote(seekCostBytes)) || cuts.length > MAX_LOOKS) {
    leads.fill(start.lead, 1)
    return { areClosed: start.isClosed, leads, ...captions }
  }
  const starts = await demuxer.readGroupStarts(Array.from(cuts))
  starts.forEach(({ lead }, n) => {
    leads[n] = lead
  })
  return { areClosed: starts.every(({ isClosed }) => isClosed), leads, ...captions }
}
