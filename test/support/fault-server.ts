import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

/** What goes wrong with one answer. */
export type Fault =
  | { readonly kind: 'none' }
  /** The answer comes in pieces of this size, with a wait between them. */
  | { readonly kind: 'slow'; readonly pieceBytes: number; readonly waitMs: number }
  /** The connection is reset after so many bytes of the body; before the headers when there are none. */
  | { readonly kind: 'reset'; readonly afterBytes: number | undefined }
  /** Fewer bytes than the headers say, and the connection is closed in good order. */
  | { readonly kind: 'short'; readonly bytes: number }
  /** A part of the range that was asked for, and the headers say so. */
  | { readonly kind: 'part'; readonly bytes: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** A range that begins elsewhere, with the bytes that lie there. */
  | { readonly kind: 'wrong-range'; readonly byBytes: number }
  /** From here on another film of the same size is at the address. */
  | { readonly kind: 'changed' }
  /** The whole film in place of the range. */
  | { readonly kind: 'no-ranges' }
  | { readonly kind: 'gzip' }
  /** No answer at all. */
  | { readonly kind: 'silent' }
  /** To the same film at another path. */
  | { readonly kind: 'redirect'; readonly to?: string }

/** A server with faults. */
export interface FaultServer {
  readonly url: string
  /** The `Range` header of every request, `all` where there is none. */
  readonly ranges: readonly string[]
  /** Bytes of bodies that were handed to connections. */
  readonly bytes: number
  /** Answers that have neither ended nor been broken off. */
  readonly open: number
  close(): Promise<void>
}

/** How {@link serveFaults} listens. */
export interface FaultServerOptions {
  /** Last part of the path. */
  readonly name?: string
  /** Serves over TLS. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** Bytes of a film from `first` to below `end`, and the state that they are of. */
interface Film {
  readonly bytes: Buffer
  readonly etag: string
}

/** Serves a film by ranges, each answer with the fault that `faultOf` names for it. */
export async function serveFaults(
  bytes: Buffer,
  faultOf: (request: number) => Fault,
  options: FaultServerOptions = {},
): Promise<FaultServer> {
  const ranges: string[] = []
  const counted = { bytes: 0, open: 0 }
  let film: Film = { bytes, etag: '"first"' }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const fault = faultOf(ranges.length)
    ranges.push(request.headers.range ?? 'all')
    counted.open++
    response.once('close', () => counted.open--)
    if (fault.kind === 'changed') film = { bytes: Buffer.from(bytes).reverse(), etag: '"second"' }
    answer(request, response, film, fault, counted).catch(() => response.destroy())
  }
  const server = options.tls === undefined ? createServer(listener) : createSecureServer(options.tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const scheme = options.tls === undefined ? 'http' : 'https'
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/${options.name ?? 'film.mkv'}`,
    ranges,
    get bytes() {
      return counted.bytes
    },
    get open() {
      return counted.open
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, etag }: Film,
  fault: Fault,
  counted: { bytes: number },
): Promise<void> {
  if (fault.kind === 'silent') return
  if (fault.kind === 'reset' && fault.afterBytes === undefined) return void request.socket.resetAndDestroy()
  if (fault.kind === 'status') return void response.writeHead(fault.status, { ...fault.headers }).end()
  if (fault.kind === 'redirect') {
    return void response.writeHead(302, { location: fault.to ?? `/moved${request.url}` }).end()
  }
  const asked = fault.kind === 'no-ranges' ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const shift = fault.kind === 'wrong-range' ? fault.byBytes : 0
  const first = Number(asked?.[1] ?? 0) + shift
  const wanted = asked?.[2] ? Number(asked[2]) + 1 + shift : bytes.length
  const end = Math.min(bytes.length, fault.kind === 'part' ? Math.min(wanted, first + fault.bytes) : wanted)
  if (asked !== null && first >= end) {
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}`, etag }).end()
  }
  const body = bytes.subarray(first, end)
  const coded = fault.kind === 'gzip' ? gzipSync(body) : body
  response.writeHead(asked === null ? 200 : 206, {
    etag,
    'content-length': coded.length,
    ...(asked === null ? {} : { 'content-range': `bytes ${first}-${end - 1}/${bytes.length}` }),
    ...(fault.kind === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  })
  await send(response, coded, fault, counted)
}

async function send(response: ServerResponse, body: Buffer, fault: Fault, counted: { bytes: number }): Promise<void> {
  const cut = fault.kind === 'reset' ? (fault.afterBytes ?? 0) : fault.kind === 'short' ? fault.bytes : body.length
  const pieceBytes = fault.kind === 'slow' ? fault.pieceBytes : 64 * 1024
  const end = Math.min(cut, body.length)
  for (let at = 0; at < end && !response.destroyed; at += pieceBytes) {
    const piece = body.subarray(at, Math.min(end, at + pieceBytes))
    counted.bytes += piece.length
    await new Promise<void>(resolve => response.write(piece, () => resolve()))
    if (fault.kind === 'slow') await delay(fault.waitMs)
  }
  if (end === body.length) response.end()
  else if (fault.kind === 'reset') response.socket?.resetAndDestroy()
  else response.socket?.end()
}
