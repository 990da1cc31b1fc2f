import { CuemuxError } from '@cuemux/core'

/** What names the state of a film on its server. */
export interface Pin {
  /** A strong ETag; weak ones don't promise the same bytes (RFC 9110 §8.8.1). */
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly sizeBytes: number | undefined
}

/** The bytes that an answer says that it carries. */
export interface ContentRange {
  readonly first: number
  /** The last byte, which is in it. */
  readonly last: number
  /** Size of the whole; `undefined` for `*`. */
  readonly total: number | undefined
}

/** Reads `bytes 0-99/1000` (RFC 9110 §14.4); `undefined` for what isn't one. */
export function parseContentRange(text: string | null): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(text?.trim() ?? '')
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2])
  const total = match[3] === '*' ? undefined : Number(match[3])
  if (last < first || (total !== undefined && last >= total)) return undefined
  return { first, last, total }
}

/** The size in the Content-Range of a 416: an asterisk in place of the range. */
export function parseUnsatisfiedRange(text: string | null): number | undefined {
  const match = /^bytes \*\/(\d{1,16})$/.exec(text?.trim() ?? '')
  return match === null ? undefined : Number(match[1])
}

/** The pin of an answer whose body is, or is a part of, a film of `sizeBytes`. */
export function pinOf(headers: Headers, sizeBytes: number | undefined): Pin {
  const etag = headers.get('etag') ?? undefined
  return {
    etag: etag?.startsWith('"') ? etag : undefined,
    lastModified: headers.get('last-modified') ?? undefined,
    sizeBytes,
  }
}

/**
 * Compares an answer with the first one. What one of the two doesn't say is not held against it; two equal strong
 * ETags are the same bytes whatever the dates say (machines of one cluster disagree about them).
 *
 * @throws CuemuxError `SOURCE_CHANGED`
 */
export function comparePins(opened: Pin, now: Pin, shownUrl: string, offsetBytes: number): void {
  const difference = differenceOf(opened, now)
  if (difference === undefined) return
  throw new CuemuxError('SOURCE_CHANGED', `${shownUrl} was changed since it was opened: ${difference}.`, {
    at: { offsetBytes },
    hint: 'Open it again.',
  })
}

function differenceOf(opened: Pin, now: Pin): string | undefined {
  if (differ(opened.sizeBytes, now.sizeBytes)) return `it had ${opened.sizeBytes} bytes and has ${now.sizeBytes}`
  if (differ(opened.etag, now.etag)) return `its ETag was ${opened.etag} and is ${now.etag}`
  if (opened.etag !== undefined && now.etag !== undefined) return undefined
  if (!differ(opened.lastModified, now.lastModified)) return undefined
  return `it was of ${opened.lastModified} and is of ${now.lastModified}`
}

function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}

/** The size that an unpacked, complete body has by its header; `undefined` where nothing says it. */
export function contentLength(headers: Headers): number | undefined {
  const text = headers.get('content-length')?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
