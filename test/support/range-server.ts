import { once } from 'node:events'
import { open, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A server of one file that counts what is asked of it. */
export interface RangeServer {
  readonly url: string
  /** Requests since the last {@link RangeServer.reset}. */
  readonly requests: number
  /** Bytes of the file that left since then; those of an answer that was broken off count up to there. */
  readonly bytes: number
  reset(): void
  close(): Promise<void>
}

/** What leaves at a time: an answer that is broken off ends soon after. */
const PIECE_BYTES = 16 * 1024

/** Serves a file by byte ranges (RFC 9110 §14), each answer after a delay. */
export async function serveRanges(file: string, delayMs = 0): Promise<RangeServer> {
  const handle = await open(file)
  const { size, mtimeMs } = await stat(file)
  const counted = { requests: 0, bytes: 0 }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    counted.requests++
    await delay(delayMs)
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(asked?.[1] ?? 0)
    const end = Math.min(size, asked?.[2] ? Number(asked[2]) + 1 : size)
    const isPart = asked !== null
    response.writeHead(start >= size ? 416 : isPart ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      etag: `"${size}-${mtimeMs}"`,
      ...(isPart ? { 'content-range': start >= size ? `bytes */${size}` : `bytes ${start}-${end - 1}/${size}` } : {}),
      'content-length': Math.max(0, end - start),
    })
    if (request.method === 'HEAD' || start >= size) return void response.end()
    for (let at = start; at < end && !response.destroyed; ) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(PIECE_BYTES, end - at)), { position: at })
      at += bytesRead
      counted.bytes += bytesRead
      await new Promise<void>(resolve => response.write(buffer, () => resolve()))
    }
    response.end()
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/${path.basename(file)}`,
    get requests() {
      return counted.requests
    },
    get bytes() {
      return counted.bytes
    },
    reset() {
      counted.requests = 0
      counted.bytes = 0
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await handle.close()
    },
  }
}
