import { CuemuxError, type MediaIndex, type Span } from '@cuemux/core'
import type { MatroskaFormat } from './format.js'

/** One end of a span: the keyframe at which the reference track is cut. */
export interface Cut {
  /** Timestamp of its block, container ticks. */
  readonly ticks: number
  /** Its presentation time, ticks of the reference track. */
  readonly time: number
  /** Offset of its cluster, bytes. */
  readonly clusterOffset: number
  /** Offset of its block in the cluster's payload, bytes; -1 where it isn't known. */
  readonly relative: number
}

/** A span in terms of the file. */
export interface SpanBounds {
  readonly isFirst: boolean
  readonly start: Cut
  /** `undefined` for the span that goes to the film's end. */
  readonly end: Cut | undefined
}

/**
 * Looks a span's cuts up in the index.
 *
 * @throws CuemuxError `NOT_FOUND` for a span that the film doesn't have
 */
export function boundsOf(index: MediaIndex, format: MatroskaFormat, span: Span): SpanBounds {
  const { count } = index.keyframes
  const { first, end } = span
  if (!(Number.isInteger(first) && Number.isInteger(end) && first >= 0 && first < end && end <= count)) {
    throw new CuemuxError('NOT_FOUND', `There is no span from keyframe ${first} to ${end}: the film has ${count}.`)
  }
  const cut = (i: number): Cut => ({
    ticks: format.cueTicks[i]!,
    time: index.keyframes.time[i]!,
    clusterOffset: index.keyframes.offsetBytes[i]!,
    relative: format.cueRelative[i]!,
  })
  return { isFirst: first === 0, start: cut(first), end: end < count ? cut(end) : undefined }
}

/**
 * Whether a block of the reference track is the one to cut at: the first of its cluster, or of those that follow, with
 * the cue's time; where there is none, the first keyframe after it.
 */
export function isCut(cut: Cut, position: number, ticks: number, isKey: boolean): boolean {
  return position >= cut.clusterOffset && (ticks === cut.ticks || (isKey && ticks > cut.ticks))
}
