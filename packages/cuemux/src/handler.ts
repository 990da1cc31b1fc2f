import { CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import type { ClientInput } from './client.js'
import { problemResponse, resourceResponse } from './http.js'
import type { MediaInput, Platform } from './input.js'
import type { Media, OpenOptions } from './media.js'
import { OpenFilms } from './open-films.js'
import { CONTENT_TYPES } from './resource.js'
import { streamResponse } from './stream-response.js'

/** A film and how it is reached. */
export interface ResolvedMedia {
  readonly input: MediaInput
  readonly options?: Omit<OpenOptions, 'signal'>
}

/** What a handler tells about its work. */
export type HandlerEvent =
  | { readonly type: 'open'; readonly id: string; readonly media: Media }
  | { readonly type: 'resource'; readonly id: string; readonly path: string; readonly byteLength: number }
  | { readonly type: 'error'; readonly id: string; readonly error: CuemuxError }

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  /**
   * The film of an id, or `undefined` when there is none; called at every request, so that it can also refuse one by
   * throwing a {@link CuemuxError}. The same input again finds the film open.
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
  /** Access-Control-Allow-Origin; default `*`. */
  readonly allowOrigin?: string
  /** Told of films opened, resources made and errors. */
  readonly onEvent?: (event: HandlerEvent) => void
  /** How many films stay open at once; default 64. */
  readonly maxOpen?: number
}

/** `createHandler` for a platform. */
export function createHandlerFactory(
  platform: Platform,
  openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media>,
): (options: HandlerOptions) => (request: Request) => Promise<Response> {
  return options => {
    const checked = platform.validate('handler', options)
    const films = new OpenFilms(openMedia, checked)
    return async request => withCors(await answer(request, films, checked), checked.allowOrigin ?? '*')
  }
}

async function answer(request: Request, films: OpenFilms, options: HandlerOptions): Promise<Response> {
  if (request.method === 'OPTIONS') return preflight()
  const isHead = request.method === 'HEAD'
  let id = ''
  try {
    if (!isHead && request.method !== 'GET') return methodNotAllowed()
    const route = parseRoute(request, options)
    id = route.id
    return await respond(request, route, films, options)
  } catch (cause) {
    const error = toCuemuxError(cause, 'CORRUPT_MEDIA')
    options.onEvent?.({ type: 'error', id, error })
    return problemResponse(error, isHead)
  }
}

interface Route {
  readonly id: string
  readonly path: string
  readonly query: URLSearchParams
  readonly client: ClientInput
}

function parseRoute(request: Request, options: HandlerOptions): Route {
  const url = new URL(request.url)
  const base = options.basePath ?? ''
  const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length + 1) : ''
  const slash = below.indexOf('/')
  if (slash <= 0 || slash === below.length - 1) throw notFound(url.pathname)
  try {
    const id = decodeURIComponent(below.slice(0, slash))
    const path = decodeURIComponent(below.slice(slash + 1))
    return { id, path, query: url.searchParams, client: clientOf(url.searchParams, options) }
  } catch (error) {
    if (error instanceof CuemuxError) throw error
    throw new CuemuxError('BAD_REQUEST', 'The path is not correctly percent-encoded.')
  }
}

function clientOf(query: URLSearchParams, options: HandlerOptions): ClientInput {
  const asked = query.get('client')
  if (asked === null || asked === '') return options.client ?? 'browser'
  if (asked.length > 2000) throw new CuemuxError('BAD_REQUEST', 'The client parameter is too long.')
  const isPreset = asked === 'browser' || asked === 'safari' || asked === 'chromecast' || asked === 'native'
  return isPreset ? asked : asked.split(',').map(codec => codec.trim())
}

/** The part of a request's query that the addresses in its playlists need to lead to the same presentation. */
function clientQuery(query: URLSearchParams): string | undefined {
  const client = query.get('client')
  return client === null || client === '' ? undefined : new URLSearchParams({ client }).toString()
}

async function respond(request: Request, route: Route, films: OpenFilms, options: HandlerOptions): Promise<Response> {
  const film = await films.open(route.id, request)
  throwIfAborted(request.signal)
  if (route.path === 'info.json') return infoResponse(request, film.describe(route.client))
  if (route.path === 'stream.mp4') return streamResponse(request, film.media, route.query, route.client)
  const presentation = await film.presentation(route.client)
  const resource = await film.guard(
    presentation.resource(route.path, { signal: request.signal, query: clientQuery(route.query) }),
  )
  options.onEvent?.({ type: 'resource', id: route.id, path: route.path, byteLength: resource.byteLength })
  film.count(resource)
  return resourceResponse(request, resource)
}

function infoResponse(request: Request, info: unknown): Response {
  const headers = { 'content-type': CONTENT_TYPES.json, 'cache-control': 'no-cache' }
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(info), { headers })
}

function notFound(pathname: string): CuemuxError {
  return new CuemuxError('NOT_FOUND', `There is nothing at ${pathname}.`)
}

function methodNotAllowed(): Response {
  return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'range, if-none-match, if-range',
      'access-control-max-age': '86400',
    },
  })
}

function withCors(response: Response, origin: string): Response {
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set(
    'access-control-expose-headers',
    'content-length, content-range, etag, x-content-duration, x-cuemux-start',
  )
  return response
}
