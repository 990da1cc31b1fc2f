import { CuemuxError } from '@cuemux/core'
import { isPublicAddress } from './ip-address.js'

/** Which addresses may be read when they come from somebody who is not trusted: a request, a playlist, a redirect. */
export interface AddressPolicy {
  /** Schemes without the colon; `http` and `https` when not given. */
  readonly schemes?: readonly string[] | undefined
  /**
   * Hosts that may be asked: `films.example.com`, `*.example.com` (any name below it, not itself), or an address as in
   * a URL. Any host when not given, none when empty.
   */
  readonly allowHosts?: readonly string[] | undefined
  /** Ports that may be asked; any when not given. */
  readonly allowPorts?: readonly number[] | undefined
  /**
   * Whether hosts inside the network may be asked: loopback, private, link-local and shared addresses, and those where
   * clouds give out credentials. Refused when not given, by the address that a name resolves to, and not lifted by
   * `allowHosts`.
   */
  readonly allowPrivate?: boolean | undefined
}

const DEFAULT_SCHEMES: readonly string[] = ['http', 'https']

/**
 * Checks what an address says of itself: scheme, host, port, and the host's address where it is one. What a name
 * resolves to is checked when it is connected to: `guardedFetch` of `@cuemux/source/node` does both.
 *
 * @throws CuemuxError `BAD_REQUEST`, which doesn't repeat the address
 */
export function checkAddress(input: string | URL, policy: AddressPolicy): URL {
  let url: URL
  try {
    url = new URL(input)
  } catch {
    throw refusal('what was given is not a URL')
  }
  const scheme = url.protocol.slice(0, -1)
  if (!(policy.schemes ?? DEFAULT_SCHEMES).includes(scheme)) throw refusal(`${scheme} is not an allowed scheme`)
  const host = withoutDot(url.hostname)
  if (policy.allowHosts !== undefined && !policy.allowHosts.some(pattern => matches(host, pattern))) {
    throw refusal('its host is not on the list of allowed hosts')
  }
  const port = Number(url.port === '' ? (scheme === 'https' ? 443 : 80) : url.port)
  if (policy.allowPorts !== undefined && !policy.allowPorts.includes(port)) {
    throw refusal(`${port} is not an allowed port`)
  }
  if (isLiteral(host)) checkResolved(host, policy)
  return url
}

/**
 * Checks an address that a host's name has resolved to.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function checkResolved(address: string, policy: AddressPolicy): void {
  if (policy.allowPrivate === true || isPublicAddress(address)) return
  throw refusal('its host lies in a private network')
}

function refusal(reason: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `The address can't be read: ${reason}.`, {
    hint: 'Ask whoever runs this service to allow it.',
  })
}

/** URLs have names in lower case; `example.com.` is the same host as `example.com`. */
function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

function matches(host: string, pattern: string): boolean {
  const wanted = withoutDot(pattern.toLowerCase())
  if (wanted.startsWith('*.')) return host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1
  return host === wanted
}

/** A URL's host is an address when it is in brackets, or dotted numbers: other spellings of IPv4 were resolved by the parser. */
function isLiteral(host: string): boolean {
  return host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
}
