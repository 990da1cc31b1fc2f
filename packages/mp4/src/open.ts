import { type ByteSource, type Demuxer, type MediaIndex, type ReadOptions, toCuemuxError } from '@cuemux/core'
import { buildIndex } from './build-index.js'
import { Mp4Demuxer } from './demuxer.js'
import { findMoov } from './find-moov.js'
import { readMovie } from './movie.js'
import { readHeaders } from './skeleton.js'

/** Options of {@link openMp4}. */
export interface OpenMp4Options extends ReadOptions {
  /** The source's first bytes, where the caller has read them already: saves a read. */
  readonly head?: Uint8Array | undefined
  /** An index that was made before from the same bytes: nothing is read. */
  readonly index?: MediaIndex | undefined
}

/**
 * Opens an MP4, MOV or M4A: finds its moov box, wherever it lies, in at most three reads, and makes the index of it.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `LIMIT_EXCEEDED`, `ABORTED`, and what the source throws
 */
export async function openMp4(source: ByteSource, options: OpenMp4Options = {}): Promise<Demuxer> {
  try {
    if (options.index !== undefined) return new Mp4Demuxer(source, options.index)
    // Loading it takes longer than using it: it goes on while the source is read.
    const loading = import('mp4box')
    loading.catch(() => {})
    const moov = await findMoov(source, options.head, options.signal)
    const movie = readMovie(moov.bytes)
    const { index, columns } = buildIndex(moov, movie, readHeaders(await loading, movie))
    return new Mp4Demuxer(source, index, columns)
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX', 'The MP4 can not be opened')
  }
}
