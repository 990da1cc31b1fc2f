import { CuemuxError } from '@cuemux/core'
import { FfmpegProcess, type ProcessOptions } from './ffmpeg-process.js'
import { type Slot, Slots } from './slots.js'
import { Watchdog } from './watchdog.js'

/** Limits of a {@link FfmpegRegistry}. */
export interface RegistryOptions {
  /** Path of ffmpeg; default `ffmpeg`, found in PATH. */
  readonly ffmpegPath?: string | undefined
  /** How many processes may run at once, the waiting ones included. Default 16. */
  readonly maxProcesses?: number | undefined
  /** How many requests may wait for one of them before `CAPACITY`. Default 64. */
  readonly maxWaiting?: number | undefined
  /** Wall time without progress after which a process is ended, ms. Default 20 000. */
  readonly stallMs?: number | undefined
  /** How long a process may take to end after `q` or the end of its input, then after SIGTERM, ms. Default 3000 and 2000. */
  readonly endMs?: readonly [quit: number, terminate: number] | undefined
  /** Told of each process that is started, where it was asked for. */
  readonly onStart?: ((pid: number, exit: Promise<unknown>) => void) | undefined
}

/** What each process decides for itself; the rest is the registry's. */
export interface StartOptions {
  readonly args: readonly string[]
  readonly stdin: 'media' | 'keys'
  /** How many pipes it writes to beside stdout, as `pipe:3` and on. Default 0. */
  readonly outputs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Another program than ffmpeg, as `ffprobe`. */
  readonly command?: string | undefined
  /** Fails at once instead of waiting for a free place. */
  readonly isOptional?: boolean | undefined
}

/**
 * All children in one place: limits how many there are, ends them all, and lets none outlive this process: those that
 * read from us or write to us end with their pipes, the others are ended by a watchdog.
 */
export class FfmpegRegistry {
  readonly #ffmpegPath: string
  readonly #stallMs: number
  readonly #endMs: readonly [number, number]
  readonly #onStart: RegistryOptions['onStart']
  readonly #slots: Slots
  readonly #running = new Set<FfmpegProcess>()
  readonly #watchdog = new Watchdog()
  readonly #reclaimers = new Set<() => boolean>()
  #isClosed = false

  constructor(options: RegistryOptions = {}) {
    this.#ffmpegPath = options.ffmpegPath ?? 'ffmpeg'
    this.#stallMs = options.stallMs ?? 20_000
    this.#endMs = options.endMs ?? [3000, 2000]
    this.#onStart = options.onStart
    this.#slots = new Slots(options.maxProcesses ?? 16, options.maxWaiting ?? 64, 'ffmpeg processes')
    watchExit(this.#running)
  }

  /** Path of ffmpeg. */
  get ffmpegPath(): string {
    return this.#ffmpegPath
  }

  /** How many processes run now. */
  get size(): number {
    return this.#running.size
  }

  /**
   * Names somebody who keeps processes that only wait: called when a place is wanted and none is free; answers whether
   * it ends one. Call the answer to be forgotten.
   */
  onPressure(reclaim: () => boolean): () => void {
    this.#reclaimers.add(reclaim)
    return () => void this.#reclaimers.delete(reclaim)
  }

  /**
   * Starts a process as soon as there is a place for it.
   *
   * @throws CuemuxError `CAPACITY` where too many wait, `ABORTED`; a program that isn't there shows in the process's exit
   */
  async start(options: StartOptions): Promise<FfmpegProcess> {
    const slot = options.isOptional ? this.#slots.tryAcquire() : await this.#acquire(options.signal)
    if (slot === undefined) {
      throw new CuemuxError('CAPACITY', `All ${this.#slots.limit} ffmpeg processes are taken.`)
    }
    if (this.#isClosed) {
      slot.release()
      throw new CuemuxError('ABORTED', 'The registry of ffmpeg processes is closed.')
    }
    const processOptions: ProcessOptions = {
      command: options.command ?? this.#ffmpegPath,
      args: options.args,
      stdin: options.stdin,
      outputs: options.outputs,
      signal: options.signal,
      stallMs: this.#stallMs,
      endMs: this.#endMs,
    }
    let child: FfmpegProcess
    try {
      child = new FfmpegProcess(processOptions)
    } catch (error) {
      slot.release()
      throw new CuemuxError('ENCODER_MISSING', 'ffmpeg can not be started.', { cause: error })
    }
    this.#running.add(child)
    const { pid } = child
    if (pid !== undefined) this.#watchdog.add(pid)
    if (pid !== undefined) this.#onStart?.(pid, child.exit)
    void child.exit.then(() => {
      this.#running.delete(child)
      if (pid !== undefined) this.#watchdog.remove(pid)
      slot.release()
    })
    return child
  }

  #acquire(signal: AbortSignal | undefined): Promise<Slot> {
    const free = this.#slots.tryAcquire()
    if (free !== undefined) return Promise.resolve(free)
    for (const reclaim of this.#reclaimers) if (reclaim()) break
    return this.#slots.acquire(signal)
  }

  /** Ends all processes and starts no more. Resolves when all are gone. */
  async closeAll(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running].map(child => child.end()))
    watched.delete(this.#running)
    if (watched.size === 0) process.off('exit', killAll)
    this.#watchdog.close()
  }
}

/** The children of each registry. */
const watched = new Set<ReadonlySet<FfmpegProcess>>()

/** Our own exit is theirs: one listener for all registries. */
function watchExit(running: ReadonlySet<FfmpegProcess>): void {
  if (watched.size === 0) process.on('exit', killAll)
  watched.add(running)
}

function killAll(): void {
  for (const running of watched) for (const child of running) child.kill()
}
