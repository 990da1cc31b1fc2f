import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ServedFilms } from './server.js'

const COMMAND = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

/** A running `cuemux serve --sessions`. */
export interface SessionServer extends Pick<ServedFilms, 'url' | 'media'> {
  readonly process: ChildProcess
  /** Resolves with the signal or code that it ended by. */
  readonly ended: Promise<NodeJS.Signals | number | null>
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Serves films through sessions in a folder, by a process of its own. */
export async function serveSessions(folder: string, port: number, ...inputs: string[]): Promise<SessionServer> {
  const args = [COMMAND, 'serve', ...inputs, '--sessions', folder, '--port', String(port), '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | number | null>(resolve =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  )
  for await (const line of createInterface(child.stdout)) {
    const { url, media } = JSON.parse(line) as Pick<ServedFilms, 'url' | 'media'>
    return { url, media, process: child, ended }
  }
  throw new Error(`The server ended: ${await ended}`)
}
