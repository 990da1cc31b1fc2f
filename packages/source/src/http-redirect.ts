import { CuemuxError } from '@cuemux/core'

/** RFC 9110 §15.4 leaves the number open; browsers follow 20. No film needs more than a few. */
export const MAX_REDIRECTS = 10

const REDIRECT_STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Where an answer leads, seen from the address that gave it; `undefined` when it leads nowhere.
 *
 * @throws CuemuxError `SOURCE_UNREACHABLE` when that is no http or https URL
 */
export function redirectTarget(response: Response, from: string): URL | undefined {
  if (!REDIRECT_STATUS.has(response.status)) return undefined
  const location = response.headers.get('location')
  if (location === null) return undefined
  const target = parse(location, from)
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:') {
    throw new CuemuxError('SOURCE_UNREACHABLE', 'The server sends its readers on to an address that is none.')
  }
  target.hash = ''
  return target
}

function parse(location: string, from: string): URL | undefined {
  try {
    return new URL(location, from)
  } catch {
    return undefined
  }
}

/** The error of a chain of redirects that doesn't end. */
export function redirectLoop(shownUrl: string): CuemuxError {
  return new CuemuxError(
    'SOURCE_UNREACHABLE',
    `The server of ${shownUrl} sends its readers on more than ${MAX_REDIRECTS} times.`,
  )
}

/** A body of this size is read rather than broken off, which keeps its connection. */
const SMALL_BODY_BYTES = 16 * 1024

/** Lets go of a body that nobody will read, so that its connection doesn't wait. */
export function discard(response: Response): void {
  const { body } = response
  if (body === null) return
  const length = response.headers.get('content-length')
  const isSmall = length !== null && Number(length) <= SMALL_BODY_BYTES
  const end = isSmall ? body.pipeTo(new WritableStream()) : body.cancel()
  end.catch(() => undefined)
}
