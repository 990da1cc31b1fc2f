import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/**
 * What becomes of a request:
 *
 * - `pass`: it is answered by the server behind.
 * - `unavailable`: 503, and the server behind sees nothing; `full`: 507.
 * - `reset`: the connection breaks in the middle of the request's body.
 * - `lost`: the server behind does it, and its answer gets lost.
 * - `silent`: nothing is ever answered.
 * - `slow`: it is answered after a while.
 */
export type Fault = 'pass' | 'unavailable' | 'full' | 'reset' | 'lost' | 'silent' | 'slow'

/** A request as the proxy saw it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly fault: Fault
}

/** Stands before a real server, and breaks what it is told to. */
export class FaultProxy {
  /** What becomes of a request, by its number from 0. */
  decide: (request: { readonly method: string; readonly url: string }, index: number) => Fault = () => 'pass'
  readonly seen: SeenRequest[] = []
  readonly #server: http.Server
  readonly #sockets = new Set<Socket>()
  readonly #target: number

  private constructor(target: number) {
    this.#target = target
    this.#server = http.createServer((request, response) => this.#answer(request, response))
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param target the port of the server behind */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Begins anew: no faults, nothing seen. */
  reset(): void {
    this.decide = () => 'pass'
    this.seen.length = 0
  }

  /** The requests that reached the server behind, as `METHOD path?query`. */
  get passed(): string[] {
    return this.seen
      .filter(({ fault }) => fault === 'pass' || fault === 'lost' || fault === 'slow')
      .map(({ method, url }) => `${method} ${url}`)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request
    const fault = this.decide({ method, url }, this.seen.length)
    this.seen.push({ method, url, headers, fault })
    request.on('error', () => {})
    switch (fault) {
      case 'silent':
        return
      case 'reset':
        request.once('data', () => request.socket.resetAndDestroy())
        request.once('end', () => request.socket.resetAndDestroy())
        return
      case 'unavailable':
      case 'full':
        request.resume()
        request.once('end', () => {
          response.writeHead(fault === 'full' ? 507 : 503, { 'content-type': 'text/plain' })
          response.end(fault === 'full' ? 'no space left on device' : 'try later')
        })
        return
      case 'slow':
        setTimeout(() => this.#pass(request, response, false), 150)
        return
      default:
        this.#pass(request, response, fault === 'lost')
    }
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse, isLost: boolean): void {
    const { method, url, headers } = request
    const behind = http.request({ host: '127.0.0.1', port: this.#target, method, path: url, headers })
    behind.on('response', answer => {
      if (isLost) {
        answer.resume()
        answer.once('end', () => request.socket.resetAndDestroy())
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(response)
    })
    behind.on('error', () => request.socket.destroy())
    response.on('close', () => behind.destroy())
    request.pipe(behind)
  }
}
