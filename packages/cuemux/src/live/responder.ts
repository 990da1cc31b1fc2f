import { CuemuxError, toCuemuxError } from '@cuemux/core'
import { contentEtag } from '../etag.js'
import { resourceResponse } from '../http.js'
import { problemResponse } from '../problem.js'
import { CONTENT_TYPES, type ResourceKind } from '../resource.js'
import { addCors, type CorsOptions, preflightResponse } from '../service/cors.js'
import type { Publisher } from './publisher.js'
import type { LiveStorage } from './storage.js'
import type { LiveWindow } from './window.js'

/** What a {@link LiveResponder} answers from. */
export interface ResponderOptions {
  readonly window: LiveWindow
  readonly publisher: Publisher
  readonly storage: LiveStorage
  readonly isLowLatency: boolean
  readonly cors: CorsOptions | false
  /** Resolves when there is something to play. @throws CuemuxError where there will be nothing */
  readonly ready: () => Promise<void>
}

/** RFC 8216bis §6.2.5.2: a server answers 503 after three target durations. */
const BLOCK_TARGETS = 3
/** A request for a segment further ahead than this of the one that comes is a mistake (RFC 8216bis §6.2.5.2). */
const MAX_AHEAD = 1
/** What was listed stays what it is: its name is given once. */
const KEPT = 'public, max-age=3600, immutable'
const NOT_KEPT = 'no-cache'

/** Answers requests for a live stream. */
export class LiveResponder {
  readonly #options: ResponderOptions

  constructor(options: ResponderOptions) {
    this.#options = options
  }

  /** @param path below the stream: `master.m3u8`, `playlist.m3u8`, or a name out of it */
  async handle(request: Request, path: string): Promise<Response> {
    const { cors } = this.#options
    const response = await this.#answer(request, path)
    if (cors !== false) addCors(response.headers, request, cors)
    return response
  }

  async #answer(request: Request, path: string): Promise<Response> {
    const { cors } = this.#options
    if (request.method === 'OPTIONS' && cors !== false) return preflightResponse(cors)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
    }
    try {
      const name = path.replace(/^\/+/, '')
      if (name === 'playlist.m3u8') return await this.#playlist(request)
      if (name === 'master.m3u8' || name === '') return await this.#master(request)
      return await this.#file(request, name)
    } catch (cause) {
      return problemResponse(toCuemuxError(cause, 'CORRUPT_MEDIA'), request.method === 'HEAD', isForClient(cause))
    }
  }

  async #master(request: Request): Promise<Response> {
    await this.#whileWanted(request, this.#options.ready())
    return this.#text(request, 'master', this.#options.publisher.master())
  }

  async #playlist(request: Request): Promise<Response> {
    const { window, publisher, ready } = this.#options
    const query = new URL(request.url).searchParams
    const wanted = this.#wanted(query)
    await this.#whileWanted(request, ready())
    if (wanted !== undefined && !(await this.#isThere(request, wanted))) return tooLate(window)
    const isDelta = this.#options.isLowLatency && /^(?:YES|v2)$/.test(query.get('_HLS_skip') ?? '')
    return this.#text(request, 'playlist', publisher.playlist({ isDelta }))
  }

  /** The segment, and the part of it, that a request waits for. @throws CuemuxError `BAD_REQUEST` (RFC 8216bis §6.2.5.2) */
  #wanted(query: URLSearchParams): Wanted | undefined {
    const number = directive(query, '_HLS_msn')
    const part = directive(query, '_HLS_part')
    if (part !== undefined && number === undefined) throw new CuemuxError('BAD_REQUEST', '_HLS_part needs _HLS_msn.')
    return number === undefined || !this.#options.isLowLatency ? undefined : { number, part }
  }

  async #isThere(request: Request, { number, part }: Wanted): Promise<boolean> {
    const { window, publisher } = this.#options
    if (number > window.nextNumber + MAX_AHEAD) {
      throw new CuemuxError('BAD_REQUEST', `_HLS_msn=${number} lies too far ahead of ${window.nextNumber}.`)
    }
    const endMs = performance.now() + BLOCK_TARGETS * 1000 * (window.targetDuration ?? 1)
    while (!window.has(number, part) && !window.isEnded) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0 || request.signal.aborted) return false
      await publisher.change(request.signal, leftMs)
    }
    return true
  }

  async #file(request: Request, name: string): Promise<Response> {
    const { publisher, storage, window, isLowLatency } = this.#options
    if (isLowLatency && name === publisher.nextPart && !window.isEnded) await this.#hinted(request, name)
    const bytes = publisher.part(name) ?? (await storage.read(name))
    if (bytes === undefined) throw new CuemuxError('NOT_FOUND', 'The live stream has no such segment now.')
    const isInit = name.endsWith('.mp4')
    const kind: ResourceKind = isInit ? 'init' : 'segment'
    const resource = { path: name, kind, contentType: CONTENT_TYPES.video, etag: `"${name}"` }
    const whole = { ...resource, byteLength: bytes.length, pieces: [bytes] }
    return resourceResponse(request, whole, { cacheControl: KEPT })
  }

  /** A part that the playlist has announced comes as soon as it is there (RFC 8216bis §6.2.6). */
  async #hinted(request: Request, name: string): Promise<void> {
    const { publisher, window } = this.#options
    const endMs = performance.now() + BLOCK_TARGETS * 1000 * (window.targetDuration ?? 1)
    while (publisher.part(name) === undefined && publisher.nextPart === name && !window.isEnded) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0 || request.signal.aborted) return
      await publisher.change(request.signal, leftMs)
    }
  }

  async #text(request: Request, kind: ResourceKind, text: string): Promise<Response> {
    const bytes = new TextEncoder().encode(text)
    const resource = { path: kind, kind, contentType: CONTENT_TYPES.playlist, etag: await contentEtag(bytes) }
    return resourceResponse(
      request,
      { ...resource, byteLength: bytes.length, pieces: [bytes] },
      { cacheControl: NOT_KEPT },
    )
  }

  async #whileWanted(request: Request, wait: Promise<void>): Promise<void> {
    const { signal } = request
    let leave: (() => void) | undefined
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(new CuemuxError('ABORTED', 'Who asked has left.'))
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) leave()
    })
    try {
      await Promise.race([wait, left])
    } finally {
      if (leave !== undefined) signal.removeEventListener('abort', leave)
    }
  }
}

interface Wanted {
  readonly number: number
  readonly part: number | undefined
}

/** @throws CuemuxError `BAD_REQUEST` for what is no decimal integer, or there twice */
function directive(query: URLSearchParams, name: string): number | undefined {
  const values = query.getAll(name)
  const [value] = values
  if (value === undefined) return undefined
  if (values.length === 1 && /^\d{1,15}$/.test(value)) return Number(value)
  throw new CuemuxError('BAD_REQUEST', `${name} must be one whole number.`)
}

function tooLate({ targetDuration = 1 }: LiveWindow): Response {
  return new Response(null, {
    status: 503,
    headers: { 'retry-after': String(targetDuration), 'cache-control': 'no-store' },
  })
}

/** What a request itself got wrong is said; what the input says may name addresses. */
function isForClient(error: unknown): boolean {
  return error instanceof CuemuxError && (error.code === 'NOT_FOUND' || error.code === 'BAD_REQUEST')
}
