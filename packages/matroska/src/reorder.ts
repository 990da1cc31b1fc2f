import { BlockWalker, TAKE_TIMES } from './block-walker.js'
import { createClock } from './clock.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import type { TrackWithFormat } from './track-model.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

const MAX_FRAMES = 1000
const MAX_BYTES = 32 * 1024 * 1024
const PIECE_BYTES = 64 * 1024

/**
 * The reorder delay of a video track, measured in its first group of pictures: how far its frames' presentation times,
 * sorted, must be moved so that none is decoded after it is shown. Ticks of the track.
 */
export async function measureReorderDelay(
  pair: TrackWithFormat,
  window: ByteWindow,
  firstCluster: number,
  segmentEnd: number,
  timestampScale: number,
): Promise<number> {
  const frames = new FrameColumns()
  const walker = new BlockWalker(firstCluster, segmentEnd, [{ trackId: pair.track.id, take: TAKE_TIMES, frames }])
  let row = 0
  let isOver = false
  while (!walker.hasEnded && !isOver) {
    const { status, chunk } = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + PIECE_BYTES)
    let last = status
    while (last === 'block' && !isOver) {
      for (; row < frames.count; row++) if (row > 0 && frames.flags[row]! & FRAME_KEY) isOver = true
      isOver ||= row >= MAX_FRAMES || walker.position - firstCluster > MAX_BYTES
      if (!isOver) last = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
  }
  const clock = createClock(pair.format, pair.track.timescale, timestampScale)
  const count = Math.max(0, frames.count - 1)
  const pts = Float64Array.from({ length: count }, (_, i) => clock.presentationTime(frames.ticks[i]!, 0))
  const sorted = pts.slice().sort()
  let delay = 0
  for (let i = 0; i < count; i++) delay = Math.max(delay, sorted[i]! - pts[i]!)
  return delay
}
