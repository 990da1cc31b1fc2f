import { CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { resourceResponse, unchangedResponse } from '../http.js'
import type { Platform } from '../input.js'
import type { MediaOpener } from '../media.js'
import { type OpenFilm, OpenFilms, type PlannedPresentation, type PresentationOptions } from '../open-films.js'
import { isRemote } from '../remote.js'
import { CONTENT_TYPES, hasAddresses, type Resource, slicePieces } from '../resource.js'
import { streamResponse } from '../stream-response.js'
import { AddressGuard } from './address-guard.js'
import { BytesInFlight } from './bytes-in-flight.js'
import { remoteAddresses } from './caller.js'
import { type Tell, teller } from './events.js'
import { Kept } from './kept.js'
import { Counters, type HandlerMetrics } from './metrics.js'
import type { HandlerOptions } from './options.js'
import { type BodyPart, PieceBody } from './piece-body.js'
import { type Place, ReadAhead } from './read-ahead.js'
import { carriedQuery, type SignedRoute } from './route.js'
import { type Leave, Slots } from './slots.js'

const DEFAULT_SEGMENT_MS = 6000
const DEFAULTS = {
  opens: 16,
  requests: 256,
  requestsPerCaller: 32,
  bytesInFlight: 16 << 20,
  queue: 512,
  stallTimeoutMs: 60_000,
}

interface Made {
  readonly resource: Resource
  readonly isMade: boolean
}

/** Answers routes from the films that it holds open, within its limits. */
export class FilmService {
  readonly counters: Counters = new Counters()
  readonly tell: Tell | undefined
  readonly #options: HandlerOptions
  readonly #stallTimeoutMs: number
  readonly #films: OpenFilms
  readonly #kept: Kept | undefined
  readonly #slots: Slots
  readonly #opens: Slots
  readonly #bytes: BytesInFlight
  readonly #readAhead: ReadAhead | undefined
  /** Errors of opening and reading films: their words may name addresses that are no client's business. */
  readonly #private = new WeakSet<CuemuxError>()

  constructor(platform: Platform, openMedia: MediaOpener, options: HandlerOptions, presentation: PresentationOptions) {
    const limits = { ...DEFAULTS, ...options.limits }
    const { openStore } = platform
    const isInMemory = options.cache === undefined || options.cache === 'memory'
    const mode = options.cacheSegments ?? (isInMemory ? 'costly' : 'all')
    const isKeeping = mode !== 'none' && !(isInMemory && options.cacheBytes === 0)
    checkCacheAddress(options.cache)
    this.#options = options
    this.#stallTimeoutMs = limits.stallTimeoutMs
    this.tell = teller(options.onEvent, options.logger)
    this.#slots = new Slots({ active: limits.requests, perCaller: limits.requestsPerCaller, queued: limits.queue })
    this.#opens = new Slots({ active: limits.opens, perCaller: Number.POSITIVE_INFINITY, queued: limits.queue })
    this.#bytes = new BytesInFlight(limits.bytesInFlight)
    this.#kept = openStore !== undefined && isKeeping ? new Kept(() => openStore(options), mode) : undefined
    this.#readAhead = this.#kept === undefined || options.readAhead === false ? undefined : new ReadAhead()
    this.#films = new OpenFilms({
      openMedia,
      options,
      presentation,
      guard: new AddressGuard(platform),
      kept: this.#kept,
      opens: this.#opens,
      counters: this.counters,
      tell: this.tell,
    })
  }

  /** Who asks, where the options tell. */
  callerOf(request: Request): string | undefined {
    return this.#options.callerOf?.(request)
  }

  /** Whether an error's own words are not for clients. */
  isPrivate(error: CuemuxError): boolean {
    return this.#private.has(error)
  }

  /**
   * Answers a request.
   *
   * @throws CuemuxError what is to be answered in place of a response
   */
  async respond(request: Request, route: SignedRoute): Promise<Response> {
    const caller = this.callerOf(request)
    const entered = this.#slots.enter(caller, request.signal)
    const leave = entered instanceof Promise ? await entered : entered
    try {
      const film = await this.#open(request, route)
      throwIfAborted(request.signal)
      if (route.path === 'info.json') return infoResponse(request, await film.describe(route.client))
      if (route.path === 'stream.mp4') return await this.#stream(request, route, film, caller)
      return await this.#resource(request, route, film)
    } finally {
      leave()
    }
  }

  metrics(): HandlerMetrics {
    const { counters } = this
    const store = this.#kept?.opened
    return {
      requests: {
        total: counters.total,
        active: this.#slots.active,
        queued: this.#slots.queued,
        refused: counters.refused,
        byStatus: { ...counters.byStatus },
      },
      films: { open: this.#films.size, opened: counters.opened, openedFromCache: counters.openedFromCache },
      resources: {
        made: counters.made,
        encoded: counters.encoded,
        fromCache: counters.fromCache,
        bytes: counters.resourceBytes,
      },
      streams: { active: counters.activeStreams, total: counters.streams, bytes: counters.streamBytes },
      source: { reads: counters.reads, bytes: counters.readBytes },
      bytesInFlight: { used: this.#bytes.usedBytes, waiting: this.#bytes.waiting },
      readAhead: { prepared: counters.prepared, cancelled: counters.cancelled, failed: counters.failed },
      errors: { ...counters.errors },
      cache: store?.cache.stats(),
      flights: store?.flights.stats(),
    }
  }

  async close(): Promise<void> {
    this.#slots.close()
    this.#opens.close()
    this.#bytes.close()
    this.#readAhead?.close()
    await this.#films.close()
    if (typeof this.#options.cache !== 'object') await this.#kept?.opened?.cache.close()
  }

  async #open(request: Request, { id }: SignedRoute): Promise<OpenFilm> {
    const resolved = await this.#options.resolve(id, request)
    if (resolved === undefined) throw new CuemuxError('NOT_FOUND', `There is no film "${id.slice(0, 100)}".`)
    return this.#privately(() => this.#films.open(id, resolved, request.signal), 'open')
  }

  /** Marks errors whose words may name where films lie. */
  async #privately<T>(work: () => Promise<T>, stage: 'open' | 'make'): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      const error = toCuemuxError(cause, 'CORRUPT_MEDIA')
      const isRequests = error.code === 'NOT_FOUND' || error.code === 'BAD_REQUEST' || error.code === 'CAPACITY'
      const isForeign = !(cause instanceof CuemuxError) || (error.cause !== undefined && error.code !== 'ABORTED')
      const isAway = /^(?:SOURCE|ENCODER|OUTPUT)_/.test(error.code)
      if (isForeign || isAway || (stage === 'open' && isRequests)) this.#private.add(error)
      throw error
    }
  }

  async #stream(request: Request, route: SignedRoute, film: OpenFilm, caller: string | undefined): Promise<Response> {
    const { counters } = this
    return this.#privately(
      () =>
        streamResponse(request, film.media, route.query, route.client, () => {
          const leave = this.#slots.force(caller)
          const release = film.retain()
          const startMs = performance.now()
          counters.streams++
          counters.activeStreams++
          return byteLength => {
            leave()
            release()
            counters.activeStreams--
            counters.streamBytes += byteLength
            this.tell?.({ type: 'stream', id: route.id, byteLength, durationMs: performance.now() - startMs })
          }
        }),
      'make',
    )
  }

  async #resource(request: Request, route: SignedRoute, film: OpenFilm): Promise<Response> {
    const startMs = performance.now()
    const planned = await this.#privately(() => film.presentation(route.client), 'make')
    const unchanged = await this.#unchanged(request, route, film, planned)
    if (unchanged !== undefined) return unchanged
    const { segment } = route
    const place = request.method === 'GET' ? this.#placeOf(request, route, film) : undefined
    const leave = segment === undefined ? undefined : await this.#reserve(planned, segment.n, request.signal)
    try {
      const reusesMemory = segment !== undefined
      const { resource, isMade } = await this.#make(route, film, planned, request.signal, reusesMemory)
      const { kind, byteLength } = resource
      const origin = isMade ? 'made' : 'cache'
      const isEncoded = segment !== undefined && planned.encoded.has(segment.rendition)
      if (isMade && isEncoded) this.counters.encoded++
      if (isMade) this.counters.made++
      else this.counters.fromCache++
      this.counters.resourceBytes += byteLength
      film.count(resource, isMade)
      const durationMs = performance.now() - startMs
      this.tell?.({ type: 'resource', id: route.id, path: route.path, kind, byteLength, origin, isEncoded, durationMs })
      if (place !== undefined) this.#prepareNext(place, route, film, planned)
      const bodyOf = segment === undefined ? undefined : this.#bodyOf(request, route, resource)
      const isPrivate = route.signature !== undefined
      const response = await resourceResponse(request, resource, {
        isPrivate,
        ...(bodyOf === undefined ? {} : { body: bodyOf }),
      })
      // An answer of headers alone has no body that would do it.
      if (response.body === null) resource.release?.()
      return response
    } finally {
      leave?.()
    }
  }

  /** The answer to a client that has the resource already, where its entity tag is known without making it. */
  async #unchanged(
    request: Request,
    route: SignedRoute,
    film: OpenFilm,
    planned: PlannedPresentation,
  ): Promise<Response | undefined> {
    if (!request.headers.has('if-none-match')) return undefined
    const find = () => planned.presentation.entry(route.path, { query: namedQuery(route) })
    const entry = await this.#privately(() => film.guard(find), 'make')
    return entry && unchangedResponse(request, entry, { isPrivate: route.signature !== undefined })
  }

  /** Room for what making a segment takes. */
  #reserve(planned: PlannedPresentation, n: number, signal: AbortSignal): Leave | Promise<Leave> {
    return this.#bytes.reserve(planned.segmentBytes(n), signal)
  }

  #make(
    route: SignedRoute,
    film: OpenFilm,
    planned: PlannedPresentation,
    signal: AbortSignal,
    reusesMemory = false,
  ): Promise<Made> {
    const { path } = route
    const { source } = film.media
    const query = namedQuery(route)
    const make = (inner: AbortSignal, isLent = false): Promise<Resource> =>
      film.guard(() => planned.presentation.resource(path, { signal: inner, query, reusesMemory: isLent }))
    const kept = this.#kept
    return this.#privately(async () => {
      if (kept?.holdsResource(source, path, planned.encoded) !== true) {
        return { resource: await make(signal, reusesMemory), isMade: true }
      }
      const makeInTurn = async (inner: AbortSignal): Promise<Resource> => {
        await this.#makePicture(route, film, planned, inner)
        return make(inner)
      }
      return kept.resource(source, planned.key, path, makeInTurn, signal)
    }, 'make')
  }

  /**
   * Before the sound of a segment its picture is made, where reading costs a round trip: one read brings both, and what is
   * left over of it is then the small part. The picture will be asked for at once, and is kept.
   */
  async #makePicture(
    route: SignedRoute,
    film: OpenFilm,
    planned: PlannedPresentation,
    signal: AbortSignal,
  ): Promise<void> {
    const { renditions } = planned.presentation.plan
    const { segment } = route
    const isSound = renditions.some(({ name, kind }) => name === segment?.rendition && kind === 'audio')
    const picture = renditions.find(({ kind }) => kind === 'video')
    if (segment === undefined || !isSound || picture === undefined || !isRemote(film.media.source.seekCostBytes)) return
    // An encoder takes longer than a read.
    if (planned.encoded.has(picture.name)) return
    const path = `${picture.name}/${segment.n}.m4s`
    try {
      await this.#make({ ...route, path, segment: { ...segment, rendition: picture.name } }, film, planned, signal)
    } catch {
      // Whoever asks for it is told.
    }
  }

  /** A segment's body, which is counted, and made again when it had to give its bytes up. */
  #bodyOf(
    request: Request,
    route: SignedRoute,
    { etag, release }: Resource,
  ): (part: BodyPart, start: number, end: number) => PieceBody {
    return (part, start, end) =>
      new PieceBody(part, {
        bytes: this.#bytes,
        stallTimeoutMs: this.#stallTimeoutMs,
        release,
        remake: async () => {
          const film = await this.#open(request, route)
          const planned = await film.presentation(route.client)
          const leave = await this.#reserve(planned, route.segment?.n ?? 0, request.signal)
          try {
            const { resource } = await this.#make(route, film, planned, request.signal)
            if (resource.etag === etag) return slicePieces(resource.pieces, start, end)
            throw new CuemuxError('SOURCE_CHANGED', 'The film has changed while its segment was sent.')
          } finally {
            leave()
          }
        },
      })
  }

  /** The place of a viewer for whom reading ahead is worth it. */
  #placeOf(request: Request, route: SignedRoute, film: OpenFilm): Place | undefined {
    const { source } = film.media
    if (this.#readAhead === undefined || route.segment === undefined || !isRemote(source.seekCostBytes))
      return undefined
    if (this.#kept?.holds(source) !== true) return undefined
    const caller = this.callerOf(request)
    const who = caller ?? remoteAddresses.get(request) ?? ''
    const { rendition, n } = route.segment
    const key = JSON.stringify([who, route.id, route.client, rendition])
    return this.#readAhead.asked({ key, isAlone: caller !== undefined }, n, this.#segmentMs)
  }

  get #segmentMs(): number {
    return this.#options.segmentDurationMs ?? DEFAULT_SEGMENT_MS
  }

  #prepareNext(place: Place, route: SignedRoute, film: OpenFilm, planned: PlannedPresentation): void {
    const { segment } = route
    // Encoders run ahead by themselves.
    if (segment === undefined || planned.encoded.has(segment.rendition)) return
    const n = segment.n + 1
    if (n >= planned.presentation.plan.segments.cuts.length) return
    const path = route.path.replace(/\d+(?=\.\w+$)/, String(n))
    if (this.#kept?.wasAskedFor(film.media.source, planned.key, path) !== false) return
    this.#readAhead?.served(place, {
      n,
      prepare: async signal => {
        const leave = this.#bytes.reserveSpare(planned.segmentBytes(n))
        if (leave === undefined) return
        try {
          await this.#make({ ...route, path, segment: { ...segment, n } }, film, planned, signal)
        } finally {
          leave()
        }
      },
      onEnd: outcome => {
        this.counters[outcome]++
        this.tell?.({ type: 'read-ahead', id: route.id, path, outcome })
      },
    })
  }
}

/** The query of the addresses in a resource. */
function namedQuery(route: SignedRoute): string | undefined {
  return hasAddresses(route.path) ? carriedQuery(route) : undefined
}

/** The cache is opened when it is first needed; that its address can't be one is told before. */
function checkCacheAddress(cache: HandlerOptions['cache']): void {
  if (typeof cache !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\//i.test(cache) || /^rediss?:/i.test(cache)) return
  throw new CuemuxError('BAD_REQUEST', 'A cache is memory, a folder, or an address like redis://127.0.0.1:6379.')
}

function infoResponse(request: Request, info: unknown): Response {
  const headers = { 'content-type': CONTENT_TYPES.json, 'cache-control': 'no-cache' }
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(info), { headers })
}
