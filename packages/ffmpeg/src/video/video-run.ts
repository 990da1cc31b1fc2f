import { type CuemuxError, type SampleBatch, toCuemuxError } from '@cuemux/core'
import type { FfmpegProcess } from '../process/ffmpeg-process.js'
import type { Run } from '../process/run-set.js'
import { aborted, noSamples, SegmentWaiters } from '../process/segment-waiters.js'
import { MatroskaStream } from './matroska-stream.js'
import type { VideoGrid } from './video-grid.js'
import { VideoSegmenter } from './video-segmenter.js'

/** What a run is made of. */
export interface VideoRunOptions {
  readonly grid: VideoGrid
  /** Number of the track in the batches. */
  readonly trackId: number
  /** The segment that it starts with. */
  readonly segment: number
  /** The segment before which it ends; all that follow where absent. */
  readonly end?: number | undefined
  /** How many segments it makes ahead of what was asked for. */
  readonly lookAhead: number
  readonly start: (signal: AbortSignal) => Promise<FfmpegProcess>
  /** Why the film couldn't be read, where that is so. */
  readonly inputError: () => CuemuxError | undefined
  /** Told of the encoder's configuration before the first frame; answers what is put before each keyframe, if anything. */
  readonly onConfig: (config: Uint8Array) => Uint8Array | undefined
  /** Told once when its process is gone, or it never had one. */
  readonly onEnd: () => void
  /** Told once when it fails. */
  readonly onFailure: (error: CuemuxError, process: FfmpegProcess | undefined) => void
}

/** Segments behind the last one asked for that stay: players ask out of order now and then. */
const KEPT_BEHIND = 2

/** One encoder that started at a segment and goes on from there, paused while it is far enough ahead. */
export class VideoRun implements Run {
  readonly #options: VideoRunOptions
  readonly #abort = new AbortController()
  readonly #waiters = new SegmentWaiters()
  readonly #segments = new Map<number, SampleBatch>()
  readonly #stream: MatroskaStream
  #process: FfmpegProcess | undefined
  /** Until it has started, and all of its input is written. */
  readonly #living: Promise<void>
  readonly #segmenter: VideoSegmenter
  #target: number
  #firstKept: number
  #error: CuemuxError | undefined
  #isFinished = false
  #hasOutput = false
  #release: () => void = () => {}

  constructor(options: VideoRunOptions) {
    this.#options = options
    const { grid, trackId, segment, end } = options
    this.#segmenter = new VideoSegmenter({
      grid,
      trackId,
      segment,
      end,
      onSegment: (n, batch) => void this.#segments.set(n, batch),
    })
    this.#firstKept = options.segment
    this.#target = options.segment + options.lookAhead
    this.#stream = new MatroskaStream({
      onConfig: config => {
        this.#segmenter.parameterSets = options.onConfig(config)
      },
      onFrame: frame => this.#segmenter.take(frame),
    })
    this.#living = this.#live().catch(error => {
      this.#fail(toCuemuxError(error, 'ENCODER_FAILED'))
      options.onEnd()
    })
  }

  get isOver(): boolean {
    return this.#error !== undefined
  }

  get isAwaited(): boolean {
    return this.#waiters.size > 0
  }

  reaches(n: number): boolean {
    const { end = Number.POSITIVE_INFINITY } = this.#options
    return !this.isOver && n >= this.#firstKept && n <= this.#target + 1 && n < end
  }

  /**
   * The frames of segment n, which the run {@link reaches}.
   *
   * @throws CuemuxError `ENCODER_FAILED`, `NOT_FOUND` where the film has no frame there, `ABORTED`
   */
  segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    const batch = this.#waiters.wait(n, signal)
    this.#target = Math.max(this.#target, n + this.#options.lookAhead)
    this.#expect()
    this.#process?.stdout.resume()
    this.#serve()
    return batch
  }

  async end(): Promise<void> {
    this.#stop(aborted())
    await this.#process?.end()
    await this.#living
  }

  async #live(): Promise<void> {
    const process = await this.#options.start(this.#abort.signal)
    this.#process = process
    void process.exit.then(this.#options.onEnd)
    if (this.#abort.signal.aborted) {
      await process.end()
      return
    }
    process.stdout.on('data', (piece: Uint8Array) => this.#take(piece))
    void process.exit.then(({ status }) => this.#onExit(status, process))
    this.#expect()
  }

  #take(piece: Uint8Array): void {
    try {
      this.#process?.touch()
      this.#hasOutput = true
      this.#stream.push(piece)
      if (this.#segmenter.current > this.#target) this.#process?.stdout.pause()
      this.#serve()
    } catch (error) {
      this.#fail(toCuemuxError(error, 'ENCODER_FAILED'))
    }
  }

  #onExit(status: number | undefined, process: FfmpegProcess): void {
    if (this.isOver) return
    try {
      // An ffmpeg that loses its input, or gives nothing for it, may call that a success.
      const error = this.#options.inputError()
      if (error !== undefined) throw error
      if (status === 0) this.#stream.end()
      if (status !== 0 || !this.#hasOutput) throw process.failure('The video could not be encoded')
      this.#segmenter.end()
      this.#isFinished = true
      this.#serve()
    } catch (error) {
      this.#fail(toCuemuxError(error, 'ENCODER_FAILED'))
    }
  }

  #serve(): void {
    const latest = this.#waiters.serve(n => {
      const batch = this.#segments.get(n)
      if (batch !== undefined) return batch
      return this.#isFinished || n < this.#segmenter.current ? noSamples(n) : undefined
    })
    if (this.#waiters.size === 0) this.#release()
    const firstKept = latest - KEPT_BEHIND
    if (firstKept <= this.#firstKept) return
    this.#firstKept = firstKept
    for (const n of this.#segments.keys()) if (n < firstKept) this.#segments.delete(n)
  }

  /** While somebody waits, the process must get on. */
  #expect(): void {
    if (this.#process === undefined || this.#waiters.size === 0) return
    const previous = this.#release
    this.#release = this.#process.expect()
    previous()
  }

  #fail(error: CuemuxError): void {
    if (this.isOver) return
    this.#options.onFailure(error, this.#process)
    this.#stop(error)
  }

  #stop(error: CuemuxError): void {
    if (this.isOver) return
    this.#error = error
    this.#abort.abort()
    this.#segments.clear()
    this.#segmenter.clear()
    this.#waiters.fail(error)
    this.#release()
    void this.#process?.end()
  }
}
