import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CuemuxError, parseRange } from '@cuemux/core'
import { printable } from '../run.js'
import type { PublishedFile, PublishedFiles } from './published-files.js'

/** Status of each error that a place of files has; 502 for others: it is a place that doesn't answer. */
const STATUSES: Readonly<Partial<Record<CuemuxError['code'], number>>> = {
  NOT_FOUND: 404,
  BAD_REQUEST: 400,
  FORBIDDEN: 403,
}

/**
 * Answers a GET or HEAD request for a published file: entity tags, `Range`, and any site may read it, as on an IPFS gateway.
 *
 * @param files where to look, one after the other
 * @param path as it stands in the address: percent-encoded
 */
export async function sendPublished(
  req: IncomingMessage,
  res: ServerResponse,
  files: readonly PublishedFiles[],
  path: string,
): Promise<void> {
  const abort = new AbortController()
  res.once('close', () => abort.abort())
  let file: PublishedFile | undefined
  try {
    file = await openFirst(files, decoded(path), abort.signal)
    await sendFile(req, res, file)
  } catch (error) {
    if (res.headersSent) res.destroy()
    else sendError(res, error)
  } finally {
    await file?.close().catch(() => {})
  }
}

async function openFirst(places: readonly PublishedFiles[], path: string, signal: AbortSignal): Promise<PublishedFile> {
  for (const [i, files] of places.entries()) {
    try {
      return await files.open(path, signal)
    } catch (error) {
      const isMissing = error instanceof CuemuxError && error.code === 'NOT_FOUND'
      if (!isMissing || i === places.length - 1) throw error
    }
  }
  throw new CuemuxError('NOT_FOUND', 'There is nothing here.')
}

async function sendFile(req: IncomingMessage, res: ServerResponse, file: PublishedFile): Promise<void> {
  const { sizeBytes, contentType, etag, isImmutable } = file
  res.setHeader('content-type', contentType)
  res.setHeader('accept-ranges', 'bytes')
  res.setHeader('access-control-allow-origin', '*')
  res.setHeader('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (etag !== undefined) {
    res.setHeader('etag', etag)
    if (req.headers['if-none-match'] === etag) {
      res.writeHead(304).end()
      return
    }
  }
  const condition = req.headers['if-range']
  const header = condition === undefined || condition === etag ? req.headers.range : undefined
  const range = parseRange(header, sizeBytes)
  if (range === 'unsatisfiable') {
    res.writeHead(416, { 'content-range': `bytes */${sizeBytes}`, 'content-length': 0 }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes }
  res.writeHead(range === undefined ? 200 : 206, {
    'content-length': end - start,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` }),
  })
  if (req.method === 'HEAD' || end === start) {
    res.end()
    return
  }
  await pipeline(Readable.from(file.read(start, end), { objectMode: false }), res)
}

function sendError(res: ServerResponse, error: unknown): void {
  const known = error instanceof CuemuxError ? error : undefined
  const status = known === undefined ? 500 : (STATUSES[known.code] ?? 502)
  // Where files lie is nobody's business.
  const words = status === 404 ? 'There is nothing here.' : status === 400 ? known?.message : undefined
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  res.end(`${printable(words ?? 'It cannot be read from where it lies.')}\n`)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new CuemuxError('BAD_REQUEST', 'The path is not correctly percent-encoded.')
  }
}
