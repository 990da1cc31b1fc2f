import { CuemuxError } from '@cuemux/core'
import { secretDigest } from './sha256.js'

/** A URL as it is asked for, and as it may be shown. */
export interface HttpAddress {
  /** What is fetched: without user, password and fragment. */
  readonly url: string
  /** What people see: also without the query, which often carries a signature or a token. */
  readonly shownUrl: string
  /** What is sent with every request; the URL's user and password are in it. */
  readonly headers: Headers
  /** Names the film: the URL without secrets, and a digest of the query and the headers. */
  readonly key: string
  /** The last part of the path. */
  readonly name: string
}

/** Headers that decide how something is sent, not what: they don't go into the key. */
const NEUTRAL_HEADERS: ReadonlySet<string> = new Set(['accept-encoding', 'connection', 'range'])

/**
 * Takes a URL and the caller's headers apart.
 *
 * @throws CuemuxError `BAD_REQUEST` for what is no http or https URL, and for headers that can't be sent
 */
export function parseAddress(input: string | URL, given: Readonly<Record<string, string>>): HttpAddress {
  const url = parseUrl(input)
  const headers = parseHeaders(given)
  if ((url.username !== '' || url.password !== '') && !headers.has('authorization')) {
    headers.set('authorization', `Basic ${base64(`${decode(url.username)}:${decode(url.password)}`)}`)
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  headers.delete('accept-encoding')
  headers.delete('range')
  headers.delete('if-range')
  const shownUrl = url.origin + url.pathname
  return { url: url.href, shownUrl, headers, key: shownUrl + differenceDigest(url, headers), name: nameOf(url) }
}

function parseUrl(input: string | URL): URL {
  let url: URL
  try {
    url = new URL(input)
  } catch {
    // Not repeated in the message: a broken URL may still have a password in it.
    throw new CuemuxError('BAD_REQUEST', 'The address of the film is not a URL.')
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new CuemuxError('BAD_REQUEST', `A film can be read over http and https, not over ${url.protocol.slice(0, -1)}.`)
}

function parseHeaders(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value)
    } catch {
      throw new CuemuxError(
        'BAD_REQUEST',
        `The header ${JSON.stringify(name)} has a name or a value that can't be sent.`,
      )
    }
  }
  return headers
}

/** Query and headers may be secret and decide what is served: two users' films must not share a key, nor the key tell. */
function differenceDigest(url: URL, headers: Headers): string {
  const sent = [...headers].filter(([name]) => !NEUTRAL_HEADERS.has(name))
  if (url.search === '' && sent.length === 0) return ''
  return `#${secretDigest(url.search, ...sent.flat())}`
}

function nameOf(url: URL): string {
  const last = url.pathname
    .split('/')
    .filter(part => part !== '')
    .pop()
  return last === undefined ? url.hostname : decode(last)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** RFC 7617 §2.1: user and password in UTF-8. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
