import { BlockWalker, TAKE_TIMES } from './block-walker.js'
import { createClock } from './clock.js'
import type { MatroskaFormat } from './format.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import type { TrackWithFormat } from './track-model.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

const MAX_FRAMES = 1000
const MAX_BYTES = 32 * 1024 * 1024
const PIECE_BYTES = 64 * 1024

/** What a first group of pictures shows of its track. */
interface FirstGroup {
  /** How far presentation times, sorted, must be moved so that no frame is decoded after it is shown, ticks of the track. */
  readonly reorderDelay: number
  /** Mean frames per second; `undefined` for fewer than two frames. */
  readonly frameRate: number | undefined
}

/**
 * Measures what a video track's container and configuration leave open, in its first group of pictures.
 *
 * @param maxFrames how many frames are enough
 */
export async function measureFirstGroup(
  pair: TrackWithFormat,
  window: ByteWindow,
  film: Pick<MatroskaFormat, 'firstCluster' | 'segmentEnd' | 'timestampScale'>,
  maxFrames: number = MAX_FRAMES,
): Promise<FirstGroup> {
  const { firstCluster, segmentEnd, timestampScale } = film
  const frames = new FrameColumns()
  const walker = new BlockWalker(firstCluster, segmentEnd, [{ trackId: pair.track.id, take: TAKE_TIMES, frames }])
  let row = 0
  let isOver = false
  while (!walker.hasEnded && !isOver) {
    const { status, chunk } = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + PIECE_BYTES)
    let last = status
    while (last === 'block' && !isOver) {
      for (; row < frames.count; row++) if (row > 0 && frames.flags[row]! & FRAME_KEY) isOver = true
      isOver ||= row > maxFrames || walker.position - firstCluster > MAX_BYTES
      if (!isOver) last = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
  }
  const clock = createClock(pair.format, pair.track.timescale, timestampScale)
  const count = Math.max(0, frames.count - 1)
  const pts = Float64Array.from({ length: count }, (_, i) => clock.presentationTime(frames.ticks[i]!, 0))
  const sorted = pts.slice().sort()
  let reorderDelay = 0
  for (let i = 0; i < count; i++) reorderDelay = Math.max(reorderDelay, sorted[i]! - pts[i]!)
  const length = count < 2 ? 0 : sorted[count - 1]! - sorted[0]!
  return { reorderDelay, frameRate: length > 0 ? ((count - 1) * pair.track.timescale) / length : undefined }
}
