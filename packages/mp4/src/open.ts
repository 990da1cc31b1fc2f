import { type ByteSource, type Demuxer, type MediaIndex, type ReadOptions, toCuemuxError } from '@cuemux/core'
import { buildIndex } from './build-index.js'
import type { SampleColumns } from './cursor.js'
import { Mp4Demuxer } from './demuxer.js'
import { findMoov } from './find-moov.js'
import { formatOf } from './format.js'
import { FragmentDemuxer } from './fragment-demuxer.js'
import { indexFragments } from './fragments.js'
import { firstKeyframe } from './keyframe-bytes.js'
import { readMovie } from './movie.js'
import { readHeaders } from './skeleton.js'

/** Options of {@link openMp4}. */
export interface OpenMp4Options extends ReadOptions {
  /** The source's first bytes, where the caller has read them already: saves a read. */
  readonly head?: Uint8Array | undefined
  /** An index that was made before from the same bytes: nothing is read. */
  readonly index?: MediaIndex | undefined
  /** Called now and then while a fragmented film without an index of its fragments is walked through. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

/**
 * Opens an MP4, MOV or M4A: finds its moov box, wherever it lies, in at most three reads, and makes the index of it; of
 * a fragmented film, from the index of its fragments in the file, else from all of their moof boxes.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `LIMIT_EXCEEDED`, `ABORTED`, and what the source throws
 */
export async function openMp4(source: ByteSource, options: OpenMp4Options = {}): Promise<Demuxer> {
  try {
    if (options.index !== undefined) return demuxerFor(source, options.index, options)
    const moov = await findMoov(source, options.head, options.signal)
    const movie = readMovie(moov.bytes)
    const header = readHeaders(movie)
    const fragmented =
      movie.mvex === undefined ? undefined : await indexFragments({ source, moov, movie, header, options })
    const { index, columns } = fragmented ?? buildIndex({ moov, movie, header })
    return demuxerFor(source, index, options, columns)
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX', 'The MP4 can not be opened')
  }
}

/** The reader of the samples that an index of this package lists. */
function demuxerFor(
  source: ByteSource,
  index: MediaIndex,
  { head }: OpenMp4Options,
  columns?: ReadonlyMap<number, SampleColumns>,
): Demuxer {
  const { fragments } = formatOf(index)
  return fragments === undefined
    ? new Mp4Demuxer(source, index, columns, firstKeyframe(head, index.keyframes.offsetBytes[0]))
    : new FragmentDemuxer(source, index, fragments)
}
