import { once } from 'node:events'

/** A stream that text or bytes are written to: `process.stdout`, or a collector in a test. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** What a command may touch of its process; tests give their own. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  /** Fires when the user asks the command to end. */
  readonly signal: AbortSignal
  /** Loads the library, only once a command needs it: `--help` must not wait for it. */
  readonly loadCuemux: () => Promise<
    Pick<
      typeof import('cuemux'),
      'openMedia' | 'createHandler' | 'createLadder' | 'createLiveStream' | 'createSessionManager' | 'toNodeListener'
    >
  >
}

/** Writes and waits until the stream takes more. What nobody reads any more is not written. */
export async function write(output: Output, data: string | Uint8Array): Promise<void> {
  if (!output.writable || output.write(data)) return
  await once(output, 'drain').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Writes one line of JSON. */
export async function writeJson(output: Output, value: unknown): Promise<void> {
  await write(output, `${JSON.stringify(value)}\n`)
}
