import { type ByteSource, CuemuxError } from '@cuemux/core'
import { BlockWalker, TAKE_TIMES } from './block-walker.js'
import type { CueColumns } from './cues.js'
import { FrameColumns } from './frame-columns.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

/** From this cost of a seek on a source is far: nothing is read to check what its Cues say. */
const FAR_SEEK_BYTES = 256 * 1024
/** Whether a seek in a source costs so little that a few more do no harm. */
export function isNear(source: ByteSource): boolean {
  return source.seekCostBytes < FAR_SEEK_BYTES
}

const PIECE_BYTES = 2 * 1024
/** How far into a cluster a cue's block is looked for. */
const MAX_WALK_BYTES = 1024 * 1024
/** Keyframes further apart than this are looked for between the cues, as long as hopping over clusters is cheap. */
const NEAR_GAP_MS = 20_000
/** The same on a far source, where a hop is a round trip: what is longer makes no segment. */
const FAR_GAP_MS = 120_000

/** Where Cues come from and lead to. */
interface CuedFilm {
  readonly source: ByteSource
  readonly window: ByteWindow
  readonly referenceId: number
  readonly segmentEnd: number
  /** Nanoseconds in a container tick. */
  readonly timestampScale: number
}

/**
 * Whether Cues lead to blocks of the times that they name. The first, the middle and the last one are looked at, on a
 * far source only as far as their bytes are in memory: Cues that were broken by editing the file are wrong throughout.
 */
export async function areCuesTrue(film: CuedFilm, cues: CueColumns): Promise<boolean> {
  for (const row of new Set([0, cues.count >> 1, cues.count - 1])) {
    if (!(await isCueTrue(film, cues.clusterOffset[row]!, cues.ticks[row]!))) return false
  }
  return true
}

async function isCueTrue(film: CuedFilm, clusterOffset: number, ticks: number): Promise<boolean> {
  const { window, source } = film
  const frames = new FrameColumns()
  const walker = new BlockWalker(clusterOffset, film.segmentEnd, [
    { trackId: film.referenceId, take: TAKE_TIMES, frames },
  ])
  try {
    while (walker.position - clusterOffset < MAX_WALK_BYTES) {
      if (source.seekCostBytes >= FAR_SEEK_BYTES && !window.has(walker.position, walker.needBytes)) return true
      await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + PIECE_BYTES)
      if (frames.count > 0) {
        if (frames.ticks[0] === ticks) return true
        frames.clear()
      }
      // The source ends: nothing is known of what would be there.
      if (walker.hasEnded) return true
      if (walker.clusterOffset !== clusterOffset && walker.clusterOffset >= 0) return false
    }
    return true
  } catch (error) {
    if (error instanceof CuemuxError && error.code === 'CORRUPT_MEDIA') return false
    throw error
  }
}

/** Whether the cues are so far apart that keyframes must lie between them. */
export function areCuesSparse(film: CuedFilm, cues: CueColumns, durationNs: number | undefined): boolean {
  const limit = film.source.seekCostBytes >= FAR_SEEK_BYTES ? FAR_GAP_MS : NEAR_GAP_MS
  const limitTicks = (limit * 1e6) / film.timestampScale
  const { ticks, count } = cues
  for (let row = 1; row < count; row++) if (ticks[row]! - ticks[row - 1]! > limitTicks) return true
  return durationNs !== undefined && durationNs / film.timestampScale - ticks[count - 1]! > limitTicks
}
