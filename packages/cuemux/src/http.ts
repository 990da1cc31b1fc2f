import { joinPieces, type KnownEntry, type Resource, type ResourceKind, slicePieces } from './resource.js'
import { type BodyPart, bodyStream, PieceBody } from './service/piece-body.js'

/** How long clients and proxies may keep each kind: what a version of the film names never changes. */
const CACHE_CONTROL: Readonly<Record<ResourceKind, string>> = {
  master: 'max-age=60',
  playlist: 'max-age=60',
  init: 'max-age=31536000, immutable',
  segment: 'max-age=31536000, immutable',
  iframe: 'max-age=31536000, immutable',
  text: 'max-age=31536000, immutable',
  document: 'max-age=60',
  attachment: 'max-age=31536000, immutable',
  image: 'max-age=31536000, immutable',
}

/** What is small and packs well. */
const TEXT_KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['master', 'playlist', 'text', 'document'])

/**
 * Bodies in pieces by the responses that carry them: an adapter that can write pieces by itself takes them from here
 * and spares the stream.
 */
export const bodies: WeakMap<Response, PieceBody> = new WeakMap()

/** How a resource is given out. */
export interface ResponseOptions {
  /** Only who asked may keep it: its address is signed. */
  readonly isPrivate?: boolean
  /** Cache-Control in place of that of its kind. */
  readonly cacheControl?: string
  /** The body of the bytes from `start` to below `end` of the resource, where it is counted and can be made again. */
  readonly body?: (part: BodyPart, start: number, end: number) => PieceBody
}

/** A response whose body is given in pieces. */
function piecesResponse(body: PieceBody, status: number, headers: Headers, isHead: boolean): Response {
  headers.set('content-length', String(body.byteLength))
  if (isHead) {
    body.end()
    return new Response(null, { status, headers })
  }
  const response = new Response(body.byteLength === 0 ? null : bodyStream(body), { status, headers })
  bodies.set(response, body)
  return response
}

/** Answers a request for a resource: validators, conditional and range requests, gzip for playlists. */
export async function resourceResponse(
  request: Request,
  resource: Resource,
  options: ResponseOptions = {},
): Promise<Response> {
  const isHead = request.method === 'HEAD'
  const headers = headersOf(resource, options)
  if (matchesEtag(request.headers.get('if-none-match'), resource.etag)) {
    return new Response(null, { status: 304, headers })
  }
  if (TEXT_KINDS.has(resource.kind)) return textResponse(request, resource, headers, isHead)
  const range = parseRange(request, resource)
  const bodyOf = options.body ?? (part => new PieceBody(part, undefined))
  if (range === undefined) {
    return piecesResponse(bodyOf(resource, 0, resource.byteLength), 200, headers, isHead)
  }
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${resource.byteLength}`)
    headers.delete('content-type')
    return new Response(null, { status: 416, headers })
  }
  headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${resource.byteLength}`)
  const part = { pieces: slicePieces(resource.pieces, range.start, range.end), byteLength: range.end - range.start }
  return piecesResponse(bodyOf(part, range.start, range.end), 206, headers, isHead)
}

/**
 * The answer to a client that has the resource, before that is made; `undefined` where it has another one or none. `*` asks
 * whether there is anything at all, which is known for sure when it is made.
 */
export function unchangedResponse(
  request: Request,
  { etag, ...entry }: KnownEntry,
  options: ResponseOptions = {},
): Response | undefined {
  const asked = request.headers.get('if-none-match')
  if (etag === undefined || asked?.trim() === '*' || !matchesEtag(asked, etag)) return undefined
  return new Response(null, { status: 304, headers: headersOf({ ...entry, etag }, options) })
}

function headersOf(
  { kind, contentType, etag }: Pick<Resource, 'kind' | 'contentType' | 'etag'>,
  { cacheControl, isPrivate = false }: ResponseOptions,
): Headers {
  return new Headers({
    'content-type': contentType,
    'cache-control': cacheControl ?? `${isPrivate ? 'private' : 'public'}, ${CACHE_CONTROL[kind]}`,
    etag,
    ...(TEXT_KINDS.has(kind) ? { vary: 'accept-encoding' } : { 'accept-ranges': 'bytes' }),
  })
}

async function textResponse(
  request: Request,
  resource: Resource,
  headers: Headers,
  isHead: boolean,
): Promise<Response> {
  if (resource.byteLength < 860 || !acceptsGzip(request.headers.get('accept-encoding'))) {
    return piecesResponse(new PieceBody(resource, undefined), 200, headers, isHead)
  }
  const plain = joinPieces(resource.pieces)
  const stream = new Blob([plain as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'))
  const packed = new Uint8Array(await new Response(stream).arrayBuffer())
  headers.set('content-encoding', 'gzip')
  // Another representation needs another strong tag (RFC 9110 §8.8.3.3).
  headers.set('etag', `${resource.etag.slice(0, -1)}-gzip"`)
  const body = new PieceBody({ pieces: [packed], byteLength: packed.byteLength }, undefined)
  return piecesResponse(body, 200, headers, isHead)
}

function acceptsGzip(header: string | null): boolean {
  return header?.split(',').some(coding => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding)) ?? false
}

function matchesEtag(header: string | null, etag: string): boolean {
  if (header === null) return false
  if (header.trim() === '*') return true
  const bare = (tag: string): string =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/-gzip"$/, '"')
  return header.split(',').some(tag => bare(tag) === etag)
}

/** One byte range (RFC 9110 §14.1.2); several ranges, other units and failed If-Range conditions get the whole. */
function parseRange(
  request: Request,
  resource: Resource,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get('range')?.replace(/\s/g, '') ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const condition = request.headers.get('if-range')
  if (condition !== null && condition.trim() !== resource.etag) return undefined
  const size = resource.byteLength
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  return start < end ? { start, end } : 'unsatisfiable'
}
