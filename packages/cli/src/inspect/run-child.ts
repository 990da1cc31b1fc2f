import { spawn } from 'node:child_process'
import { CuemuxError } from '@cuemux/core'
import type { InspectRequest } from './request.js'
import { isTree, type TreeNode } from './tree.js'

/** What the reading process may take. */
export interface ChildLimits {
  readonly timeMs: number
  readonly heapMiB: number
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/**
 * Reads a file's structure in a process of its own: whatever its libraries do, this one goes on.
 *
 * @param script the process's entry
 * @param bytes of the request's runs, one piece after another
 * @throws CuemuxError `CORRUPT_INDEX` when the process ends without a tree, `LIMIT_EXCEEDED` for its time or memory,
 * `ABORTED`, or the error of `bytes`
 */
export async function readInChild(
  script: string,
  request: InspectRequest,
  bytes: AsyncIterable<Uint8Array>,
  limits: ChildLimits,
  signal?: AbortSignal,
): Promise<TreeNode> {
  const child = spawn(process.execPath, [`--max-old-space-size=${limits.heapMiB}`, script, JSON.stringify(request)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stopped: 'time' | 'abort' | 'output' | undefined
  const stop = (why: typeof stopped): void => {
    stopped ??= why
    child.kill('SIGKILL')
  }
  const onAbort = (): void => stop('abort')
  signal?.addEventListener('abort', onAbort)
  const timer = setTimeout(() => stop('time'), limits.timeMs)
  const ended = collect(child, () => stop('output'))
  try {
    // A process that ends early takes no more bytes: how it ended says more than the broken pipe.
    child.stdin.on('error', () => {})
    await feed(child.stdin, bytes, ended)
    const { code, stdout, stderr } = await ended
    if (signal?.aborted || stopped === 'abort') throw new CuemuxError('ABORTED', 'The operation was aborted.')
    const tree = stopped === undefined && code === 0 ? parseTree(stdout) : undefined
    if (tree === undefined) throw failure(stopped, stderr, limits)
    return tree
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    child.kill('SIGKILL')
  }
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function collect(child: ReturnType<typeof spawn>, onTooMuch: () => void): Promise<Ended> {
  const out: Buffer[] = []
  let outBytes = 0
  let stderr = ''
  child.stdout?.on('data', (piece: Buffer) => {
    outBytes += piece.length
    if (outBytes > MAX_OUTPUT_BYTES) onTooMuch()
    else out.push(piece)
  })
  child.stderr?.on('data', (piece: Buffer) => {
    stderr = (stderr + piece.toString()).slice(-16_384)
  })
  return new Promise(resolve => {
    child.on('error', error => resolve({ code: null, stdout: '', stderr: error.message }))
    child.on('close', code => resolve({ code, stdout: Buffer.concat(out).toString(), stderr }))
  })
}

async function feed(
  stdin: NodeJS.WritableStream,
  bytes: AsyncIterable<Uint8Array>,
  ended: Promise<Ended>,
): Promise<void> {
  let hasEnded = false
  const end = ended.then(() => {
    hasEnded = true
  })
  for await (const piece of bytes) {
    if (hasEnded) return
    if (!stdin.write(piece)) await Promise.race([new Promise(resolve => stdin.once('drain', resolve)), end])
  }
  stdin.end()
}

function parseTree(text: string): TreeNode | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isTree(json) ? json : undefined
  } catch {
    return undefined
  }
}

function failure(stopped: string | undefined, stderr: string, limits: ChildLimits): CuemuxError {
  if (stopped === 'time') {
    return new CuemuxError('LIMIT_EXCEEDED', `Its structure could not be read within ${limits.timeMs / 1000} s.`)
  }
  if (stopped === 'output' || /heap out of memory|allocation failed/i.test(stderr)) {
    return new CuemuxError('LIMIT_EXCEEDED', `Its structure asks for more than ${limits.heapMiB} MiB of memory.`)
  }
  const reason = /^(?:\w*Error(?: \[\w+\])?): (.+)$/m.exec(stderr)?.[1] ?? 'no reason was given'
  return new CuemuxError('CORRUPT_INDEX', `Its structure cannot be read: ${reason}.`)
}
