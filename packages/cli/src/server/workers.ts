import type { Worker } from 'node:cluster'
import { on, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a worker is told when it shall end; a signal would count as the user's second one, which ends it at once. */
const END = 'end'

/** How long workers may take to end, ms. */
const END_MS = 10_000

/** How soon a worker that has died gets a successor, ms: one that dies at its start must not take the whole machine. */
const SUCCESSOR_MS = 1000

/** What all workers are started with. */
export interface WorkersOptions {
  readonly count: number
  /** The arguments of each, without those of the two below. */
  readonly args: readonly string[]
  readonly inputs: readonly string[]
  /** Where they keep indexes and segments; a folder of their own while they run where none is named. */
  readonly cache: string | undefined
  readonly signal: AbortSignal
  /** Called once, when all of them listen. */
  readonly onReady: () => Promise<void>
}

/**
 * Runs worker processes that share one port, and a cache, until the signal fires. A worker that dies gets a successor;
 * all of them end with this process.
 */
export async function runWorkers({ count, args, inputs, cache, signal, onReady }: WorkersOptions): Promise<void> {
  const { default: cluster } = await import('node:cluster')
  const folder = cache === undefined ? await mkdtemp(join(tmpdir(), 'cuemux-cache-')) : undefined
  const workers = new Set<Worker>()
  const start = (): Worker => {
    const worker = cluster.fork()
    workers.add(worker)
    worker.once('exit', () => {
      workers.delete(worker)
      if (!signal.aborted) setTimeout(() => signal.aborted || start(), SUCCESSOR_MS).unref()
    })
    return worker
  }
  cluster.setupPrimary({ args: [...args, '--cache', cache ?? (folder as string), '--', ...inputs] })
  try {
    await Promise.race([Promise.all(Array.from({ length: count }, () => once(start(), 'listening'))), aborted(signal)])
    if (!signal.aborted) await onReady()
    await aborted(signal)
  } finally {
    await Promise.all([...workers].map(endWorker))
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}

/** In a worker: resolves once it is told to end, by the first process or the user. */
export async function toldToEnd(signal: AbortSignal): Promise<void> {
  const listening = new AbortController()
  const told = async (): Promise<void> => {
    for await (const [message] of on(process, 'message', { signal: listening.signal })) if (message === END) return
  }
  await Promise.race([told().catch(() => undefined), aborted(signal)])
  listening.abort()
}

/** In a worker: lets go of the channel to the first process, which alone would keep it alive. */
export function leaveWorkers(): void {
  if (process.connected) process.disconnect()
}

/** Resolves once a signal has fired. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

async function endWorker(worker: Worker): Promise<void> {
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), END_MS)
  if (worker.isConnected()) worker.send(END, () => undefined)
  if (!worker.isDead()) await once(worker, 'exit')
  clearTimeout(timer)
}
