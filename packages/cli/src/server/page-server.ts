import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { type FilmList, filmEntry, IPFS_PATH, MEDIA_PATH, PUBLISHED_PATH } from './film.js'
import type { Library } from './library.js'
import type { PageAsset } from './page-assets.js'
import { sendPublished } from './published-server.js'
import { SESSIONS_PATH, type ServedSessions } from './sessions.js'

/** What the server of `cuemux serve` is made of. */
export interface PageServerOptions {
  readonly library: Library
  readonly assets: ReadonlyMap<string, PageAsset>
  /** Answers everything below {@link MEDIA_PATH}. */
  readonly media: RequestListener
  /** Plays films through sessions. */
  readonly sessions?: ServedSessions | undefined
  /** Address that the server listens on. */
  readonly host: string
}

/**
 * What the page needs and nothing else: its own script and style, media of its own origin and, for hls.js, from
 * `blob:` addresses.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Requests of `cuemux serve`: the page, the list of films, and the films. */
export function createPageListener(options: PageServerOptions): RequestListener {
  return (req, res) => {
    res.setHeader('x-content-type-options', 'nosniff')
    if (!isOwnHost(req.headers.host, options.host)) return sendText(res, 403, 'This host name is not served here.')
    // Addresses are often put together with a slash too many.
    const target = (req.url ?? '/').replace(/^\/{2,}/, '/')
    const path = target.split('?', 1)[0] ?? '/'
    if (path.startsWith(`${MEDIA_PATH}/`)) {
      req.url = target
      return options.media(req, res)
    }
    const { sessions } = options
    if (sessions !== undefined && path.startsWith(`${SESSIONS_PATH}/`)) {
      req.url = target
      return sessions.listener(req, res)
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('allow', 'GET, HEAD')
      return sendText(res, 405, 'Only GET and HEAD are answered here.')
    }
    const asset = options.assets.get(path)
    if (asset !== undefined) {
      sessions?.greet(req, res)
      return sendAsset(req, res, asset)
    }
    if (path === '/api/media') return void sendFilms(res, options)
    if (path.startsWith(`${IPFS_PATH}/`)) {
      return void sendPublished(req, res, options.library.blocks, path.slice(IPFS_PATH.length + 1))
    }
    if (path.startsWith(`${PUBLISHED_PATH}/`)) return void sendPublishedFilm(req, res, options.library, path)
    sendText(res, 404, 'There is nothing here.')
  }
}

/**
 * A page of another site can give its name our loopback address (DNS rebinding) and would then read what it likes:
 * on a loopback address only that address's own names are answered.
 */
export function isOwnHost(header: string | undefined, listensOn: string): boolean {
  if (!isLoopback(listensOn)) return true
  const name = (header ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  return isLoopback(name) || name.endsWith('.localhost') || name === listensOn.toLowerCase()
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function sendAsset(req: IncomingMessage, res: ServerResponse, asset: PageAsset): void {
  res.setHeader('etag', asset.etag)
  res.setHeader('cache-control', 'no-cache')
  res.setHeader('vary', 'accept-encoding')
  res.setHeader('content-security-policy', CONTENT_SECURITY_POLICY)
  res.setHeader('referrer-policy', 'no-referrer')
  if (req.headers['if-none-match'] === asset.etag) {
    res.writeHead(304).end()
    return
  }
  const isGzipped = /\bgzip\b/.test(String(req.headers['accept-encoding'] ?? ''))
  if (isGzipped) res.setHeader('content-encoding', 'gzip')
  const body = isGzipped ? asset.gzipped : asset.body
  res.writeHead(200, { 'content-type': asset.contentType, 'content-length': body.byteLength }).end(body)
}

async function sendPublishedFilm(
  req: IncomingMessage,
  res: ServerResponse,
  library: Library,
  path: string,
): Promise<void> {
  const [, , id = '', ...rest] = path.split('/')
  const files = await library.published(id)
  await sendPublished(req, res, files === undefined ? [] : [files], rest.join('/'))
}

async function sendFilms(res: ServerResponse, { library, sessions }: PageServerOptions): Promise<void> {
  try {
    const media = (await library.list()).map(filmEntry)
    const list: FilmList = sessions === undefined ? { media } : { media, sessions: SESSIONS_PATH }
    res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    res.end(JSON.stringify(list))
  } catch {
    sendText(res, 500, 'The list of films cannot be made.')
  }
}

function sendText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(`${text}\n`)
}
