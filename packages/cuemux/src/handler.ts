import { CuemuxError, toCuemuxError } from '@cuemux/core'
import type { Platform } from './input.js'
import type { MediaOpener } from './media.js'
import type { PresentationOptions } from './open-films.js'
import { problemResponse } from './problem.js'
import { CONTENT_TYPES } from './resource.js'
import { BusyError } from './service/busy.js'
import { addCors, type CorsOptions, checkCors, preflightResponse } from './service/cors.js'
import { FilmService } from './service/film-service.js'
import { type HandlerMetrics, prometheusText } from './service/metrics.js'
import type { HandlerOptions } from './service/options.js'
import { parseRoute } from './service/route.js'
import { Signer, type SignOptions } from './service/signing.js'

/** Answers requests for films, as `fetch` would. */
export interface Handler {
  (request: Request): Promise<Response>
  /**
   * The query that opens a film's resources where they are signed: `…/film/master.m3u8?${await handler.sign('film')}`.
   *
   * @throws CuemuxError `BAD_REQUEST` for a handler without `signing`, and for an end that is no time
   */
  sign(id: string, options?: SignOptions): Promise<string>
  /** What it has done so far, and what it is doing. */
  metrics(): HandlerMetrics
  /**
   * Ends it: what is asked from now on gets a 503, what is under way fails, and films, timers and the handler's own cache are
   * let go of.
   */
  close(): Promise<void>
}

/** `createHandler` for a platform; `presentation` is how all of its films are planned. */
export function createHandlerFactory(
  platform: Platform,
  openMedia: MediaOpener,
  presentation: PresentationOptions = {},
): (options: HandlerOptions) => Handler {
  return options => {
    const service = new HandlerService(platform, openMedia, platform.validate('handler', options), presentation)
    return Object.assign((request: Request) => service.handle(request), {
      sign: (id: string, signOptions?: SignOptions) => service.sign(id, signOptions),
      metrics: () => service.films.metrics(),
      close: () => service.films.close(),
    })
  }
}

class HandlerService {
  readonly films: FilmService
  readonly #options: HandlerOptions
  readonly #cors: CorsOptions | false
  readonly #signer: Signer | undefined

  constructor(platform: Platform, openMedia: MediaOpener, options: HandlerOptions, presentation: PresentationOptions) {
    this.#options = options
    this.#cors = options.cors ?? {}
    if (this.#cors !== false) checkCors(this.#cors)
    this.#signer = options.signing === undefined ? undefined : new Signer(options.signing)
    this.films = new FilmService(platform, openMedia, options, presentation)
  }

  async sign(id: string, options?: SignOptions): Promise<string> {
    if (this.#signer === undefined) {
      throw new CuemuxError('BAD_REQUEST', 'This handler signs nothing.', { hint: 'Give createHandler `signing`.' })
    }
    return this.#signer.sign(id, options)
  }

  async handle(request: Request): Promise<Response> {
    this.films.counters.total++
    const response = await this.#answer(request)
    this.films.counters.answered(response.status)
    if (this.#cors !== false) addCors(response.headers, request, this.#cors)
    return response
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === 'OPTIONS' && this.#cors !== false) return preflightResponse(this.#cors)
    if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed()
    let id = ''
    try {
      const url = new URL(request.url)
      const { basePath = '', metricsPath } = this.#options
      if (metricsPath !== undefined && url.pathname === basePath + metricsPath) return this.#metricsResponse(request)
      const route = parseRoute(url, this.#options)
      id = route.id
      const signature = await this.#signer?.verify(id, route.query)
      return await this.films.respond(request, { ...route, signature })
    } catch (cause) {
      return this.#failed(request, id, toCuemuxError(cause, 'CORRUPT_MEDIA'))
    }
  }

  #failed(request: Request, id: string, error: CuemuxError): Response {
    const { counters, tell } = this.films
    const isExposed = this.#options.exposeErrors === true || !this.films.isPrivate(error)
    const response = problemResponse(error, request.method === 'HEAD', isExposed)
    if (error instanceof BusyError) {
      counters.refused++
      tell?.({ type: 'refused', id, caller: this.films.callerOf(request), status: error.status })
    } else if (error.code !== 'ABORTED') {
      // Who leaves is no failure.
      counters.erred(error.code)
      tell?.({ type: 'error', id, error, status: response.status })
    }
    return response
  }

  #metricsResponse(request: Request): Response {
    const headers = { 'content-type': CONTENT_TYPES.metrics, 'cache-control': 'no-store' }
    return new Response(request.method === 'HEAD' ? null : prometheusText(this.films.metrics()), { headers })
  }
}

function methodNotAllowed(): Response {
  return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
}
