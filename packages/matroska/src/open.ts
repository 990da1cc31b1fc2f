import {
  type ByteSource,
  CuemuxError,
  type Demuxer,
  type MediaIndex,
  type ReadOptions,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { buildIndex } from './build-index.js'
import { MatroskaDemuxer } from './demuxer.js'
import { readHead } from './head.js'
import { ByteWindow } from './window.js'

/** Options of {@link openMatroska}. */
export interface OpenMatroskaOptions extends ReadOptions {
  /** The source's first bytes, where the caller has read them already: 64 KiB save a read. */
  readonly head?: Uint8Array | undefined
  /** An index that an earlier opening of the same source made: nothing is read. */
  readonly index?: MediaIndex | undefined
  /** Called now and then while a film without Cues is searched for keyframes. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

const HEAD_BYTES = 64 * 1024

/**
 * Opens a Matroska or WebM film: reads its head and its Cues, and nothing of the media unless it has no Cues.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `NO_KEYFRAME_INDEX`, `LIMIT_EXCEEDED`, and what the source throws
 */
export async function openMatroska(source: ByteSource, options: OpenMatroskaOptions = {}): Promise<Demuxer> {
  if (options.index !== undefined) return new MatroskaDemuxer(source, options.index)
  try {
    throwIfAborted(options.signal)
    const readOptions: ReadOptions = { signal: options.signal }
    const first = options.head ?? (await source.read(0, HEAD_BYTES, readOptions))
    const window = new ByteWindow(source, readOptions, [{ base: 0, bytes: first }])
    const head = await readHead(window, first)
    const sizeBytes = source.sizeBytes ?? (Number.isFinite(head.segmentEnd) ? head.segmentEnd : first.length)
    if (head.tracks === undefined || head.tracks.length === 0) {
      throw new CuemuxError('CORRUPT_INDEX', 'The film has no tracks.', {
        at: { path: 'Segment/Tracks' },
        hint: 'The file is damaged or was cut.',
      })
    }
    const index = await buildIndex({ source, options, window, head, first, sizeBytes, entries: head.tracks })
    return new MatroskaDemuxer(source, index, [{ base: 0, bytes: first }])
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX')
  }
}
