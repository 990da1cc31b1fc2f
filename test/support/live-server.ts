import { readFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A transport stream as a sender of live television gives it: in real time, over and over, to whoever asks. */
export interface LiveServer {
  readonly url: string
  /** Connections so far. */
  readonly connections: number
  /** Breaks all connections off, and answers none until {@link LiveServer.mend}. */
  break(): void
  /** Keeps the connections, and sends nothing more. */
  hang(): void
  mend(): void
  close(): Promise<void>
}

const TICK_MS = 40
const PACKET = 188
/** What a reader gets at once, as senders give it who keep some seconds back. */
const BURST_MS = 1000

/** Serves a TS file of this length as a live stream; each connection begins with the file. */
export async function serveLive(file: string, durationMs: number): Promise<LiveServer> {
  const bytes = await readFile(file)
  const open = new Set<ServerResponse>()
  let state: 'works' | 'broken' | 'hangs' = 'works'
  let connections = 0
  const server: Server = createServer((_, response) => {
    connections++
    if (state === 'broken') {
      response.destroy()
      return
    }
    open.add(response)
    response.writeHead(200, { 'content-type': 'video/mp2t' })
    const startedAt = performance.now() - BURST_MS
    let sent = 0
    const timer = setInterval(() => {
      if (state !== 'works' || response.writableNeedDrain) return
      const due = Math.floor((((performance.now() - startedAt) / durationMs) * bytes.length) / PACKET) * PACKET
      for (let left = due - sent; left > 0; ) {
        const at = sent % bytes.length
        const piece = bytes.subarray(at, at + left)
        response.write(piece)
        sent += piece.length
        left -= piece.length
      }
    }, TICK_MS)
    response.once('close', () => {
      clearInterval(timer)
      open.delete(response)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.ts`,
    get connections() {
      return connections
    },
    break: () => {
      state = 'broken'
      for (const response of open) response.destroy()
    },
    hang: () => {
      state = 'hangs'
    },
    mend: () => {
      state = 'works'
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
