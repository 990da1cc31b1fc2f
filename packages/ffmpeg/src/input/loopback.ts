import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ByteSource, CuemuxError, parseRange } from '@cuemux/core'

/** An address that ffmpeg reads. */
export interface MediaAddress {
  /** `http://127.0.0.1:…` with a path that nobody can guess. */
  readonly url: string
  /** What the source said when a read failed the last time: the reason that ffmpeg can't know. */
  readonly sourceError: CuemuxError | undefined
}

/** From now on watches the reads at an address; what is called says why one has failed since, if one has. */
export function watchReads(address: MediaAddress): () => CuemuxError | undefined {
  const before = address.sourceError
  return () => (address.sourceError === before ? undefined : address.sourceError)
}

/** A source at an address that ffmpeg can read. */
export interface LoopbackInput extends MediaAddress {
  /** Ends it: the address is unknown from now on, transfers break off. */
  close(): Promise<void>
}

/** A read of this size is worth a round trip; the next is under way while it is written. */
const PIECE_BYTES = 1 << 20
/** The first piece of an answer is smaller: ffmpeg often wants a head or an index only. */
const FIRST_PIECE_BYTES = 1 << 16

/**
 * Bytes that come without end, anew for each reader; what it throws is the reader's loss and the address's
 * {@link MediaAddress.sourceError}.
 */
export type OpenFeed = (signal: AbortSignal) => AsyncIterable<Uint8Array>

interface Served {
  readonly media: ByteSource | OpenFeed
  readonly ended: AbortController
  sourceError: CuemuxError | undefined
}

/**
 * Serves sources to our own children over 127.0.0.1: any kind of source becomes an address that ffmpeg can seek in. It
 * listens while there is something to serve, at a random port, and answers GET and HEAD at paths of 128 random bits.
 */
export class LoopbackServer {
  readonly #served = new Map<string, Served>()
  #server: Server | undefined
  #port: Promise<number> | undefined

  /**
   * Gives a source an address.
   *
   * @throws CuemuxError `SOURCE_UNREACHABLE` where its size can't be learnt or no port is free
   */
  async serve(source: ByteSource): Promise<LoopbackInput> {
    // Some sources learn their size with the first read.
    if (source.sizeBytes === undefined) await source.read(0, 1)
    return this.#admit(source)
  }

  /**
   * Gives bytes that come without end an address: each GET opens them anew, and leaves them when its connection ends.
   *
   * @throws CuemuxError `SOURCE_UNREACHABLE` where no port is free
   */
  serveFeed(open: OpenFeed): Promise<LoopbackInput> {
    return this.#admit(open)
  }

  async #admit(media: ByteSource | OpenFeed): Promise<LoopbackInput> {
    const token = randomBytes(16).toString('hex')
    const served: Served = { media, ended: new AbortController(), sourceError: undefined }
    this.#served.set(token, served)
    const port = await this.#listen()
    return {
      url: `http://127.0.0.1:${port}/${token}`,
      get sourceError() {
        return served.sourceError
      },
      close: () => this.#withdraw(token, served),
    }
  }

  async #withdraw(token: string, served: Served): Promise<void> {
    if (!this.#served.delete(token)) return
    served.ended.abort()
    if (this.#served.size > 0) return
    const server = this.#server
    this.#server = undefined
    this.#port = undefined
    if (server === undefined) return
    server.close()
    server.closeAllConnections()
    if (server.listening) await once(server, 'close')
  }

  #listen(): Promise<number> {
    this.#port ??= new Promise((resolve, reject) => {
      const server = createServer((request, response) => void this.#answer(request, response))
      this.#server = server
      server.once('error', error => {
        reject(new CuemuxError('SOURCE_UNREACHABLE', 'No port of 127.0.0.1 is free for ffmpeg.', { cause: error }))
      })
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
      // A paused ffmpeg keeps its connection, and must not keep us; one that somebody waits for does so itself.
      server.unref()
      server.on('connection', socket => socket.unref())
    })
    return this.#port
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const served = this.#served.get((request.url ?? '').slice(1))
    if (served === undefined) return refuse(response, 404)
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
    if (typeof served.media === 'function') return sendFeed(served, served.media, response)
    const { sizeBytes } = served.media
    if (sizeBytes === undefined) return refuse(response, 404)
    const range = parseRange(request.headers.range, sizeBytes)
    response.setHeader('accept-ranges', 'bytes')
    response.setHeader('content-type', 'application/octet-stream')
    if (range === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${sizeBytes}`)
      return refuse(response, 416)
    }
    const { start, end } = range ?? { start: 0, end: sizeBytes }
    if (range !== undefined) response.setHeader('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`)
    response.setHeader('content-length', end - start)
    response.statusCode = range === undefined ? 200 : 206
    if (request.method === 'HEAD') response.end()
    else await send(served, served.media, response, start, end)
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.setHeader('content-length', 0)
  response.end()
}

/** Writes a range piece by piece; the next is read while one is written, and no faster than ffmpeg takes them. */
async function send(
  served: Served,
  source: ByteSource,
  response: ServerResponse,
  start: number,
  end: number,
): Promise<void> {
  const signal = whileRead(served, response)
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    offset >= end ? new Uint8Array(0) : await source.read(offset, Math.min(length, end - offset), { signal })
  try {
    let offset = start
    let piece = await read(offset, FIRST_PIECE_BYTES)
    while (piece.length > 0 && !signal.aborted) {
      offset += piece.length
      const next = read(offset, PIECE_BYTES)
      next.catch(() => {})
      if (!response.write(piece)) await once(response, 'drain', { signal })
      piece = await next
    }
    if (offset === end) response.end()
    else response.destroy()
  } catch (error) {
    if (error instanceof CuemuxError && error.code !== 'ABORTED') served.sourceError = error
    response.destroy()
  }
}

/** Writes what comes, as fast as it is taken. */
async function sendFeed(served: Served, open: OpenFeed, response: ServerResponse): Promise<void> {
  const signal = whileRead(served, response)
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('connection', 'close')
  try {
    for await (const piece of open(signal)) {
      if (signal.aborted) return
      if (!response.write(piece)) await once(response, 'drain', { signal })
    }
    response.end()
  } catch (error) {
    if (error instanceof CuemuxError && error.code !== 'ABORTED') served.sourceError = error
    response.destroy()
  }
}

/** Fires when the reader leaves or the address is withdrawn. */
function whileRead(served: Served, response: ServerResponse): AbortSignal {
  const left = new AbortController()
  response.on('close', () => left.abort())
  response.on('error', () => left.abort())
  return AbortSignal.any([left.signal, served.ended.signal])
}
