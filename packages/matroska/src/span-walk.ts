import { type ByteSource, rescaleUp } from '@cuemux/core'
import { type BlockWalker, TAKE_FRAMES, TAKE_NOTHING, TAKE_TIMES, type WalkedTrack } from './block-walker.js'
import type { MatroskaFormat } from './format.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { isCut, type SpanBounds } from './span-bounds.js'
import { delayOf, type TrackState } from './track-state.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

/** Largest piece that is read at once. */
const MAX_PIECE_BYTES = 8 * 1024 * 1024
/** Bounds of the first piece behind the span's end, which holds what other tracks have there. */
const MIN_TAIL_PIECE_BYTES = 4 * 1024
const MAX_TAIL_PIECE_BYTES = 64 * 1024
/** How far behind the span's end is looked for the next frame of a track: then the track is taken to have ended. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024
const MAX_TAIL_MS = 10_000
/** Text may lie this much later in the file than its time says. */
const TEXT_SLACK_MS = 500

/** A track in a walk over a span, with where its part of it begins and ends. */
export interface SpanTrack extends WalkedTrack {
  readonly state: TrackState
  readonly isReference: boolean
  /** Least presentation time in the span, ticks of the track; infinite below for the first span. */
  readonly from: number
  /** Least presentation time behind the span, ticks of the track; infinite for the last span. */
  readonly to: number
  /** Number of its frames that have been looked at for what ends its search. */
  seen: number
  /** Row of the reference track's cut in its frames, once it is found. */
  cutRow: number
}

/** What a walk over a span is about. */
export interface SpanWalk {
  readonly source: ByteSource
  readonly format: MatroskaFormat
  readonly window: ByteWindow
  readonly bounds: SpanBounds
  readonly tracks: readonly SpanTrack[]
}

/**
 * The tracks of a walk.
 *
 * @param referenceScale timescale of the cuts' times
 * @param spare columns of earlier walks, to be used again
 */
export function createSpanTracks(
  states: readonly TrackState[],
  bounds: SpanBounds,
  referenceId: number,
  referenceScale: number,
  spare: FrameColumns[],
): SpanTrack[] {
  return states.map(state => {
    const { timescale, id } = state.track
    const { isFirst, start, end } = bounds
    return {
      trackId: id,
      state,
      take: TAKE_FRAMES,
      takesAdditions: state.track.kind === 'text',
      frames: spare.pop() ?? new FrameColumns(),
      isReference: id === referenceId,
      from: isFirst ? Number.NEGATIVE_INFINITY : rescaleUp(start.time, referenceScale, timescale),
      to: end === undefined ? Number.POSITIVE_INFINITY : rescaleUp(end.time, referenceScale, timescale),
      seen: 0,
      cutRow: -1,
    }
  })
}

/** Walks from where `walker` stands over the span, and on until every track has shown what comes next of it. */
export async function walkSpan(walk: SpanWalk, walker: BlockWalker): Promise<void> {
  const { bounds, format } = walk
  if (bounds.end === undefined) {
    await walkUntil(walk, walker, Number.POSITIVE_INFINITY, format.mediaEnd)
    return
  }
  const { clusterOffset, relative } = bounds.end
  const bodyEnd = clusterOffset + Math.max(0, relative)
  await walkUntil(walk, walker, clusterOffset, bodyEnd)
  await walkTail(walk, walker, bodyEnd)
}

/** Walks until `until`; `readTo` is where reading should stop for now. */
async function walkUntil(walk: SpanWalk, walker: BlockWalker, until: number, readTo: number): Promise<void> {
  const tail = tailPiece(readTo - walker.position)
  while (!walker.hasEnded) {
    const at = walker.position
    const pieceEnd = Math.max(at + MIN_TAIL_PIECE_BYTES, Math.min(at + MAX_PIECE_BYTES, readTo + tail))
    if ((await step(walk.window, walker, until, false, pieceEnd)).status === 'reached') return
  }
}

/** What is read behind a body of that size in the same piece: it mostly holds all that is needed there. */
function tailPiece(bodyBytes: number): number {
  return Math.max(2048, Math.min(256 * 1024, Math.floor(bodyBytes / 40)))
}

async function walkTail(walk: SpanWalk, walker: BlockWalker, bodyEnd: number): Promise<void> {
  const { seekCostBytes } = walk.source
  // In proportion to the span, whose bytes are what its reading should cost.
  const share = Math.floor((bodyEnd - walk.bounds.start.clusterOffset) / 8)
  const largest = Math.max(MIN_TAIL_PIECE_BYTES, Math.min(seekCostBytes, share))
  let piece = Math.min(
    largest,
    Math.max(MIN_TAIL_PIECE_BYTES, Math.min(MAX_TAIL_PIECE_BYTES, Math.floor(seekCostBytes / 8))),
  )
  while (!walker.hasEnded && isTaking(walk)) {
    const at = walker.position
    const pieceEnd = Math.max(at + piece, Math.min(at + MAX_PIECE_BYTES, bodyEnd))
    let { status, chunk } = await step(walk.window, walker, Number.POSITIVE_INFINITY, true, pieceEnd)
    while (status === 'block') {
      closeFinished(walk, walker, bodyEnd)
      if (!isTaking(walk)) return
      status = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
    // Pieces grow so that a source far away is not asked too often.
    if (walker.position > bodyEnd) piece = Math.min(piece * 2, largest)
  }
}

function isTaking(walk: SpanWalk): boolean {
  return walk.tracks.some(track => track.take !== TAKE_NOTHING)
}

/** Stops taking tracks whose next frame is known, or that have none in reach. */
function closeFinished(walk: SpanWalk, walker: BlockWalker, bodyEnd: number): void {
  const { bounds, format } = walk
  const msPerTick = format.timestampScale / 1e6
  const beyondMs = (walker.lastTicks - bounds.end!.ticks) * msPerTick
  const isFar = walker.position - bodyEnd > MAX_TAIL_BYTES || beyondMs > MAX_TAIL_MS
  for (const track of walk.tracks) {
    if (track.take === TAKE_NOTHING) continue
    if (isFar && (!track.isReference || track.cutRow >= 0)) track.take = TAKE_NOTHING
    else if (track.isReference) closeReference(walk, track)
    else if (track.state.track.kind === 'text') {
      if (beyondMs > TEXT_SLACK_MS && walker.position > bodyEnd) track.take = TAKE_NOTHING
    } else closeOther(track)
  }
}

/**
 * The reference track up to its cut; then, where leading pictures may follow the keyframe (an open group), on to the
 * first frame that is shown after it.
 */
function closeReference(walk: SpanWalk, track: SpanTrack): void {
  const { frames, state } = track
  const cut = walk.bounds.end!
  for (; track.seen < frames.count; track.seen++) {
    const row = track.seen
    if (track.cutRow < 0) {
      if (!isCut(cut, frames.position[row]!, frames.ticks[row]!, (frames.flags[row]! & FRAME_KEY) !== 0)) continue
      track.cutRow = row
      track.take = hasNoLeading(walk, track) ? TAKE_NOTHING : TAKE_TIMES
    } else if (state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!) > cut.time) {
      track.take = TAKE_NOTHING
    }
    if (track.take === TAKE_NOTHING) return
  }
}

/** Whether the last frame before the cut ends just where the keyframe begins: nothing can be shown between them. */
function hasNoLeading(walk: SpanWalk, track: SpanTrack): boolean {
  const { frames, state } = track
  if (delayOf(state.track) === 0) return true
  const { gridTicks } = state.format
  if (gridTicks === 0) return false
  let last = Number.NEGATIVE_INFINITY
  for (let row = 0; row < track.cutRow; row++) {
    last = Math.max(last, state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!))
  }
  return last + gridTicks === walk.bounds.end!.time
}

function closeOther(track: SpanTrack): void {
  const { frames, state } = track
  const { end, timescale } = state.track
  // A second of doubt: a track that has ended has nothing to wait for.
  if (end !== undefined && track.to >= end + timescale) {
    track.take = TAKE_NOTHING
    return
  }
  const enough = track.to + delayOf(state.track)
  for (; track.seen < frames.count; track.seen++) {
    const row = track.seen
    if (state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!) >= enough) track.take = TAKE_NOTHING
  }
}
