import { CuemuxError, toCuemuxError } from '@cuemux/core'
import { untilAborted } from './abort.js'
import { enterHost } from './host-slots.js'
import { type HttpAddress, parseAddress } from './http-address.js'
import type { HttpSourceOptions } from './http-options.js'
import { discard, MAX_REDIRECTS, redirectLoop, redirectTarget } from './http-redirect.js'
import { networkError, statusError } from './http-retry.js'
import type { Watch } from './http-watch.js'

/** Requests to one origin at once: what browsers allow themselves. */
const DEFAULT_PER_HOST = 6

/** How a {@link Transport} asks. */
interface TransportSettings {
  /** The caller's headers, for addresses that the caller gives later. */
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof globalThis.fetch | undefined
  readonly maxPerHost: number
  readonly renew: ((error: CuemuxError) => Promise<string | URL>) | undefined
  /** What errors call the film. */
  readonly shownUrl: string
}

/**
 * The transport for an address, as a source's options say.
 *
 * @throws CuemuxError `BAD_REQUEST` when a host would never be asked
 */
export function transportFor(address: HttpAddress, options: HttpSourceOptions): Transport {
  const { headers = {}, fetch, maxRequestsPerHost = DEFAULT_PER_HOST, renew, shownAs = address.shownUrl } = options
  if (!Number.isSafeInteger(maxRequestsPerHost) || maxRequestsPerHost < 1) {
    throw new CuemuxError(
      'BAD_REQUEST',
      `maxRequestsPerHost is ${maxRequestsPerHost}; a whole number from 1 is needed.`,
    )
  }
  return new Transport(address, { headers, fetch, maxPerHost: maxRequestsPerHost, renew, shownUrl: shownAs })
}

/** An answer whose headers are there. */
export interface Answer {
  readonly response: Response
  /** The body has been read or left: another request may go to that host. */
  release(): void
}

/** An address to ask, and what may be sent there. */
interface Target {
  readonly url: string
  readonly headers: Headers
  /** Found through a redirect; the address that led there is asked again once this one fails. */
  readonly isRedirected: boolean
  /** How often the address was renewed before. */
  readonly generation: number
}

/** Where a signed URL has expired. */
const EXPIRED_STATUS: ReadonlySet<number> = new Set([401, 403, 410])
/** A remembered address that fails is dropped for the first one; no more often than this for one request. */
const MAX_TURNS = 6

/**
 * Requests for one film: follows redirects and remembers where they led, sends what the caller gave only to the origin
 * that it was given for, renews an address that has expired, and keeps to the host's number of requests.
 */
export class Transport {
  readonly #settings: TransportSettings
  /** The film's own address, as given or as renewed. */
  #own: Target
  /** Where it is read from: the own address, or the one that it led to. */
  #current: Target
  #renewing: Promise<void> | undefined
  /** Whether the own address has answered since it was renewed: one that never did is not renewed again. */
  #isProven = true
  #redirect: 'manual' | 'follow' = 'manual'

  constructor(address: HttpAddress, settings: TransportSettings) {
    this.#settings = settings
    this.#own = { url: address.url, headers: address.headers, isRedirected: false, generation: 0 }
    this.#current = this.#own
  }

  /**
   * Asks for a range, or for the whole film, until an answer of status 200, 206 or 416 is there.
   *
   * @param range says what to ask for, once the host has room
   * @throws TransientError, CuemuxError
   */
  async request(range: (() => string) | undefined, offsetBytes: number, watch: Watch): Promise<Answer> {
    for (let turn = 0; ; turn++) {
      const start = this.#current
      const answer = await this.#askFrom(start, range, offsetBytes, watch)
      const { status } = answer.response
      if (status === 200 || status === 206 || status === 416) return this.#accept(start, answer)
      discard(answer.response)
      answer.release()
      const error = statusError(answer.response, this.#settings.shownUrl, offsetBytes)
      const isLasting = error instanceof CuemuxError
      if (start.isRedirected) {
        this.#forget(start)
        if (isLasting && turn < MAX_TURNS) continue
      } else if (isLasting && EXPIRED_STATUS.has(status) && this.#settings.renew !== undefined && turn < MAX_TURNS) {
        await this.#renew(start, error, watch.signal)
        continue
      }
      throw error
    }
  }

  #accept(start: Target, answer: Answer): Answer {
    if (start.generation === this.#own.generation) this.#isProven = true
    return answer
  }

  async #askFrom(start: Target, range: (() => string) | undefined, offsetBytes: number, watch: Watch): Promise<Answer> {
    try {
      return await this.#follow(start, range, watch)
    } catch (error) {
      // The machine that a redirect led to may be gone while the first one knows another.
      if (start.isRedirected && (watch.isSilent || !watch.signal.aborted)) this.#forget(start)
      throw watch.signal.aborted ? error : networkError(error, this.#settings.shownUrl, offsetBytes)
    }
  }

  #forget(redirected: Target): void {
    if (this.#current === redirected) this.#current = this.#own
  }

  async #follow(start: Target, range: (() => string) | undefined, watch: Watch): Promise<Answer> {
    let at = start
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await this.#ask(at, range, watch)
      const next = this.#next(answer, at)
      if (next === undefined) {
        if (at !== start && answer.response.ok && start.generation === this.#own.generation) this.#current = at
        return answer
      }
      at = next
    }
    throw redirectLoop(this.#settings.shownUrl)
  }

  /** Where to go on, when the answer is a redirect, whose body is let go of. */
  #next({ response, release }: Answer, from: Target): Target | undefined {
    // Browsers don't show where a redirect leads: there it is followed by the browser, with its own rules for headers.
    if (response.type === 'opaqueredirect') {
      this.#redirect = 'follow'
      release()
      return from
    }
    try {
      const url = redirectTarget(response, from.url)
      if (url === undefined) return undefined
      discard(response)
      release()
      return redirected(from, url)
    } catch (error) {
      discard(response)
      release()
      throw error
    }
  }

  async #ask(target: Target, range: (() => string) | undefined, watch: Watch): Promise<Answer> {
    const { fetch, maxPerHost } = this.#settings
    const release = await enterHost(new URL(target.url).origin, maxPerHost, watch.signal)
    try {
      const headers = new Headers(target.headers)
      // A compressed answer has other offsets than the film. With a range, the global fetch rules it out by itself and
      // would say it twice.
      if (range === undefined || fetch !== undefined) headers.set('accept-encoding', 'identity')
      if (range !== undefined) headers.set('range', range())
      watch.expect()
      const init = { headers, signal: watch.signal, redirect: this.#redirect } as const
      const response = await (fetch ?? globalThis.fetch).call(globalThis, target.url, init)
      watch.rest()
      return { response, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Once per expiry, however many reads find it: they all wait for the one new address. */
  async #renew(expired: Target, error: CuemuxError, signal: AbortSignal): Promise<void> {
    if (expired.generation < this.#own.generation) return
    if (!this.#isProven) throw error
    this.#renewing ??= this.#takeNew(error).finally(() => {
      this.#renewing = undefined
    })
    await untilAborted(this.#renewing, signal)
  }

  async #takeNew(error: CuemuxError): Promise<void> {
    const { renew, headers, shownUrl } = this.#settings
    let given: string | URL
    try {
      given = await renew!(error)
    } catch (cause) {
      throw toCuemuxError(cause, 'SOURCE_UNREACHABLE', `${shownUrl} has expired and was not renewed`)
    }
    const address = parseAddress(given, headers)
    const generation = this.#own.generation + 1
    this.#own = { url: address.url, headers: address.headers, isRedirected: false, generation }
    this.#current = this.#own
    this.#isProven = false
  }
}

/** RFC 9110 §15.4: what was meant for one origin (credentials, cookies, the caller's headers) is not sent to another. */
function redirected(from: Target, url: URL): Target {
  const isSameOrigin = url.origin === new URL(from.url).origin
  // A password in a Location is the server's own choice; fetch takes no such URL.
  const address = parseAddress(url, {})
  return {
    url: address.url,
    headers: isSameOrigin ? from.headers : address.headers,
    isRedirected: true,
    generation: from.generation,
  }
}
