import type { AddressPolicy } from '@cuemux/source'
import type { Cache } from '@cuemux/store'
import type { ClientInput } from '../client.js'
import type { HlsOptions } from '../hls-options.js'
import type { MediaInput } from '../input.js'
import type { OpenOptions } from '../media.js'
import type { CorsOptions } from './cors.js'
import type { HandlerEvent, HandlerLogger } from './events.js'
import type { CacheSegments } from './kept.js'
import type { SigningOptions } from './signing.js'

/** A film and how it is reached. */
export interface ResolvedMedia {
  readonly input: MediaInput
  readonly options?: Omit<OpenOptions, 'signal'>
  /**
   * The address comes from somebody who isn't trusted, as a part of the request: it is read only within this policy, which
   * is applied to names after they are resolved, and to every redirect. Paths of files are refused.
   */
  readonly policy?: AddressPolicy
  /** As an empty {@link ResolvedMedia.policy}: http and https, any host but those inside the network. */
  readonly untrusted?: true
}

/** How much a handler does at once. */
export interface HandlerLimits {
  /** Films being opened; default 16. */
  readonly opens?: number
  /** Requests being answered, continuous streams until they end; default 256. */
  readonly requests?: number
  /** Requests of one caller, those that wait among them; default 32. Needs {@link HandlerOptions.callerOf}. */
  readonly requestsPerCaller?: number
  /** Bytes of segments that are being made or sent; default 16 MiB. Further segments wait. */
  readonly bytesInFlight?: number
  /** Requests that wait for their turn; those beyond get a 503. Default 512. */
  readonly queue?: number
  /** `toNodeListener` cuts a connection that took nothing of a segment for so long, ms; default 60 s. */
  readonly stallTimeoutMs?: number
}

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  /**
   * The film of an id, or `undefined` when there is none; called at every request, so that it can also refuse one by
   * throwing a {@link CuemuxError}. The same input again finds the film open. Never make a path or an address of an id
   * without looking it up, unless the answer has a `policy`.
   */
  resolve(
    id: string,
    request: Request,
  ): MediaInput | ResolvedMedia | undefined | Promise<MediaInput | ResolvedMedia | undefined>
  /** Where the handler is mounted, as `/media`; default at the root. */
  readonly basePath?: string
  /** The client to plan for when a request names none (`?client=`); default `browser`. */
  readonly client?: ClientInput
  /** Length that segments aim at, ms; default 6000. */
  readonly segmentDurationMs?: number
  /** Where closed captions are looked for; default `auto`. See `hls`. */
  readonly captions?: HlsOptions['captions']
  /** How many films stay open at once; default 64. */
  readonly maxOpen?: number
  /**
   * Where indexes and segments are kept: a folder or a `redis://` address, with memory of {@link HandlerOptions.cacheBytes}
   * in front; a cache of `@cuemux/store`, which stays the caller's to close; or `memory` alone (the default).
   */
  readonly cache?: string | Cache
  /** How much the handler's own cache in memory holds; default 32 MiB. 0, with `cache: 'memory'`, is no cache at all. */
  readonly cacheBytes?: number
  /**
   * What is kept: `all` (the default for caches other than `memory`), `costly` (what costs a round trip or an encoder; the
   * default for `memory`), or `none`.
   */
  readonly cacheSegments?: CacheSegments
  /** Whether the segment after the one that a viewer asked for is prepared, of films that are kept; default yes. */
  readonly readAhead?: boolean
  /** How much is done at once. */
  readonly limits?: HandlerLimits
  /** Who asks, as an account or an address: what limits by caller go by, and what tells viewers apart. */
  readonly callerOf?: (request: Request) => string | undefined
  /** Only addresses that `handler.sign` signed are answered. */
  readonly signing?: SigningOptions
  /** Which pages of other sites may read what is served; default all. `false`: none. */
  readonly cors?: CorsOptions | false
  /** Shows clients what failed on the way to a film, as it is; for development. Default: a sentence that names no address. */
  readonly exposeErrors?: boolean
  /** Path below `basePath` that answers with the metrics in Prometheus' text format, as `/metrics`; default nowhere. */
  readonly metricsPath?: string
  /** Told of what happens. */
  readonly onEvent?: (event: HandlerEvent) => void
  /** Takes the same events as lines of a log: a pino logger, or `console`. */
  readonly logger?: HandlerLogger
}
