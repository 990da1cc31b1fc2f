import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A running `cuemux serve`. */
export interface ServedFilms {
  /** The page's address. */
  readonly url: string
  readonly media: readonly {
    readonly id: string
    readonly name: string
    readonly master: string
    readonly stream: string
  }[]
  /** Number of its process, below which its workers are. */
  readonly pid: number
  /** Ends the server; resolves with its exit code. */
  stop(): Promise<number | null>
}

/** Serves files and folders, or the sample films, as `npm start` does: the root's script, on any free port. */
export async function serveFilms(...inputs: string[]): Promise<ServedFilms> {
  const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, ...inputs, '--json', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>(resolve => child.once('close', resolve))
  const complaints: Buffer[] = []
  child.stderr.on('data', (bytes: Buffer) => complaints.push(bytes))
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('{')) continue // what the set-up says
    const { url, media } = JSON.parse(line) as Pick<ServedFilms, 'url' | 'media'>
    return {
      url,
      media,
      pid: child.pid ?? 0,
      stop: () => {
        child.kill('SIGTERM')
        return closed
      },
    }
  }
  throw new Error(`the server ended: ${Buffer.concat(complaints)}`)
}
