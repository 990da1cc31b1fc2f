import { CuemuxError, toCuemuxError } from '@cuemux/core'
import { problemResponse } from '../problem.js'
import { BusyError } from '../service/busy.js'
import { addCors, type CorsOptions, preflightResponse } from '../service/cors.js'
import { openApiDocument } from './openapi.js'
import type { SessionManager, SessionManagerOptions, SessionUser, StartSession, StopSession } from './options.js'

/** The largest body of a request. */
const MAX_BODY_BYTES = 64 << 10

/** What answers requests. */
export interface ApiParts {
  readonly options: SessionManagerOptions
  readonly cors: CorsOptions | false
  readonly manager: Omit<SessionManager, 'handle'>
  /** Answers a player's request. */
  readonly play: (request: Request, id: string, token: string, path: string) => Promise<Response>
  readonly validate: <T extends object>(schema: 'sessionStart' | 'sessionSeek' | 'sessionStop', value: T) => T
}

/** Requests of players, `/{session}/{token}/…`, and of the HTTP API, `/sessions…`. */
export class SessionApi {
  readonly #parts: ApiParts

  constructor(parts: ApiParts) {
    this.#parts = parts
  }

  async handle(request: Request): Promise<Response> {
    const isHead = request.method === 'HEAD'
    let isPlayers = false
    let response: Response
    try {
      const [first = '', second, ...rest] = this.#pathOf(request)
      isPlayers = first !== 'sessions' && second !== undefined
      if (isPlayers) response = await this.#play(request, first, second ?? '', rest.join('/'))
      else response = await this.#control(request, first, second, rest)
    } catch (cause) {
      const error = toCuemuxError(cause, 'OUTPUT_FAILED')
      // What sessions say of themselves is for those who use them; what they say of films may name addresses.
      const isOwn = error instanceof BusyError || /^(?:NOT_FOUND|FORBIDDEN|BAD_REQUEST)$/.test(error.code)
      response = problemResponse(error, isHead, isOwn || this.#parts.options.exposeErrors === true)
    }
    const { cors } = this.#parts
    if (isPlayers && cors !== false) addCors(response.headers, request, cors)
    return response
  }

  #pathOf(request: Request): string[] {
    const { basePath = '' } = this.#parts.options
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${basePath}/`)) throw notFound()
    try {
      return pathname
        .slice(basePath.length + 1)
        .split('/')
        .map(decodeURIComponent)
    } catch {
      throw new CuemuxError('BAD_REQUEST', 'The path is not correctly percent-encoded.')
    }
  }

  async #play(request: Request, id: string, token: string, path: string): Promise<Response> {
    const { cors, play } = this.#parts
    if (request.method === 'OPTIONS' && cors !== false) return preflightResponse(cors)
    if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET, HEAD, OPTIONS')
    if (path === '') throw notFound()
    const response = await play(request, id, token, path)
    // The address is one viewer's own.
    const caching = response.headers.get('cache-control')
    if (caching !== null) response.headers.set('cache-control', caching.replace('public', 'private'))
    return response
  }

  async #control(request: Request, first: string, id: string | undefined, rest: readonly string[]): Promise<Response> {
    const { options, manager } = this.#parts
    if (first === 'openapi.json' && id === undefined) {
      return request.method === 'GET' ? json(openApiDocument(options.basePath ?? '')) : notAllowed('GET')
    }
    const [action] = rest
    if (first !== 'sessions' || rest.length > 1) throw notFound()
    const methods = id === undefined ? ['GET', 'POST'] : [action === undefined ? 'GET' : 'POST']
    if (!methods.includes(request.method)) return notAllowed(methods.join(', '))
    const user = await this.#authorize(request)
    if (id === undefined) {
      if (request.method === 'GET') return json({ sessions: await manager.list(user) })
      const body = await this.#body<StartSession>(request, 'sessionStart')
      return json(await manager.start({ ...body, signal: request.signal }, user), 201)
    }
    if (action === undefined) {
      return json(await manager.progress(id, user, new URL(request.url).searchParams.get('token') ?? undefined))
    }
    if (action === 'join') return json(await manager.join(id, user), 201)
    if (action === 'stop')
      return json(await manager.stop(id, user, await this.#body<StopSession>(request, 'sessionStop')))
    if (action !== 'seek') throw notFound()
    const { token, positionMs } = await this.#body<{ token: string; positionMs: number }>(request, 'sessionSeek')
    await manager.touch({ session: id, token })
    // What it needs is being made; that it is there shows when it asks.
    manager.seek({ session: id, token }, positionMs).catch(() => {})
    return json({ outcome: 'accepted' }, 202)
  }

  async #authorize(request: Request): Promise<SessionUser> {
    checkOrigin(request)
    const user = await this.#parts.options.authorize?.(request)
    if (user === undefined) throw new CuemuxError('FORBIDDEN', 'This request is not authorized.')
    return user
  }

  async #body<T extends object>(request: Request, schema: Parameters<ApiParts['validate']>[0]): Promise<T> {
    const text = await readText(request)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new CuemuxError('BAD_REQUEST', 'The body is no JSON.')
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value) || 'signal' in value) {
      throw new CuemuxError('BAD_REQUEST', 'The body must be an object of JSON with the fields of this request.')
    }
    return this.#parts.validate(schema, value as T)
  }
}

/**
 * A page of another site must not act for its visitor: what changes something takes JSON alone, which such a page can't send
 * without being asked back, and is refused where the browser says that it comes from elsewhere.
 */
function checkOrigin(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const isForeign = site !== null && site !== 'same-origin' && site !== 'none'
  if (isForeign || (origin !== null && hostIn(origin) !== hostOf(request))) {
    throw new CuemuxError('FORBIDDEN', 'Pages of other sites may not do this.')
  }
  const [type] = (request.headers.get('content-type') ?? '').split(';')
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw new CuemuxError('BAD_REQUEST', 'The body must be of type application/json.')
  }
}

/** `null` is the origin of what has none: a sandbox, a file. */
function hostIn(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1]
}

function hostOf(request: Request): string {
  return request.headers.get('host') ?? new URL(request.url).host
}

/** The body's text, no longer than it may be. */
async function readText(request: Request): Promise<string> {
  if (request.body === null) return '{}'
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) {
    length += piece.byteLength
    if (length > MAX_BODY_BYTES) throw new CuemuxError('BAD_REQUEST', 'The body is too long.')
    text += decoder.decode(piece, { stream: true })
  }
  return text
}

function json(value: unknown, status = 200): Response {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(value), { status, headers })
}

function notAllowed(allow: string): Response {
  return new Response(null, { status: 405, headers: { allow } })
}

function notFound(): CuemuxError {
  return new CuemuxError('NOT_FOUND', 'There is nothing here.')
}
