import { CuemuxError } from '@cuemux/core'

/**
 * The address that a playlist's URI means (RFC 8216bis §4.1).
 *
 * @param base the playlist's own address, absolute
 * @throws CuemuxError `BAD_REQUEST` where both together are no address
 */
export function resolveUri(uri: string, base: string): string {
  try {
    return new URL(uri, base).href
  } catch (cause) {
    throw new CuemuxError('BAD_REQUEST', `"${uri.slice(0, 200)}" is no address below "${base.slice(0, 200)}".`, {
      cause,
      hint: 'The base must be an absolute URL.',
    })
  }
}
