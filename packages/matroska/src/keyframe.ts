import type { ByteSource } from '@cuemux/core'
import { BlockWalker, TAKE_TIMES } from './block-walker.js'
import { decodeFrames } from './encodings.js'
import type { MatroskaFormat } from './format.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { blockStart, MAX_KEYFRAME_BYTES } from './group-start.js'
import { toLengthPrefixed } from './nal-format.js'
import { skipInto } from './skip-into.js'
import { type Cut, isCut } from './span-bounds.js'
import type { TrackState } from './track-state.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

/** Read behind the place where a keyframe is said to begin: most keyframes are there with the first read. */
const PIECE_BYTES = 256 * 1024
/** So far behind its cluster's beginning a keyframe is looked for. */
const MAX_SEARCH_BYTES = 32 * 1024 * 1024

/** The sample of a keyframe; `undefined` where it isn't at its place, or not whole. */
export async function readKeyframeSample(
  source: ByteSource,
  window: ByteWindow,
  film: MatroskaFormat,
  state: TrackState,
  cut: Cut,
): Promise<Uint8Array | undefined> {
  const { track, format } = state
  const frames = new FrameColumns()
  const walker = new BlockWalker(cut.clusterOffset, film.segmentEnd, [{ trackId: track.id, take: TAKE_TIMES, frames }])
  const from = await skipInto(source, window, cut, walker)
  // Where its block lies not far into its cluster, one read brings both.
  const within = from === cut.clusterOffset ? Math.max(0, cut.relative) : 0
  let seen = 0
  while (!walker.hasEnded && walker.position - from < MAX_SEARCH_BYTES) {
    const readTo = walker.position + PIECE_BYTES + (seen === 0 ? within : 0)
    const { status, chunk } = await step(window, walker, Number.POSITIVE_INFINITY, true, readTo)
    let last = status
    while (last === 'block') {
      for (; seen < frames.count; seen++) {
        const isKey = (frames.flags[seen]! & FRAME_KEY) !== 0
        if (!isCut(cut, frames.position[seen]!, frames.ticks[seen]!, isKey)) continue
        const { start, frameBytes } = await blockStart(window, frames.position[seen]!, MAX_KEYFRAME_BYTES)
        if (start.byteLength === 0 || frameBytes !== start.byteLength) return undefined
        const sample = [start]
        await decodeFrames(format.encodings, sample)
        toLengthPrefixed(track, sample)
        return sample[0]
      }
      last = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
  }
  return undefined
}
