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

/** What is served where it is no file: bytes that are made when they are asked for. */
export interface MadeContent {
  readonly name: string
  readonly size: number
  read(offset: number, length: number): Uint8Array
}

/** Serves a file by byte ranges (RFC 9110 §14), each answer after a delay. */
export async function serveRanges(file: string, delayMs = 0): Promise<RangeServer> {
  const handle = await open(file)
  const { size, mtimeMs } = await stat(file)
  return serve(
    {
      name: path.basename(file),
      size,
      etag: `"${size}-${mtimeMs}"`,
      read: async (position, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), { position })
        return buffer.subarray(0, bytesRead)
      },
      close: () => handle.close(),
    },
    delayMs,
  )
}

/** Serves what is made when it is asked for, as {@link serveRanges} does a file. */
export function serveMade(content: MadeContent, delayMs = 0): Promise<RangeServer> {
  return serve({ close: async () => {}, etag: `"${content.size}"`, ...content }, delayMs)
}

interface Content {
  readonly name: string
  readonly size: number
  readonly etag: string
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>
  close(): Promise<void>
}

async function serve(content: Content, delayMs: number): Promise<RangeServer> {
  const { size } = content
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
      etag: content.etag,
      ...(isPart ? { 'content-range': start >= size ? `bytes */${size}` : `bytes ${start}-${end - 1}/${size}` } : {}),
      'content-length': Math.max(0, end - start),
    })
    if (request.method === 'HEAD' || start >= size) return void response.end()
    for (let at = start; at < end && !response.destroyed; ) {
      const bytes = await content.read(at, Math.min(PIECE_BYTES, end - at))
      at += bytes.length
      counted.bytes += bytes.length
      await new Promise<void>(resolve => response.write(bytes, () => resolve()))
    }
    response.end()
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/${content.name}`,
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
      await content.close()
    },
  }
}
