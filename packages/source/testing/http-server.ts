import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import type { HttpSourceOptions } from '../src/index.js'

/** The film that the servers give out. */
export const BYTES: Uint8Array = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 13 + (i >> 8)) & 255)

/** What a server does with a request for the bytes from `first` to `last`. */
export type Answer = (request: IncomingMessage, response: ServerResponse, first: number, last: number) => void

/** The servers of a test; closed after it. */
export const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A running server. */
export interface Served {
  readonly url: string
  /** What was asked for, in order; `all` without a range. */
  readonly ranges: string[]
  readonly requests: IncomingMessage[]
}

/** A server that gives the answers in turn, the last one again and again, and notes the ranges that it was asked for. */
export async function serve(...answers: Answer[]): Promise<Served> {
  const ranges: string[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const range = request.headers.range ?? 'all'
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [range, '0', `${BYTES.length - 1}`]
    const answer = answers[Math.min(ranges.length, answers.length - 1)]
    ranges.push(range)
    requests.push(request)
    answer?.(request, response, Number(first), Math.min(Number(last), BYTES.length - 1))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/films/A%20film.mkv`, ranges, requests }
}

/** The headers of a right answer. */
export const rangeHeaders = (
  first: number,
  last: number,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'content-range': `bytes ${first}-${last}/${BYTES.length}`,
  'content-length': `${last - first + 1}`,
  etag: '"v1"',
  ...more,
})

/** The range that was asked for. */
export const part: Answer = (_, response, first, last) => {
  if (first >= BYTES.length) response.writeHead(416, { 'content-range': `bytes */${BYTES.length}` }).end()
  else response.writeHead(206, rangeHeaders(first, last)).end(BYTES.subarray(first, last + 1))
}
/** The whole film, whatever was asked for. */
export const whole: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': `${BYTES.length}`, etag: '"v1"' }).end(BYTES)
}
/** A status and some headers. */
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end('no')
  }
/** The right headers, and a connection that breaks after so many bytes. */
export const breakAfter =
  (count: number): Answer =>
  (_, response, first, last) => {
    response.writeHead(206, rangeHeaders(first, last))
    response.write(BYTES.subarray(first, first + count), () => response.destroy())
  }
/** No answer. */
export const silent: Answer = () => undefined

/** Tries again at once. */
export const fast: HttpSourceOptions = { retryDelayMs: 1 }
/** Bytes of the film. */
export const slice = (first: number, length: number): Uint8Array => BYTES.slice(first, first + length)
