import { CuemuxError } from '@cuemux/core'

/** Which pages of other sites may read what is served. */
export interface CorsOptions {
  /** Origins, as `https://player.example`; `*` for all (the default), or a function that says so of each. */
  readonly origins?: '*' | readonly string[] | ((origin: string) => boolean)
  /** Lets pages send cookies and other credentials along; needs a list of origins, or a function. */
  readonly credentials?: boolean
  /** Request headers that pages may send beside those that players do. */
  readonly allowHeaders?: readonly string[]
  /** How long a page's browser may remember what is allowed, s; default a day. */
  readonly maxAgeS?: number
}

const METHODS = 'GET, HEAD, OPTIONS'
const ALLOWED_HEADERS = ['range', 'if-none-match', 'if-range']
const EXPOSED_HEADERS =
  'content-length, content-range, etag, retry-after, x-content-duration, x-cuemux-start, x-cuemux-estimated-length'
const DAY_S = 86_400

/**
 * Checks what no schema can.
 *
 * @throws CuemuxError `BAD_REQUEST` for credentials of any origin: every site could read what its visitors may see
 */
export function checkCors({ origins = '*', credentials }: CorsOptions): void {
  if (credentials !== true || origins !== '*') return
  throw new CuemuxError('BAD_REQUEST', "cors.credentials needs cors.origins: a list, or a function; not '*'.")
}

/** Answers a preflight (Fetch §3.2.2). */
export function preflightResponse(options: CorsOptions): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow: METHODS,
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': [...ALLOWED_HEADERS, ...(options.allowHeaders ?? [])].join(', '),
      'access-control-max-age': String(options.maxAgeS ?? DAY_S),
    },
  })
}

/** Says in a response whether the asking page may read it. */
export function addCors(headers: Headers, request: Request, options: CorsOptions): void {
  const { origins = '*', credentials = false } = options
  const origin = origins === '*' ? '*' : allowedOrigin(request.headers.get('origin'), origins)
  if (origins !== '*') headers.append('vary', 'origin')
  if (origin === undefined) return
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', EXPOSED_HEADERS)
  if (credentials) headers.set('access-control-allow-credentials', 'true')
}

function allowedOrigin(
  origin: string | null,
  origins: Exclude<NonNullable<CorsOptions['origins']>, '*'>,
): string | undefined {
  if (origin === null) return undefined
  const isAllowed = typeof origins === 'function' ? origins(origin) : origins.includes(origin)
  return isAllowed ? origin : undefined
}
