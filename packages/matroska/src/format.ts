import { CuemuxError, type MediaIndex } from '@cuemux/core'
import type { ContentEncoding } from './encodings.js'
import type { TextCues } from './text-cues.js'

/** How one track's timestamps become presentation times, and its blocks samples. Plain data, kept in the index. */
export interface TrackFormat {
  readonly trackId: number
  /** Timestamp of the track's first block, container ticks: where its grid of frames is fixed. */
  readonly anchorTicks: number | undefined
  /** Ticks of the track's timescale in one frame of the grid; 0 for none. */
  readonly gridTicks: number
  /** DefaultDuration in ticks of the track's timescale, not always whole; 0 for none. */
  readonly defaultDuration: number
  /** CodecDelay in ticks of the track's timescale. */
  readonly delay: number
  /** Whether the first frame still has something to tell: its time, the decoder's configuration, the frame's length. */
  readonly needsFirstFrame: boolean
  /** End of the track in container nanoseconds: after its first timestamp where `endIsLength`. */
  readonly endNs: number | undefined
  readonly endIsLength: boolean
  readonly encodings: readonly ContentEncoding[]
}

/** Version of {@link MatroskaFormat}: an index with another one has to be made again. */
export const FORMAT_VERSION = 2

/** What a Matroska demuxer needs beside the index's own fields. */
export interface MatroskaFormat {
  readonly kind: 'matroska'
  readonly version: typeof FORMAT_VERSION
  /** Offset of the Segment's payload, bytes. */
  readonly segmentStart: number
  /** Where the Segment ends, or the source if that is earlier, bytes. */
  readonly segmentEnd: number
  /** Offset at or before the first cluster, of an element of the Segment, bytes. */
  readonly firstCluster: number
  /** Where the last cluster ends at the latest, as far as the index tells, bytes. */
  readonly mediaEnd: number
  /** Nanoseconds in a container tick. */
  readonly timestampScale: number
  /** Timestamp of each keyframe, container ticks. */
  readonly cueTicks: Float64Array
  /** Where each keyframe's block lies in its cluster's payload, bytes; -1 where it isn't known. */
  readonly cueRelative: Float64Array
  /** Where the blocks of text tracks lie, of those whose cues tell. */
  readonly textCues: readonly TextCues[]
  /** In the order of the index's tracks. */
  readonly tracks: readonly TrackFormat[]
}

/**
 * The format data of an index.
 *
 * @throws CuemuxError `BAD_REQUEST` for an index that another format or version made
 */
export function formatOf(index: MediaIndex): MatroskaFormat {
  const format = index.format
  if (isMatroskaFormat(format)) return format
  throw new CuemuxError('BAD_REQUEST', "The index isn't one of a Matroska file, or another version made it.", {
    hint: 'Open the source without it.',
  })
}

function isMatroskaFormat(format: unknown): format is MatroskaFormat {
  if (typeof format !== 'object' || format === null) return false
  const { kind, version } = format as Partial<MatroskaFormat>
  return kind === 'matroska' && version === FORMAT_VERSION
}
