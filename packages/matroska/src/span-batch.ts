import { type DecodeTimes, deriveDecodeTimes, SAMPLE_SYNC, type SampleBatch } from '@cuemux/core'
import { pcmFrameBytes } from './audio-track.js'
import { decodeAdditions, decodeFrames } from './encodings.js'
import { FRAME_KEY, type FrameColumns } from './frame-columns.js'
import { toLengthPrefixed } from './nal-format.js'
import { isCut, type SpanBounds } from './span-bounds.js'
import type { SpanTrack } from './span-walk.js'
import { makeTextBatch } from './text-batch.js'
import { delayOf } from './track-state.js'

/** The frames of a track that are in a span, in the order of the file. */
interface Selection {
  readonly pts: number[]
  readonly data: Uint8Array[]
  /** What lies beside the frames, by their number here; text only. */
  readonly additions: Map<number, Uint8Array>
  readonly flags: number[]
  /** BlockDuration in ticks of the track, or -1. */
  readonly duration: number[]
  /** Presentation time of the track's next frame, where there is one. */
  next: number | undefined
  /** DiscardPadding of the last frame, ticks. */
  discard: number
}

/** Makes the batch of a track; `undefined` where it has no samples in the span. */
export async function makeBatch(
  track: SpanTrack,
  earlier: readonly FrameColumns[],
  bounds: SpanBounds,
): Promise<SampleBatch | undefined> {
  const selection = emptySelection()
  if (track.isReference) selectReference(track, bounds, selection)
  else for (const frames of [...earlier, track.frames]) selectOther(track, frames, selection)
  const count = selection.pts.length
  if (count === 0) return undefined
  const { id, timescale } = track.state.track
  await decodeFrames(track.state.format.encodings, selection.data)
  if (track.state.track.kind === 'text') {
    await decodeAdditions(track.state.format.encodings, selection.additions)
    return makeTextBatch(track.state.track, selection)
  }
  toLengthPrefixed(track.state.track, selection.data)
  const times = mediaTimes(track, selection)
  const size = new Uint32Array(count)
  const flags = new Uint8Array(count)
  // Every frame of sound can be decoded by itself, whatever the muxer says, but for TrueHD's.
  const trustsKeys = track.state.track.kind === 'video' || track.state.track.codec === 'truehd'
  for (let i = 0; i < count; i++) {
    size[i] = selection.data[i]!.length
    flags[i] = !trustsKeys || selection.flags[i]! & FRAME_KEY ? SAMPLE_SYNC : 0
  }
  if (track.isReference) flags[0] = SAMPLE_SYNC
  return { trackId: id, timescale, descriptionIndex: 0, count, ...times, size, flags, data: selection.data }
}

function emptySelection(): Selection {
  return { pts: [], data: [], additions: new Map(), flags: [], duration: [], next: undefined, discard: 0 }
}

function take(track: SpanTrack, frames: FrameColumns, row: number, time: number, into: Selection): void {
  const ticks = frames.duration[row]!
  into.pts.push(time)
  const addition = frames.additions?.get(row)
  if (addition !== undefined) into.additions.set(into.data.length, addition)
  into.data.push(frames.data[row]!)
  into.flags.push(frames.flags[row]!)
  into.duration.push(ticks < 0 ? -1 : track.state.clock.duration(ticks))
  into.discard = row === frames.count - 1 ? (frames.discardNs * track.state.track.timescale) / 1e9 : 0
}

/** The reference track from one cut to the other. */
function selectReference(track: SpanTrack, bounds: SpanBounds, into: Selection): void {
  const { frames, cutRow, state } = track
  const { start, end, isFirst } = bounds
  const last = cutRow < 0 ? frames.count : cutRow
  let row = 0
  while (
    row < last &&
    !isCut(start, frames.position[row]!, frames.ticks[row]!, (frames.flags[row]! & FRAME_KEY) !== 0)
  ) {
    row++
  }
  for (; row < last; row++) {
    const time = state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!)
    // Leading pictures of the first keyframe refer to what the film doesn't have.
    if (isFirst && time < start.time) continue
    take(track, frames, row, time, into)
  }
  if (cutRow < 0 || end === undefined) return
  into.next = end.time
  for (row = cutRow + 1; row < frames.count; row++) {
    const time = state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!)
    if (time > end.time) break
    into.next = Math.min(into.next, time)
  }
}

/** Frames of another track that start in the span. */
function selectOther(track: SpanTrack, frames: FrameColumns, into: Selection): void {
  const { state, from, to } = track
  // Sound comes in the order of time: what follows its first frame behind the span is the next span's.
  const isOrdered = state.track.kind === 'audio'
  for (let row = 0; row < frames.count; row++) {
    const time = state.clock.presentationTime(frames.ticks[row]!, frames.lace[row]!)
    if (time >= to) {
      into.next = into.next === undefined ? time : Math.min(into.next, time)
      if (isOrdered) return
    } else if (time >= from) {
      take(track, frames, row, time, into)
    }
  }
}

function mediaTimes(track: SpanTrack, selection: Selection): DecodeTimes {
  const delay = delayOf(track.state.track)
  const pts = Float64Array.from(selection.pts)
  const next = selection.next ?? endOfLast(track, selection)
  return deriveDecodeTimes(pts, delay, next - delay)
}

/** Where the frame that is shown last ends, when none follows it. */
function endOfLast(track: SpanTrack, selection: Selection): number {
  const { pts, duration, discard } = selection
  let last = 0
  let before = Number.NEGATIVE_INFINITY
  for (let i = 1; i < pts.length; i++) {
    if (pts[i]! > pts[last]!) {
      before = pts[last]!
      last = i
    } else if (pts[i]! < pts[last]!) before = Math.max(before, pts[i]!)
  }
  const { gridTicks, defaultDuration } = track.state.format
  const time = pts[last]!
  const told = duration[last]!
  // BlockDuration is rounded to a container tick: one near a frame's length is that.
  const tick = track.state.clock.duration(1)
  const { track: source } = track.state
  // The bytes of PCM are its length.
  if (source.kind === 'audio' && source.codec === 'pcm' && source.bitDepth !== undefined)
    return time + Math.max(1, Math.floor(selection.data[last]!.length / pcmFrameBytes(source)))
  if (told > 0 && !(gridTicks > 0 && Math.abs(told - gridTicks) <= tick)) return time + told
  // RFC 9559 §5.1.3.5.7: DiscardPadding is silence at the end of the frame.
  if (gridTicks > 0) return time + (discard > 0 && discard < gridTicks ? Math.round(gridTicks - discard) : gridTicks)
  if (defaultDuration > 0) return time + Math.round(defaultDuration)
  return before === Number.NEGATIVE_INFINITY ? time + 1 : time + (time - before)
}
