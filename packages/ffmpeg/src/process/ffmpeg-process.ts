import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { CuemuxError } from '@cuemux/core'
import { explainFailure, type FailureReason } from './failure.js'
import { holdLoop, releaseLoop } from './loop.js'
import { type FfmpegProgress, StderrLog } from './stderr-log.js'

/** How a process is started and how long it may take to end. */
export interface ProcessOptions {
  /** Path of the program. */
  readonly command: string
  /** Its arguments; never put together by a shell. */
  readonly args: readonly string[]
  /** `media`: we write the input to its stdin; `keys`: its stdin is free, and `q` ends it. */
  readonly stdin: 'media' | 'keys'
  /** How many pipes it writes to beside stdout, as `pipe:3` and on. Default 0. */
  readonly outputs?: number | undefined
  /** Ends it without a failure. */
  readonly signal?: AbortSignal | undefined
  /** Wall time without progress, while somebody {@link FfmpegProcess.expect expects} some, after which it is ended, ms. */
  readonly stallMs: number
  /** How long it may take to end after `q` or the end of its input, then after SIGTERM, ms. */
  readonly endMs: readonly [quit: number, terminate: number]
}

/** How a process ended. */
export interface ProcessExit {
  /** Exit status; `undefined` where a signal ended it or it never started. */
  readonly status: number | undefined
  readonly signal: NodeJS.Signals | undefined
  /** It ended because we wanted so. */
  readonly isOurs: boolean
}

/** What has stopped to work isn't waited for long; somebody waits for its successor. */
const STALLED_END_MS = [0, 500] as const

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** One supervised ffmpeg. Its stderr is always drained; its stdout is read by whoever started it, drained once it ends. */
export class FfmpegProcess {
  /** The pipes that it writes to beside stdout, from `pipe:3` on. Not reading one pauses the process. */
  readonly outputs: readonly Readable[]
  readonly #child: Child
  readonly #options: ProcessOptions
  readonly #log = new StderrLog()
  readonly #exit: Promise<ProcessExit>
  #hasEnded = false
  #isEnding = false
  #startError: Error | undefined
  #isStalled = false
  #expected = 0
  #held = 0
  #stallTimer: NodeJS.Timeout | undefined

  /** Starts the program; {@link FfmpegRegistry.start} is the way to do so. */
  constructor(options: ProcessOptions) {
    this.#options = options
    const pipes = Array.from({ length: options.outputs ?? 0 }, () => 'pipe' as const)
    const stdio: ['pipe', 'pipe', 'pipe', ...'pipe'[]] = ['pipe', 'pipe', 'pipe', ...pipes]
    const child = spawn(options.command, options.args, { stdio, windowsHide: true }) as Child
    this.#child = child
    this.outputs = child.stdio.slice(3) as Readable[]
    child.stderr.setEncoding('utf8')
    child.stderr.on('data', (text: string) => {
      this.#log.push(text)
      this.touch()
    })
    // A child that dies takes its pipes with it; that is told by its exit.
    for (const stream of [child.stdin, child.stdout, child.stderr, ...this.outputs]) stream.on('error', () => {})
    child.stdin.on('drain', () => this.touch())
    const onAbort = (): void => void this.end()
    this.#exit = new Promise(resolve => {
      const finish = (status: number | null, signal: NodeJS.Signals | null): void => {
        if (this.#hasEnded) return
        this.#hasEnded = true
        this.#clearStall()
        options.signal?.removeEventListener('abort', onAbort)
        resolve({
          status: status ?? undefined,
          signal: signal ?? undefined,
          isOurs: this.#isEnding && !this.#isStalled,
        })
      }
      child.on('error', error => {
        this.#startError = error
        if (child.pid === undefined) finish(null, null)
      })
      // Not `exit`: by `close` all that it wrote has been read.
      child.on('close', finish)
    })
    if (options.signal?.aborted) onAbort()
    else options.signal?.addEventListener('abort', onAbort, { once: true })
  }

  /** Number of the process; `undefined` where it couldn't be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** What it reads, where it was started for that. */
  get stdin(): Writable {
    return this.#child.stdin
  }

  /** What it writes. Not reading it pauses the process. */
  get stdout(): Readable {
    return this.#child.stdout
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The last lines of stderr, oldest first. */
  get stderrLines(): readonly string[] {
    return this.#log.lines
  }

  /** How far it is, where it was started with `-progress pipe:2`. */
  get progress(): FfmpegProgress {
    return this.#log.progress
  }

  /** Resolves when it has ended and all that it wrote has been read; never rejects. */
  get exit(): Promise<ProcessExit> {
    return this.#exit
  }

  /** Why it failed. */
  get reason(): FailureReason {
    if (this.#startError !== undefined) return { kind: 'missing', text: this.#startError.message }
    if (this.#isStalled) {
      return { kind: 'stalled', text: `nothing came for ${this.#options.stallMs} ms` }
    }
    return explainFailure(this.#log.lines)
  }

  /** Its failure as an error: `ENCODER_MISSING` where the program isn't there, else `ENCODER_FAILED`. */
  failure(what: string): CuemuxError {
    const { text, kind } = this.reason
    const isGone = this.#startError !== undefined
    return new CuemuxError(isGone ? 'ENCODER_MISSING' : 'ENCODER_FAILED', `${what}: ffmpeg failed: ${text}.`, {
      ...(isGone ? { hint: 'Install ffmpeg, or name its path in CUEMUX_FFMPEG.' } : {}),
      cause: { kind, stderr: this.#log.lines },
    })
  }

  /** Says that it has made progress. */
  touch(): void {
    if (this.#expected > 0) this.#armStall()
  }

  /** While its input is awaited it can't get on: stops the clock of {@link expect} until the answer is called. */
  hold(): () => void {
    this.#held++
    this.#clearStall()
    return () => {
      this.#held--
      this.touch()
    }
  }

  /**
   * Nobody waits for it now: it doesn't keep our process alive, which kills it when it exits, until somebody waits for
   * it again.
   */
  rest(): void {
    if (this.#hasEnded || this.#isEnding || this.#expected > 0) return
    releaseLoop(this.#child, ...this.#child.stdio)
  }

  /**
   * Says that somebody waits for what it makes: from now on it must make progress. Call the answer when the wait is over.
   */
  expect(): () => void {
    this.#expected++
    this.#wake()
    this.#armStall()
    let isWaiting = true
    return () => {
      if (!isWaiting) return
      isWaiting = false
      if (--this.#expected > 0) return
      this.#clearStall()
      this.rest()
    }
  }

  /**
   * Ends it: the end of its input or `q`, then SIGTERM, then SIGKILL, each with its bound. Resolves when it is gone.
   *
   * @param endMs the bounds, where they are others than it was started with
   */
  async end(endMs: ProcessOptions['endMs'] = this.#options.endMs): Promise<ProcessExit> {
    if (this.#hasEnded || this.#isEnding) return this.#exit
    this.#isEnding = true
    this.#wake()
    this.#clearStall()
    const { stdin, stdout } = this.#child
    // What it still writes is nobody's; it must not block on it.
    for (const stream of [stdout, ...this.outputs]) {
      stream.removeAllListeners('data')
      stream.resume()
    }
    if (stdin.writable) {
      if (this.#options.stdin === 'keys') stdin.end('q')
      else stdin.destroy()
    }
    const [quitMs, terminateMs] = this.#isStalled ? STALLED_END_MS : endMs
    if (!(await this.#endsWithin(quitMs))) {
      this.#child.kill('SIGTERM')
      if (!(await this.#endsWithin(terminateMs))) this.#child.kill('SIGKILL')
    }
    return this.#exit
  }

  /** Ends it at once: when there is no time for anything else. */
  kill(): void {
    this.#isEnding = true
    this.#child.kill('SIGKILL')
  }

  #wake(): void {
    holdLoop(this.#child, ...this.#child.stdio)
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>(resolve => {
      timer = setTimeout(resolve, ms, false)
    })
    const isGone = await Promise.race([this.#exit.then(() => true as const), late])
    clearTimeout(timer)
    return isGone
  }

  #armStall(): void {
    if (this.#hasEnded || this.#isEnding || this.#held > 0) return
    if (this.#stallTimer !== undefined) {
      this.#stallTimer.refresh()
      return
    }
    this.#stallTimer = setTimeout(() => {
      this.#isStalled = true
      void this.end()
    }, this.#options.stallMs)
  }

  #clearStall(): void {
    clearTimeout(this.#stallTimer)
    this.#stallTimer = undefined
  }
}
