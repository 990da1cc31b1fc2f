import { lookup as resolveName } from 'node:dns/promises'
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { CuemuxError } from '@cuemux/core'
import { type AddressPolicy, checkAddress, checkResolved } from './address-policy.js'
import { discard, MAX_REDIRECTS, redirectTarget } from './http-redirect.js'

/** How {@link guardedFetch} connects. */
export interface GuardedFetchOptions {
  /** Certificates to trust instead of those that Node knows, PEM. */
  readonly ca?: string | readonly string[] | undefined
  /** Resolves a name to addresses, in place of the system's resolver. */
  readonly resolve?: ((hostname: string) => Promise<readonly string[]>) | undefined
}

/** Connections that are kept for the next request to the same host, and for how long, ms. */
const KEPT_CONNECTIONS = 8
const KEEP_ALIVE_MS = 4_000

/**
 * A `fetch` for addresses that come from somebody who is not trusted. Each connection goes to an address that was
 * checked against the policy after the name was resolved, and to no other: a name that resolves to something else the
 * next time (DNS rebinding) gains nothing. All of a name's addresses must be allowed. Redirects are checked like first
 * addresses, and what was sent to one origin is not sent to another.
 *
 * It sends GET and HEAD over Node's own HTTP client, keeps connections open, and gives bodies as they come: it never
 * unpacks. Pass it to `httpSource` as `fetch`.
 *
 * @throws from the returned function: CuemuxError `BAD_REQUEST` for what the policy refuses; else as `fetch` does
 */
export function guardedFetch(policy: AddressPolicy = {}, options: GuardedFetchOptions = {}): typeof globalThis.fetch {
  const lookup = guardedLookup(policy, options.resolve ?? resolveAll)
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxFreeSockets: KEPT_CONNECTIONS, timeout: 60_000 }
  const ca = options.ca === undefined ? {} : { ca: typeof options.ca === 'string' ? options.ca : [...options.ca] }
  const connect: Connect = { lookup, http: new HttpAgent(kept), https: new HttpsAgent({ ...kept, ...ca }) }
  return async (input, init) => {
    const request = new Request(input instanceof URL ? input.href : input, init)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new CuemuxError('BAD_REQUEST', `A guarded fetch sends GET and HEAD, not ${request.method}.`)
    }
    let url = checkAddress(request.url, policy)
    let headers = request.headers
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await send(url, request.method, headers, init?.signal ?? request.signal, connect)
      const next = request.redirect === 'manual' ? undefined : redirectTarget(response, url.href)
      if (next === undefined) return response
      discard(response)
      if (request.redirect === 'error') break
      checkAddress(next, policy)
      if (next.origin !== url.origin) headers = onlyNeutral(headers)
      url = next
    }
    throw new CuemuxError('SOURCE_UNREACHABLE', `${url.host} sends its readers on more often than is allowed.`)
  }
}

interface Connect {
  readonly lookup: LookupFunction
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

async function resolveAll(hostname: string): Promise<readonly string[]> {
  return (await resolveName(hostname, { all: true, verbatim: true })).map(({ address }) => address)
}

/** Resolves and checks in one step, so that nothing lies between the check and the connection. */
function guardedLookup(
  policy: AddressPolicy,
  resolve: (hostname: string) => Promise<readonly string[]>,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      addresses => {
        try {
          for (const address of addresses) checkResolved(address, policy)
        } catch (error) {
          return callback(error as Error, '')
        }
        const found = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
        const [first] = found
        if (first === undefined) return callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '')
        if (options.all === true) callback(null, found)
        else callback(null, first.address, first.family)
      },
      error => callback(error, ''),
    )
  }
}

/** What may go to any origin: how to send, not who asks. */
const NEUTRAL_HEADERS: readonly string[] = ['accept', 'accept-encoding', 'range', 'if-range']

function onlyNeutral(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => NEUTRAL_HEADERS.includes(name)))
}

function send(url: URL, method: string, headers: Headers, signal: AbortSignal, connect: Connect): Promise<Response> {
  const isSecure = url.protocol === 'https:'
  const options: RequestOptions = {
    method,
    headers: Object.fromEntries(headers),
    signal,
    agent: isSecure ? connect.https : connect.http,
    lookup: connect.lookup,
  }
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)(url, options, message => {
      try {
        resolve(responseOf(message, method))
      } catch (error) {
        message.destroy()
        reject(error)
      }
    })
    request.on('error', reject)
    request.end()
  })
}

/** Statuses whose answers have no body (Fetch §2.2.3). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf(message: IncomingMessage, method: string): Response {
  const headers = new Headers()
  const raw = message.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!)
  const status = message.statusCode ?? 0
  const isBodiless = method === 'HEAD' || BODILESS.has(status)
  if (isBodiless) message.resume()
  const body = isBodiless ? null : bodyOf(message)
  return new Response(body, { status, statusText: message.statusMessage ?? '', headers })
}

/**
 * A message's body, taken in only as it is read. `Readable.toWeb` counts pieces rather than bytes, so it takes in a
 * whole film that nobody reads, and throws into the event loop when it is left in the middle of a piece (Node 20).
 */
function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = message[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        message.on('error', error => controller.error(error))
      },
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      },
      cancel() {
        message.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
