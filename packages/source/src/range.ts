import { CuemuxError } from '@cuemux/core'

/** What a read past the end gives. */
export const NO_BYTES: Uint8Array = new Uint8Array(0)

/**
 * Refuses a range that is no range. A reader that computes one from a broken file must have checked it before.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function checkRange(offsetBytes: number, lengthBytes: number): void {
  if (Number.isSafeInteger(offsetBytes) && offsetBytes >= 0 && Number.isSafeInteger(lengthBytes) && lengthBytes >= 0) {
    return
  }
  throw new CuemuxError(
    'BAD_REQUEST',
    `Can't read ${lengthBytes} bytes at ${offsetBytes}: whole numbers from 0 are needed.`,
  )
}

/** How many of `lengthBytes` bytes at `offsetBytes` lie inside a source of `sizeBytes`; all of them while that is not known. */
export function clampLength(offsetBytes: number, lengthBytes: number, sizeBytes: number | undefined): number {
  if (sizeBytes === undefined) return lengthBytes
  return Math.max(0, Math.min(lengthBytes, sizeBytes - offsetBytes))
}

/**
 * Memory for a read that the source really has.
 *
 * @throws CuemuxError `LIMIT_EXCEEDED` when there is no such memory
 */
export function allocate(lengthBytes: number): Uint8Array {
  try {
    return new Uint8Array(lengthBytes)
  } catch (cause) {
    throw new CuemuxError('LIMIT_EXCEEDED', `There is no memory for one read of ${lengthBytes} bytes.`, { cause })
  }
}

/** The error of a read after `close()`. */
export function closedError(name: string): CuemuxError {
  return new CuemuxError('SOURCE_UNREACHABLE', `${name} was closed and can't be read any more.`)
}

/**
 * A key that is one: an empty one would be shared by all films that have it.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function namedKey(key: string): string {
  if (key !== '') return key
  throw new CuemuxError('BAD_REQUEST', 'The key of a film must not be empty.')
}
