import { CuemuxError, type MediaIndex } from '@cuemux/core'
import type { ChapterTrack } from './chapter-track.js'
import type { FragmentTrack } from './moof.js'
import type { SampleTables } from './tables.js'
import type { TrackTimeline } from './timeline.js'

/** Version of {@link Mp4Format}: an index with another one has to be made again. */
export const FORMAT_VERSION = 3

/** What is needed to read a track's samples. Plain data. */
export interface TrackFormat {
  readonly id: number
  readonly tables: SampleTables
  readonly timeline: TrackTimeline
  /** Its samples are encrypted. */
  readonly isEncrypted: boolean
}

/** What is needed to read fragments that an index lists (`sidx`, `mfra`). Plain data. */
export interface FragmentsFormat {
  /** Beside {@link Mp4Format.tracks}, in their order. */
  readonly tracks: readonly (FragmentTrack & {
    /** What is added to a media time so that it is one on the film's clock, ticks. */
    readonly mediaShift: number
  })[]
  /** How far a sync sample may lie from where the index says, ticks of the reference track. */
  readonly tolerance: number
}

/** `MediaIndex.format` of an MP4. Plain data with typed arrays. */
export interface Mp4Format {
  readonly kind: 'mp4'
  readonly version: number
  readonly tracks: readonly TrackFormat[]
  /** Samples of the reference track that are the keyframes. */
  readonly keyframeSamples: Uint32Array
  /** The film's fragments are found by its keyframes' offsets, and its tables hold the first ones only. */
  readonly fragments: FragmentsFormat | undefined
  /** Where the titles of the chapters are samples of a track, and nowhere else. */
  readonly chapterTrack: ChapterTrack | undefined
}

/**
 * The format part of an index that this package made.
 *
 * @throws CuemuxError `CORRUPT_INDEX` when it did not
 */
export function formatOf(index: MediaIndex): Mp4Format {
  const format = index.format as Partial<Mp4Format> | null | undefined
  if (format?.kind !== 'mp4' || format.version !== FORMAT_VERSION) {
    throw new CuemuxError('CORRUPT_INDEX', 'The stored index is not one of an MP4, or of another version.', {
      hint: 'Open the film again without it.',
    })
  }
  return format as Mp4Format
}
