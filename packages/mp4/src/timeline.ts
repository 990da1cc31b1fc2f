import { rescale } from '@cuemux/core'
import { type SampleColumns, SampleCursor } from './cursor.js'
import { hiddenDecode } from './preroll.js'
import type { Edit } from './skeleton.js'
import type { SyncSamples } from './sync-samples.js'

/** Where a track's samples lie on the film's clock, and which of them are in the film. Plain data. */
export interface TrackTimeline {
  /** What is added to a decode time of the tables so that it is one on the film's clock, ticks. */
  readonly decodeShift: number
  /** What is added to a composition offset so that none is negative, ticks. */
  readonly offsetShift: number
  /** First sample of the track, and the one after its last. */
  readonly first: number
  readonly end: number
  /** Presentation time of the first sample meant to be seen or heard, ticks. */
  readonly start: number
  /** Presentation time at which the track ends, ticks. */
  readonly stop: number
  /** Decode time of the first sample, ticks on the film's clock. */
  readonly firstDecode: number
  /** Pictures before `start` are hidden: see {@link hidePreroll}. */
  readonly hidesPreroll: boolean
  /** Presentation time of the sample that is presented first, ticks; before `start` where samples are only decoded. */
  readonly firstPresentation: number
}

/** What an edit list asks for, in the track's ticks. */
interface EditTimes {
  /** Delay before the track, from empty edits. */
  readonly delay: number
  /** Media time that the film starts with. */
  readonly mediaTime: number
  /** Media time that it ends before; `Infinity` without an end. */
  readonly mediaEnd: number
  /** One tick of the movie's timescale: what its rounding may cost. */
  readonly rounding: number
}

/**
 * The first media edit with the empty ones before it (ISO/IEC 14496-12 §8.6.6). What follows is taken as continuing:
 * the end is that of the edits' sum when there are several.
 */
function editTimes(edits: readonly Edit[], movieTimescale: number, timescale: number): EditTimes {
  const toTicks = (ticks: number): number => (movieTimescale > 0 ? rescale(ticks, movieTimescale, timescale) : 0)
  const rounding = movieTimescale > 0 ? Math.ceil(timescale / movieTimescale) : 0
  let delay = 0
  for (let i = 0; i < edits.length; i++) {
    const edit = edits[i]!
    if (edit.mediaTime < 0) {
      delay += edit.duration
      continue
    }
    const isOnly = !edits.some((other, at) => at > i && other.mediaTime >= 0)
    const mediaEnd = isOnly && edit.duration > 0 ? edit.mediaTime + toTicks(edit.duration) : Number.POSITIVE_INFINITY
    return { delay: toTicks(delay), mediaTime: edit.mediaTime, mediaEnd, rounding }
  }
  return { delay: toTicks(delay), mediaTime: 0, mediaEnd: Number.POSITIVE_INFINITY, rounding }
}

/** The first sample in decode order that is presented at or after a media time; the column's count when none is. */
export function firstPresentedFrom(columns: SampleColumns, cursor: SampleCursor, time: number): number {
  const { times, offsets, count } = columns
  // Before this one all are presented too early, whatever their offsets.
  const from = Math.max(0, times.firstAtOrAfter(time - offsets.max))
  if (from >= count) return count
  if (offsets.min === offsets.max) return from
  cursor.seek(from)
  while (cursor.dts + cursor.offset < time) if (!cursor.next()) return count
  return cursor.sample
}

/** The last sample in decode order that is presented before a media time, -1 when none is. */
function lastPresentedBefore(columns: SampleColumns, cursor: SampleCursor, time: number): number {
  const { times, offsets, count } = columns
  // From this one on all are presented too late; between the two, look.
  const end = Math.min(count, times.firstAtOrAfter(time - offsets.min))
  const from = Math.min(end, times.firstAtOrAfter(time - offsets.max))
  let last = from - 1
  if (from === end) return last
  cursor.seek(from)
  do {
    if (cursor.dts + cursor.offset < time) last = cursor.sample
  } while (cursor.sample + 1 < end && cursor.next())
  return last
}

/** The end of the samples from `first` to before `end`: when the last presented one's time is over. */
export function lastPresentedEnd(columns: SampleColumns, cursor: SampleCursor, first: number, end: number): number {
  const { offsets } = columns
  cursor.seek(end - 1)
  let stop = cursor.dts + cursor.offset + cursor.duration
  if (offsets.min === offsets.max) return stop
  // Backward in blocks until no earlier sample can be presented later.
  for (let block = end; block > first; ) {
    const from = Math.max(first, block - 32)
    cursor.seek(from)
    const earliest = cursor.dts
    do {
      const time = cursor.dts + cursor.offset + cursor.duration
      if (time > stop) stop = time
    } while (cursor.sample + 1 < block && cursor.next())
    if (earliest + offsets.max <= stop) break
    block = from
  }
  return stop
}

/** The earliest presentation time among the samples from `first` on that could come first. */
function earliest(columns: SampleColumns, cursor: SampleCursor, first: number, end: number, from: number): number {
  const { offsets } = columns
  cursor.seek(first)
  let best = Number.POSITIVE_INFINITY
  do {
    const time = cursor.dts + cursor.offset
    if (time >= from && time < best) best = time
    if (cursor.dts + offsets.min >= best) break
  } while (cursor.sample + 1 < end && cursor.next())
  return best
}

/** How much sound before the edit is kept for the decoder to settle: a frame, or Opus's 80 ms (RFC 7845 §4.6). */
function audioFirst(columns: SampleColumns, mediaTime: number, prerollTicks: number): number {
  const { times, count } = columns
  const after = times.firstAtOrAfter(mediaTime + 1)
  const holding = Math.max(0, Math.min(after, count) - 1)
  if (prerollTicks > 0) return Math.max(0, Math.min(holding, times.firstAtOrAfter(mediaTime - prerollTicks + 1) - 1))
  return Math.max(0, holding - 1)
}

/** Duration of the last sample in decode order, ticks. */
function lastDuration(cursor: SampleCursor, end: number): number {
  cursor.seek(end - 1)
  return cursor.duration
}

/** What a track's timeline is made from. */
interface TimelineInput {
  readonly kind: 'video' | 'audio' | 'text'
  readonly columns: SampleColumns
  readonly sync: SyncSamples
  readonly edits: readonly Edit[]
  readonly movieTimescale: number
  readonly timescale: number
  /** Decoded sound before the edit's start that has to be kept, ticks; 0 for one frame. */
  readonly prerollTicks: number
  /** Samples whose bytes the source has. */
  readonly readable: number
  /** Decode time of the tables' first sample, media ticks: 0 in a moov. */
  readonly base: number
  /** Where the edit list ends is not the film's end: it speaks of what a moov holds, and fragments follow. */
  readonly isOpenEnded: boolean
}

/** The edit list in terms of the tables, whose first sample has the time 0. */
function tableEdit({ edits, movieTimescale, timescale, base, isOpenEnded }: TimelineInput): EditTimes {
  const edit = editTimes(edits, movieTimescale, timescale)
  const mediaEnd = isOpenEnded ? Number.POSITIVE_INFINITY : edit.mediaEnd - base
  return { ...edit, mediaTime: edit.mediaTime - base, mediaEnd }
}

/** Applies a track's edit list to its tables; `undefined` for a track without samples in the film. */
export function trackTimeline(input: TimelineInput): TrackTimeline | undefined {
  const { kind, columns, readable } = input
  if (readable === 0) return undefined
  const edit = tableEdit(input)
  const cursor = new SampleCursor(columns)
  const offsetShift = Math.max(0, -columns.offsets.min)
  const shift = edit.delay - edit.mediaTime
  let first = 0
  if (edit.mediaTime > 0) {
    if (kind === 'audio') first = audioFirst(columns, edit.mediaTime, input.prerollTicks)
    else if (kind === 'video') first = input.sync.lastPresentedBy(cursor, edit.mediaTime)
    else first = Math.max(0, columns.times.firstAtOrAfter(edit.mediaTime + 1) - 1)
  }
  if (first >= readable) return undefined
  let end = readable
  let mediaStop = lastPresentedEnd(columns, cursor, first, end)
  // A text without length at the very end, which some muxers write to clear the screen, is behind the film.
  const isBehind = kind === 'text' && mediaStop - lastDuration(cursor, end) >= edit.mediaEnd
  if (isBehind || mediaStop - edit.mediaEnd > edit.rounding) {
    end = Math.max(first + 1, Math.min(end, lastPresentedBefore(columns, cursor, edit.mediaEnd) + 1))
    mediaStop = Math.min(lastPresentedEnd(columns, cursor, first, end), edit.mediaEnd)
  }
  const firstPresentation = earliest(columns, cursor, first, end, Number.NEGATIVE_INFINITY)
  // A sample that lies across the edit's start is cut by it.
  const mediaStart = Math.max(firstPresentation, Math.min(edit.mediaTime, mediaStop))
  const shifts = { decodeShift: shift - offsetShift, offsetShift }
  const start = mediaStart + shift
  // In fragments the samples of the beginning may not all be known; there they stay as they are.
  const isTrimmed = edit.mediaTime > 0 && firstPresentation < mediaStart
  const hidesPreroll = kind === 'video' && isTrimmed && !input.isOpenEnded
  cursor.seek(first)
  const firstDecode = cursor.dts + shifts.decodeShift
  const prefix = hidesPreroll ? Math.min(end, lastPresentedBefore(columns, cursor, mediaStart) + 2) - first : 0
  return {
    ...shifts,
    first,
    end,
    start,
    stop: mediaStop + shift,
    firstDecode: hidesPreroll ? hiddenDecode(columns, first, prefix, start, shifts) : firstDecode,
    hidesPreroll,
    firstPresentation: firstPresentation + shift,
  }
}
