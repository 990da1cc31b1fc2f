import type { CuemuxError, CuemuxErrorCode } from '@cuemux/core'
import { CONTENT_TYPES } from './resource.js'
import { BusyError } from './service/busy.js'

/** HTTP status of each error; the request's own faults are 4xx, the source's 502, ours 500. */
const STATUS: Readonly<Record<CuemuxErrorCode, number>> = {
  UNSUPPORTED_CONTAINER: 415,
  UNSUPPORTED_CODEC: 415,
  CORRUPT_INDEX: 422,
  CORRUPT_MEDIA: 422,
  NO_KEYFRAME_INDEX: 422,
  ENCRYPTED: 422,
  LIMIT_EXCEEDED: 422,
  SOURCE_CHANGED: 409,
  SOURCE_UNREACHABLE: 502,
  ENCODER_MISSING: 503,
  ENCODER_FAILED: 500,
  CAPACITY: 429,
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  BAD_REQUEST: 400,
  ABORTED: 499,
  OUTPUT_FAILED: 500,
}

/** What is said in place of a message that may name addresses, paths or programs. */
const GENERAL: Readonly<Partial<Record<CuemuxErrorCode, string>>> = {
  SOURCE_CHANGED: 'The film has changed since it was opened: ask for its playlist again.',
  SOURCE_UNREACHABLE: 'The film can not be read at present.',
  ENCODER_MISSING: 'The film can not be converted for this player here.',
  ENCODER_FAILED: 'The film could not be converted for this player.',
  CAPACITY: 'The service is at its limit.',
  NOT_FOUND: 'There is no such film.',
  BAD_REQUEST: 'The film can not be opened from where it lies.',
  LIMIT_EXCEEDED: 'The film asks for more than is reasonable.',
}
/** When to come again, where a limit that isn't the handler's own is reached. */
const RETRY_AFTER_S = 5
const MOST_GENERAL = 'The film can not be read.'

/**
 * An error as problem JSON (RFC 9457).
 *
 * @param isExposed whether its own words are for the client
 */
export function problemResponse(error: CuemuxError, isHead: boolean, isExposed: boolean): Response {
  const busy = error instanceof BusyError ? error : undefined
  const status = busy?.status ?? STATUS[error.code]
  const { hint, at } = error
  const words = isExposed
    ? { detail: error.message, ...(hint === undefined ? {} : { hint }), ...(at === undefined ? {} : { at }) }
    : { detail: GENERAL[error.code] ?? MOST_GENERAL }
  const problem = { type: 'about:blank', title: error.code, status, ...words }
  const headers = {
    'content-type': CONTENT_TYPES.problem,
    'cache-control': 'no-store',
    ...(error.code === 'CAPACITY' ? { 'retry-after': String(busy?.retryAfterS ?? RETRY_AFTER_S) } : {}),
  }
  return new Response(isHead ? null : JSON.stringify(problem), { status, headers })
}
