import { CuemuxError } from '@cuemux/core'

/**
 * Checks a number of bytes or milliseconds that a caller gave.
 *
 * @throws CuemuxError `BAD_REQUEST` when it is no positive, finite number
 */
export function positive(name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) {
    throw new CuemuxError('BAD_REQUEST', `${name} must be a positive number; it is ${String(value)}.`)
  }
  return value
}
