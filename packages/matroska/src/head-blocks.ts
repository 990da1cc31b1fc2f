import { BlockWalker, TAKE_FRAMES, TAKE_TIMES } from './block-walker.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { plainFrame, type TrackWithFormat } from './track-model.js'
import { needsFrameBytes, withFirstFrame } from './track-start.js'

/** The first block of the reference track. */
interface FirstBlock {
  readonly ticks: number
  readonly clusterOffset: number
  readonly isKey: boolean
}

/** What the bytes that were read for the head tell of the media. */
interface HeadBlocks {
  readonly pairs: TrackWithFormat[]
  readonly reference: FirstBlock | undefined
}

/** Looks at the first blocks as far as they are in memory: each track's first tells its time and its decoder's needs. */
export function readHeadBlocks(
  pairs: readonly TrackWithFormat[],
  referenceId: number,
  head: Uint8Array,
  firstCluster: number,
  segmentEnd: number,
  timestampScale: number,
): HeadBlocks {
  const tracks = pairs.map(pair => ({
    trackId: pair.track.id,
    take: needsFrameBytes(pair) ? TAKE_FRAMES : TAKE_TIMES,
    frames: new FrameColumns(),
  }))
  const walker = new BlockWalker(firstCluster, segmentEnd, tracks)
  const referenceTrack = tracks.find(track => track.trackId === referenceId)
  let reference: FirstBlock | undefined
  try {
    while (walker.walk(head, 0, Number.POSITIVE_INFINITY, true) === 'block') {
      const frames = referenceTrack?.frames
      if (reference === undefined && frames !== undefined && frames.count > 0) {
        const isKey = ((frames.flags[0] ?? 0) & FRAME_KEY) !== 0
        reference = { ticks: frames.ticks[0]!, clusterOffset: walker.clusterOffset, isKey }
      }
      if (tracks.every(track => track.frames.count > 0)) break
    }
  } catch {
    // A damaged block is the matter of who reads it; the index stands without it.
  }
  const known = pairs.map((pair, i) => {
    const frames = tracks[i]!.frames
    if (frames.count === 0 || pair.track.kind === 'text') return pair
    if (!needsFrameBytes(pair)) return withFirstFrame(pair, frames.ticks[0]!, undefined, timestampScale)
    const frame = plainFrame(pair.format.encodings, frames.data[0]!)
    return frame === undefined ? pair : withFirstFrame(pair, frames.ticks[0]!, frame, timestampScale)
  })
  return { pairs: known, reference }
}
