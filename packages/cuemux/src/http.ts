import type { CuemuxError, CuemuxErrorCode } from '@cuemux/core'
import { CONTENT_TYPES, joinPieces, type Resource, type ResourceKind, slicePieces } from './resource.js'

/** HTTP status of each error; the request's own faults are 4xx, the source's 502, ours 500. */
const STATUS: Readonly<Record<CuemuxErrorCode, number>> = {
  UNSUPPORTED_CONTAINER: 415,
  UNSUPPORTED_CODEC: 415,
  CORRUPT_INDEX: 422,
  CORRUPT_MEDIA: 422,
  NO_KEYFRAME_INDEX: 422,
  ENCRYPTED: 422,
  LIMIT_EXCEEDED: 422,
  SOURCE_CHANGED: 409,
  SOURCE_UNREACHABLE: 502,
  ENCODER_MISSING: 503,
  ENCODER_FAILED: 500,
  CAPACITY: 429,
  NOT_FOUND: 404,
  BAD_REQUEST: 400,
  ABORTED: 499,
  OUTPUT_FAILED: 500,
}

/** How long clients and proxies may keep each kind: what a version of the film names never changes. */
const CACHE_CONTROL: Readonly<Record<ResourceKind, string>> = {
  master: 'public, max-age=60',
  playlist: 'public, max-age=60',
  init: 'public, max-age=31536000, immutable',
  segment: 'public, max-age=31536000, immutable',
  text: 'public, max-age=31536000, immutable',
  document: 'public, max-age=60',
  attachment: 'public, max-age=31536000, immutable',
  image: 'public, max-age=31536000, immutable',
}

/** What is small and packs well. */
const TEXT_KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['master', 'playlist', 'text', 'document'])

/** Pieces near this size leave Node's sockets at the highest rate. */
const CHUNK_BYTES = 1 << 20

/**
 * Bodies in pieces by the responses that carry them: an adapter that can write pieces by itself takes them from here
 * and spares the stream.
 */
export const bodyPieces: WeakMap<Response, readonly Uint8Array[]> = new WeakMap()

/** A response whose body is given in pieces. */
function piecesResponse(
  pieces: readonly Uint8Array[],
  byteLength: number,
  status: number,
  headers: Headers,
  isHead: boolean,
): Response {
  headers.set('content-length', String(byteLength))
  if (isHead) return new Response(null, { status, headers })
  const response = new Response(byteLength === 0 ? null : lazyBody(pieces), { status, headers })
  bodyPieces.set(response, pieces)
  return response
}

function lazyBody(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let next = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller): void {
        const first = next
        let bytes = 0
        while (next < pieces.length && (bytes === 0 || bytes < CHUNK_BYTES)) bytes += pieces[next++]?.byteLength ?? 0
        if (bytes === 0) controller.close()
        else controller.enqueue(joinPieces(pieces.slice(first, next), bytes))
      },
    },
    { highWaterMark: 0 },
  )
}

/** Answers a request for a resource: validators, conditional and range requests, gzip for playlists. */
export async function resourceResponse(request: Request, resource: Resource): Promise<Response> {
  const isHead = request.method === 'HEAD'
  const headers = new Headers({
    'content-type': resource.contentType,
    'cache-control': CACHE_CONTROL[resource.kind],
    etag: resource.etag,
  })
  const isText = TEXT_KINDS.has(resource.kind)
  if (isText) headers.set('vary', 'accept-encoding')
  else headers.set('accept-ranges', 'bytes')
  if (matchesEtag(request.headers.get('if-none-match'), resource.etag)) {
    return new Response(null, { status: 304, headers })
  }
  if (isText) return textResponse(request, resource, headers, isHead)
  const range = parseRange(request, resource)
  if (range === undefined) return piecesResponse(resource.pieces, resource.byteLength, 200, headers, isHead)
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${resource.byteLength}`)
    headers.delete('content-type')
    return new Response(null, { status: 416, headers })
  }
  headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${resource.byteLength}`)
  const part = slicePieces(resource.pieces, range.start, range.end)
  return piecesResponse(part, range.end - range.start, 206, headers, isHead)
}

async function textResponse(
  request: Request,
  resource: Resource,
  headers: Headers,
  isHead: boolean,
): Promise<Response> {
  if (resource.byteLength < 860 || !acceptsGzip(request.headers.get('accept-encoding'))) {
    return piecesResponse(resource.pieces, resource.byteLength, 200, headers, isHead)
  }
  const plain = joinPieces(resource.pieces, resource.byteLength)
  const stream = new Blob([plain as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'))
  const packed = new Uint8Array(await new Response(stream).arrayBuffer())
  headers.set('content-encoding', 'gzip')
  // Another representation needs another strong tag (RFC 9110 §8.8.3.3).
  headers.set('etag', `${resource.etag.slice(0, -1)}-gzip"`)
  return piecesResponse([packed], packed.byteLength, 200, headers, isHead)
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

/** An error as problem JSON (RFC 9457). */
export function problemResponse(error: CuemuxError, isHead: boolean): Response {
  const status = STATUS[error.code]
  const problem = {
    type: 'about:blank',
    title: error.code,
    status,
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.at === undefined ? {} : { at: error.at }),
  }
  const headers = { 'content-type': CONTENT_TYPES.problem, 'cache-control': 'no-store' }
  return new Response(isHead ? null : JSON.stringify(problem), { status, headers })
}
