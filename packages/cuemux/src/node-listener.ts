import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodies } from './http.js'
import { remoteAddresses } from './service/caller.js'
import type { PieceBody } from './service/piece-body.js'

/** What {@link toNodeListener} adapts: any function from a Web-standard request to a response. */
export type RequestHandler = (request: Request) => Promise<Response>

/**
 * A request handler as a listener for `node:http`, and for Express and Connect with it. The request's signal fires when
 * the client leaves; bodies in pieces are written as they are, without a stream in between.
 */
export function toNodeListener(handler: RequestHandler): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    respond(handler, req, res).catch(() => {
      // The handler answers its own errors; what is left is a client that went away or a broken response.
      if (!res.headersSent) res.writeHead(500).end()
      else res.destroy()
    })
  }
}

async function respond(handler: RequestHandler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const controller = new AbortController()
  // A response that has left whole is closed, too: nothing is under way for it, and the signal's error would cost 0.1 ms.
  const leave = (): void => {
    if (!res.writableFinished) controller.abort()
  }
  res.once('close', leave)
  const request = toRequest(req, controller.signal)
  if (request === undefined) {
    res.writeHead(400).end()
    return
  }
  const response = await handler(request)
  if (res.destroyed) {
    await response.body?.cancel()
    return
  }
  res.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body === null) {
    res.end()
    return
  }
  const body = bodies.get(response)
  if (body === undefined) await writeStream(response.body, res)
  else await writeBody(body, res)
}

function toRequest(req: IncomingMessage, signal: AbortSignal): Request | undefined {
  const headers = new Headers()
  try {
    for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
      headers.append(req.rawHeaders[i] as string, req.rawHeaders[i + 1] as string)
    }
    // Express takes the mounting path off `url`; `originalUrl` has it still.
    const path = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/'
    const url = new URL(path, `http://${req.headers.host ?? 'localhost'}`)
    const request = new Request(url, { method: req.method ?? 'GET', headers, signal, ...bodyOf(req) })
    const address = req.socket?.remoteAddress
    if (address !== undefined) remoteAddresses.set(request, address)
    return request
  } catch {
    return undefined
  }
}

/** A body where there may be one, read as far as the handler wants it; `duplex` is what Fetch asks for with a stream. */
function bodyOf(req: IncomingMessage): { readonly body?: ReadableStream<Uint8Array>; readonly duplex?: 'half' } {
  if (req.method === undefined || /^(?:GET|HEAD|OPTIONS)$/.test(req.method)) return {}
  return { body: nodeBody(req), duplex: 'half' }
}

function nodeBody(req: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = req[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream({
    pull: async controller => {
      const { done, value } = await pieces.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => {
      await pieces.return?.()
    },
  })
}

/** About a MiB at a time: Node gathers corked pieces into one writev, and the next ones wait until they have left. */
async function writeBody(body: PieceBody, res: ServerResponse): Promise<void> {
  const isOurs = isPlain(res)
  res.once('close', () => body.end(isOurs))
  let haveLeft = true
  for (;;) {
    const taken = body.take(isOurs && haveLeft)
    const views = taken instanceof Promise ? await taken : taken
    if (res.destroyed) return
    res.cork()
    haveLeft = false
    for (const view of views ?? []) {
      if (view === views?.at(-1)) res.write(view, () => (haveLeft = true))
      else res.write(view)
    }
    const isLast = body.isDone
    if (isLast) res.end()
    res.uncork()
    if (isLast) return
    if (res.writableNeedDrain) await drained(res, body.stallTimeoutMs)
  }
}

/**
 * Whether all that was written has left when the response closes, and nothing else has got hold of it: middleware that
 * packs or records bodies puts a `write` of its own in place, and HTTP/2 has its own queues.
 */
function isPlain(res: ServerResponse): boolean {
  return res.req?.httpVersionMajor === 1 && !Object.hasOwn(res, 'write') && !Object.hasOwn(res, 'end')
}

async function writeStream(body: ReadableStream<Uint8Array>, res: ServerResponse): Promise<void> {
  const reader = body.getReader()
  const leave = (): void => void reader.cancel().catch(() => {})
  res.once('close', leave)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!res.write(value)) await drained(res, undefined)
    if (res.destroyed) return
  }
  res.off('close', leave)
  res.end()
}

/** Resolves when what was written has left, or the connection has ended, as it does when nothing leaves for too long. */
function drained(res: ServerResponse, stallTimeoutMs: number | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = stallTimeoutMs === undefined ? undefined : setTimeout(() => res.destroy(), stallTimeoutMs)
    const done = (): void => {
      clearTimeout(timer)
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.once('drain', done)
    res.once('close', done)
  })
}
