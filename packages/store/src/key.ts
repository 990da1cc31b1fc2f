import { createHash } from 'node:crypto'
import { CuemuxError } from '@cuemux/core'

/**
 * A key of parts: source key, options, path, version of the format. Parts that differ give keys that differ, whatever
 * characters are in them.
 */
export function cacheKey(...parts: readonly (string | number | boolean)[]): string {
  return JSON.stringify(parts)
}

/**
 * The name under which a key is stored: its SHA-256 in hex, so that no key can traverse folders or be read from a
 * listing.
 *
 * @throws CuemuxError `BAD_REQUEST` for an empty key
 */
export function storedName(key: string): string {
  checkKey(key)
  return createHash('sha256').update(key).digest('hex')
}

/** @throws CuemuxError `BAD_REQUEST` for an empty key */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || key === '') {
    throw new CuemuxError('BAD_REQUEST', 'A cache key must be a string that is not empty.')
  }
}
