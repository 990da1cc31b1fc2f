import type { KeyframeTable } from '@cuemux/core'
import { BlockWalker, TAKE_FRAMES, type WalkedTrack } from './block-walker.js'
import { createHeader, MAX_HEADER_BYTES, readHeader, UNKNOWN_SIZE } from './ebml.js'
import { FrameColumns } from './frame-columns.js'
import type { SpanTrack, SpanWalk } from './span-walk.js'
import { step } from './walk-step.js'

/** How far before a span is looked for frames of it. */
const MAX_BACK_BYTES = 16 * 1024 * 1024
const MAX_BACK_MS = 10_000
const MAX_CLUSTERS = 10_000
/** Read at least at a time; what lies between two pieces is skipped. */
const PIECE_BYTES = 16 * 1024

/** Frames found before the place where the walk over a span began, by track, in the order of the file. */
type EarlierFrames = ReadonlyMap<number, readonly FrameColumns[]>

/**
 * Finds the frames of a span that lie before its first cluster: a muxer may write sound ahead of the picture. Looks
 * only where the frames that were found don't prove that there are none.
 *
 * @param begin where the walk over the span began, bytes
 */
export async function lookBack(walk: SpanWalk, keyframes: KeyframeTable, begin: number): Promise<EarlierFrames> {
  const found = new Map<number, FrameColumns[]>()
  let open = walk.tracks.filter(track => mayHaveEarlier(track, [track.frames]))
  let regionEnd = begin
  while (open.length > 0 && regionEnd > walk.format.firstCluster && begin - regionEnd < MAX_BACK_BYTES) {
    const regionStart = await clusterBefore(walk, keyframes, regionEnd)
    const { columns, firstTicks } = await readRegion(walk, open, regionStart, regionEnd)
    for (const { trackId, frames } of columns) found.set(trackId, [frames, ...(found.get(trackId) ?? [])])
    open = open.filter(track => mayHaveEarlier(track, [...(found.get(track.trackId) ?? []), track.frames]))
    const backMs = ((walk.bounds.start.ticks - firstTicks) * walk.format.timestampScale) / 1e6
    if (backMs > MAX_BACK_MS) break
    regionEnd = regionStart
  }
  return found
}

/** Whether a frame of the span may lie before those that were found. */
function mayHaveEarlier(track: SpanTrack, found: readonly FrameColumns[]): boolean {
  const { state, from, isReference } = track
  const { kind, start, end, timescale } = state.track
  // Text lies where its time says, or later.
  if (isReference || kind === 'text' || from === Number.NEGATIVE_INFINITY) return false
  if (end !== undefined && from >= end + timescale) return false
  const priming = kind === 'audio' ? state.track.priming : 0
  const first = start === undefined ? Number.NEGATIVE_INFINITY : start - priming
  if (first >= track.to) return false
  const { gridTicks } = state.format
  for (const frames of found) {
    if (frames.count === 0) continue
    const time = state.clock.presentationTime(frames.ticks[0]!, frames.lace[0]!)
    return !(time < from || time === first || (gridTicks > 0 && time - gridTicks < from))
  }
  return true
}

/** Offset of the last cluster that begins before `position`, found from the cue before it. */
async function clusterBefore(walk: SpanWalk, keyframes: KeyframeTable, position: number): Promise<number> {
  let at = walk.format.firstCluster
  for (let i = keyframes.count - 1; i >= 0; i--) {
    if (keyframes.offsetBytes[i]! >= position) continue
    at = Math.max(at, keyframes.offsetBytes[i]!)
    break
  }
  const header = createHeader()
  for (let count = 0; count < MAX_CLUSTERS; count++) {
    const chunk = await walk.window.get(at, MAX_HEADER_BYTES, at + 1024)
    const length = readHeader(chunk.bytes, at - chunk.base, chunk.bytes.length, header)
    if (length <= 0 || header.size === UNKNOWN_SIZE) break
    const next = chunk.base + header.dataStart + header.size
    if (next >= position) break
    at = next
  }
  return at
}

async function readRegion(
  walk: SpanWalk,
  open: readonly SpanTrack[],
  start: number,
  end: number,
): Promise<{ columns: WalkedTrack[]; firstTicks: number }> {
  const columns = open.map(({ trackId }) => ({ trackId, take: TAKE_FRAMES, frames: new FrameColumns() }))
  const walker = new BlockWalker(start, walk.format.segmentEnd, columns)
  let firstTicks = Number.POSITIVE_INFINITY
  while (!walker.hasEnded) {
    const readTo = Math.min(end, walker.position + Math.max(PIECE_BYTES, walk.source.seekCostBytes))
    const { status } = await step(walk.window, walker, end, false, readTo)
    firstTicks = Math.min(firstTicks, walker.firstTicks)
    if (status === 'reached') break
  }
  return { columns, firstTicks }
}
