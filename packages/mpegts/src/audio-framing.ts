import { type AudioParser, NEED_MORE, NO_FRAME } from './audio-parsers.js'
import { type ElementaryStream, PES_AFTER_LOSS } from './elementary-stream.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'

/**
 * Cuts a stream of sound into frames, which may cross the borders of PES packets. A time stamp is that of the first
 * frame that begins in its packet (ISO/IEC 13818-1 §2.4.3.7); those after it follow frame by frame. A frame counts when
 * another one follows it or the bytes end with it.
 *
 * @param ticksPerSample ticks of the track in a sample of the codec
 */
export function frameAudio(stream: ElementaryStream, parser: AudioParser, ticksPerSample: number): FrameColumns {
  const frames = new FrameColumns()
  const { bytes, start, pts, flags, count } = stream
  let row = -1
  let stamped = -1
  let after = 0
  let at = count > 0 ? start[0]! : 0
  let limit = nextLoss(stream, 0)
  // Hot: once per frame.
  while (at < stream.length) {
    if (at >= limit) {
      at = limit
      limit = nextLoss(stream, rowAt(stream, row, at) + 1)
      stamped = -1
    }
    while (row + 1 < count && start[row + 1]! <= at) {
      row++
      if (flags[row]! & PES_AFTER_LOSS) stamped = -1
      if (pts[row]! < 0) continue
      stamped = row
      after = 0
    }
    const size = parser.size(bytes, at, limit)
    const { samples } = parser
    if (size === NO_FRAME) {
      at++
      continue
    }
    if (size === NEED_MORE || at + size > limit) {
      // At the end of the bytes the rest isn't there yet; before a loss it never comes.
      if (limit === stream.length) break
      at = limit
      continue
    }
    // A sync word in the middle of a frame is followed by none.
    if (parser.size(bytes, at + size, limit) === NO_FRAME) {
      at++
      continue
    }
    const ticks = Math.round(samples * ticksPerSample)
    frames.add(stamped, after, ticks, at, at + size, FRAME_KEY)
    after += ticks
    at += size
  }
  return frames
}

/** Offset of the first packet from `row` on before which bytes are missing; the end of the bytes without one. */
function nextLoss({ flags, start, count, length }: ElementaryStream, row: number): number {
  for (let i = Math.max(1, row); i < count; i++) if (flags[i]! & PES_AFTER_LOSS) return start[i]!
  return length
}

function rowAt({ start, count }: ElementaryStream, from: number, at: number): number {
  let row = Math.max(0, from)
  while (row + 1 < count && start[row + 1]! <= at) row++
  return row
}
