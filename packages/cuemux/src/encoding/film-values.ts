import { CuemuxError, type Track } from '@cuemux/core'

/**
 * Makes what depends on a track's own values. Those that no encoder takes are the film's fault, not the caller's.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` instead of `BAD_REQUEST`
 */
export function byFilmValues<T>(track: Track, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof CuemuxError && error.code === 'BAD_REQUEST')) throw error
    throw new CuemuxError('UNSUPPORTED_CODEC', `Track ${track.id} can't be encoded: ${error.message}`, { cause: error })
  }
}
