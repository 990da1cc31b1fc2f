import { type ByteSource, CuemuxError } from '@cuemux/core'
import { httpSource } from './http.js'
import { openBody } from './http-open.js'
import type { HttpSourceOptions } from './http-options.js'
import { secretDigest } from './sha256.js'
import { streamSource } from './stream.js'

/** What an Xtream Codes address is of. */
export type XtreamKind = 'movie' | 'series' | 'live'

/** Which film or channel {@link xtreamSource} reads, and how. */
export interface XtreamOptions extends Omit<HttpSourceOptions, 'key' | 'shownAs' | 'renew'> {
  /** The provider's address, `http://provider.example:8080`. */
  readonly server: string
  readonly username: string
  readonly password: string
  readonly kind: XtreamKind
  /** Number of the film, the episode or the channel. */
  readonly id: string | number
  /** What follows the dot; `mp4` when not given, `ts` for `live`. */
  readonly extension?: string | undefined
}

/**
 * A film, an episode or a channel of an IPTV provider with the Xtream Codes API: `/movie/USER/PASSWORD/ID.mp4`,
 * `/series/…`, `/live/…`. Films and episodes are read as `httpSource` does; a channel has no end and is read forward
 * only, as `streamSource` does.
 *
 * User and password are in the address alone: key and errors have the server, the kind and the number, and the key a
 * digest of the two.
 *
 * @throws CuemuxError `BAD_REQUEST` for what makes no address
 */
export function xtreamSource(options: XtreamOptions): ByteSource {
  const { server, username, password, kind, id, extension = kind === 'live' ? 'ts' : 'mp4', ...how } = options
  const base = serverUrl(server)
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(`${id}`) || !/^[A-Za-z0-9]{1,10}$/.test(extension)) {
    throw new CuemuxError('BAD_REQUEST', "An Xtream film's number or extension has characters that it can't have.")
  }
  if (username === '' || password === '') {
    throw new CuemuxError('BAD_REQUEST', 'An Xtream address needs a user and a password.')
  }
  const file = `${id}.${extension}`
  const url = `${base}/${kind}/${encodePart(username)}/${encodePart(password)}/${file}`
  const name = how.name ?? file
  const shownAs = `${base}/${kind}/${file}`
  const key = `xtream:${shownAs}#${secretDigest(username, password)}`
  if (kind !== 'live') return httpSource(url, { ...how, name, shownAs, key })
  const { windowBytes, spool, timeoutMs = 20_000 } = how
  return streamSource(closing => openBody(url, { ...how, shownAs }, closing), {
    name,
    key,
    windowBytes,
    spool,
    timeoutMs,
  })
}

function serverUrl(server: string): string {
  try {
    const url = new URL(server)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url.origin + url.pathname.replace(/\/+$/, '')
  } catch {
    // Said below: what is no URL may have the password in it.
  }
  throw new CuemuxError('BAD_REQUEST', "The Xtream server's address is no http or https URL.")
}

/** `.` and `..` would be taken out of the path by a URL's parser. */
function encodePart(text: string): string {
  if (text === '.' || text === '..') throw new CuemuxError('BAD_REQUEST', 'An Xtream user or password is not one.')
  return encodeURIComponent(text)
}
