import { type CuemuxError, type SampleBatch, toCuemuxError } from '@cuemux/core'
import type { FfmpegProcess } from '../process/ffmpeg-process.js'
import { aborted } from '../process/segment-waiters.js'
import { MatroskaStream } from '../video/matroska-stream.js'
import type { VideoGrid } from '../video/video-grid.js'
import { VideoSegmenter } from '../video/video-segmenter.js'

/** What a run is made of. */
export interface LadderRunOptions {
  /** One for each rung: see `rungGrid`. */
  readonly grids: readonly VideoGrid[]
  /** The first segment, and the one before which it ends; undefined: it goes to the end of the input. */
  readonly segment: number
  readonly end: number | undefined
  /** Whether the first frame has to lie where the first segment is planned to start. */
  readonly checksStart: boolean
  /** Starts its process, which writes to as many pipes as there are grids. */
  readonly start: (signal: AbortSignal) => Promise<FfmpegProcess>
  /** Why the film couldn't be read, where that is so. */
  readonly inputError: () => CuemuxError | undefined
  /** Told of a rung's configuration before its first frame; answers what is put before each keyframe, if anything. */
  readonly onConfig: (rung: number, config: Uint8Array) => Uint8Array | undefined
  /** Told of each finished segment that has frames; each rung's in order. */
  readonly onSegment: (rung: number, n: number, batch: SampleBatch) => void
}

/** Number of the track in a rung's batches. */
export const LADDER_TRACK_ID = 1

interface Output {
  readonly stream: MatroskaStream
  readonly segmenter: VideoSegmenter
}

/** One process that makes a stretch of segments of all rungs, and can be paused. */
export class LadderRun {
  /** Settles when all segments of the stretch are made; rejects with `ENCODER_FAILED`, `ABORTED` and others. */
  readonly done: Promise<void>
  /** Resolves when its process is started, if it ever is. */
  readonly started: Promise<FfmpegProcess>
  readonly #options: LadderRunOptions
  readonly #abort = new AbortController()
  readonly #outputs: readonly Output[]
  #process: FfmpegProcess | undefined
  #hasOutput = false
  #isPaused = false
  #isAwaited = true
  #error: CuemuxError | undefined
  #release: () => void = () => {}
  #tellStarted: (process: FfmpegProcess) => void = () => {}

  constructor(options: LadderRunOptions) {
    this.#options = options
    this.#outputs = options.grids.map((grid, rung) => this.#output(grid, rung))
    this.started = new Promise(resolve => {
      this.#tellStarted = resolve
    })
    this.done = this.#live().finally(() => this.#release())
    this.done.catch(() => {})
  }

  /** Its process, once it is started. */
  get process(): FfmpegProcess | undefined {
    return this.#process
  }

  /** Stops reading what it makes: it waits with a full pipe. */
  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    for (const pipe of this.#process?.outputs ?? []) pipe.pause()
    this.#expect()
  }

  /** Goes on. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    for (const pipe of this.#process?.outputs ?? []) pipe.resume()
    this.#expect()
  }

  /** Whether it has all that it needs to go on: while it waits for frames it isn't expected to. */
  set isAwaited(isAwaited: boolean) {
    this.#isAwaited = isAwaited
    this.#expect()
  }

  /** Ends it; `done` rejects with `ABORTED` unless it is over. */
  async end(): Promise<void> {
    this.#error ??= aborted()
    this.#abort.abort()
    await this.#process?.end()
    await this.done.catch(() => {})
  }

  #output(grid: VideoGrid, rung: number): Output {
    const { segment, end, checksStart, onSegment, onConfig } = this.#options
    const segmenter = new VideoSegmenter({
      grid,
      trackId: LADDER_TRACK_ID,
      segment,
      checksStart,
      // Where frames have a fixed length the input is cut before that.
      end: grid.plan.frameDuration === undefined ? end : undefined,
      onSegment: (n, batch) => onSegment(rung, n, batch),
    })
    const stream = new MatroskaStream({
      onConfig: config => {
        segmenter.parameterSets = onConfig(rung, config)
      },
      onFrame: frame => segmenter.take(frame),
    })
    return { stream, segmenter }
  }

  async #live(): Promise<void> {
    const process = await this.#options.start(this.#abort.signal)
    this.#process = process
    process.stdout.resume()
    process.outputs.forEach((pipe, rung) => {
      const output = this.#outputs[rung]
      if (output === undefined) return
      pipe.on('data', (piece: Uint8Array) => this.#take(output, piece))
      if (this.#isPaused) pipe.pause()
    })
    this.#expect()
    this.#tellStarted(process)
    const { status } = await process.exit
    this.#finish(status, process)
  }

  #take({ stream, segmenter }: Output, piece: Uint8Array): void {
    if (this.#error !== undefined || segmenter.isComplete) return
    try {
      this.#process?.touch()
      this.#hasOutput = true
      stream.push(piece)
      if (segmenter.isComplete && this.#outputs.every(output => output.segmenter.isComplete)) void this.#process?.end()
    } catch (error) {
      this.#error = toCuemuxError(error, 'ENCODER_FAILED')
      void this.#process?.end()
    }
  }

  /** The process is gone: all of it was read. */
  #finish(status: number | undefined, process: FfmpegProcess): void {
    if (this.#error !== undefined) throw this.#error
    if (this.#outputs.every(({ segmenter }) => segmenter.isComplete)) return
    // An ffmpeg that loses its input, or gives nothing for it, may call that a success.
    const lost = this.#options.inputError()
    if (lost !== undefined) throw lost
    if (status !== 0 || (!this.#hasOutput && this.#isFirst)) {
      throw process.failure('The ladder could not be encoded')
    }
    for (const { stream, segmenter } of this.#outputs) {
      stream.end()
      segmenter.end()
    }
  }

  get #isFirst(): boolean {
    const { grids, segment } = this.#options
    return grids.some(grid => grid.isFirst(segment))
  }

  /** While somebody waits, the process must get on. */
  #expect(): void {
    const previous = this.#release
    const isExpected = this.#process !== undefined && !this.#isPaused && this.#isAwaited
    this.#release = isExpected ? (this.#process?.expect() ?? (() => {})) : () => {}
    previous()
  }
}
