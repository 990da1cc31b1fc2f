// A server of one file by byte ranges (RFC 9110 §14) that counts requests and the bytes that leave.
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { basename } from 'node:path'

/** What leaves at a time: an answer that is broken off ends soon after. */
const PIECE_BYTES = 16 * 1024

/** @returns {Promise<{ url: string, counted: { requests: number, bytes: number }, close: () => Promise<void> }>} */
export async function serveRanges(path) {
  const file = await open(path)
  const { size, mtimeMs } = await file.stat()
  const counted = { requests: 0, bytes: 0 }
  const answer = async (request, response) => {
    counted.requests++
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Math.min(size, Number(asked?.[1] ?? 0))
    const end = Math.min(size, asked?.[2] ? Number(asked[2]) + 1 : size)
    response.writeHead(asked === null ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      etag: `"${size}-${mtimeMs}"`,
      'content-length': end - start,
      ...(asked === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    })
    if (request.method === 'HEAD') return void response.end()
    for (let at = start; at < end && !response.destroyed; at += PIECE_BYTES) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(PIECE_BYTES, end - at)), { position: at })
      counted.bytes += bytesRead
      await new Promise(resolve => response.write(buffer.subarray(0, bytesRead), resolve))
    }
    response.end()
  }
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/${encodeURIComponent(basename(path))}`,
    counted,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await file.close()
    },
  }
}
