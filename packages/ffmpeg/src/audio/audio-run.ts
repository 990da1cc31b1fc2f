import { type CuemuxError, createSampleBatch, SAMPLE_SYNC, type SampleBatch, toCuemuxError } from '@cuemux/core'
import type { FfmpegProcess } from '../process/ffmpeg-process.js'
import type { Run } from '../process/run-set.js'
import { aborted, noSamples, SegmentWaiters } from '../process/segment-waiters.js'
import { AdtsReader } from './adts.js'
import { AAC_FRAME, type AudioGrid } from './grid.js'
import type { SampleFeed } from './sample-feed.js'

/** What a run is made of. */
export interface AudioRunOptions {
  readonly grid: AudioGrid
  /** Number of the track in the batches. */
  readonly trackId: number
  /** The segment that the run is started for. */
  readonly segment: number
  /** The frame with which its encoder starts. */
  readonly startFrame: number
  /** How many segments it makes ahead of what was asked for; with 0 it makes the one that it is started for. */
  readonly lookAhead: number
  /** Starts its process. */
  readonly start: (signal: AbortSignal) => Promise<FfmpegProcess>
  /** Why the input that the process reads by itself couldn't be read, where that is so. */
  readonly inputError?: (() => CuemuxError | undefined) | undefined
  /** What is written to the process; without it the process reads by itself and is paused when it is far enough ahead. */
  readonly feed?: SampleFeed | undefined
}

/** Segments behind the last one asked for that stay: players ask out of order now and then. */
const KEPT_BEHIND = 2

/** One encoder that started at a segment and goes on from there. */
export class AudioRun implements Run {
  readonly #options: AudioRunOptions
  readonly #abort = new AbortController()
  readonly #frames = new Map<number, Uint8Array>()
  readonly #waiters = new SegmentWaiters()
  readonly #reader = new AdtsReader()
  #process: FfmpegProcess | undefined
  /** Until it has started, and all of its input is written. */
  readonly #living: Promise<void>
  /** The grid's number of the frame that comes next. */
  #nextFrame: number
  /** The first segment of which all frames are still here. */
  #firstKept: number
  /** The last segment that is to be made as things are. */
  #target: number
  #error: CuemuxError | undefined
  #isFinished = false
  #wake: () => void = () => {}
  #release: () => void = () => {}

  constructor(options: AudioRunOptions) {
    this.#options = options
    // The encoder's first packet is its priming: it belongs to the time before its first sample.
    this.#nextFrame = options.startFrame - 1
    this.#firstKept = options.segment
    this.#target = options.segment + options.lookAhead
    this.#living = this.#live().catch(error => this.#fail(toCuemuxError(error, 'ENCODER_FAILED')))
  }

  /** Whether it can give no more segments. */
  get isOver(): boolean {
    return this.#error !== undefined
  }

  /** Whether somebody waits for one of its segments. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0
  }

  /** Whether it has a segment, or will soon without being asked. */
  reaches(n: number): boolean {
    const isAhead = this.#options.lookAhead > 0
    return !this.isOver && n >= this.#firstKept && n <= (isAhead ? this.#target + 1 : this.#options.segment)
  }

  /**
   * The frames of segment n, which the run {@link reaches}.
   *
   * @throws CuemuxError `ENCODER_FAILED`, `NOT_FOUND` where the track has no sound there, and what reading the samples throws
   */
  segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    const batch = this.#waiters.wait(n, signal)
    this.#target = Math.max(this.#target, n + this.#options.lookAhead)
    this.#expect()
    this.#process?.stdout.resume()
    this.#wake()
    this.#serve()
    return batch
  }

  /** Ends it; those that wait get `ABORTED`. */
  async end(): Promise<void> {
    this.#fail(aborted())
    await this.#process?.end()
    await this.#living
  }

  async #live(): Promise<void> {
    const process = await this.#options.start(this.#abort.signal)
    this.#process = process
    if (this.#abort.signal.aborted) {
      await process.end()
      return
    }
    process.stdout.on('data', (piece: Uint8Array) => this.#take(piece))
    void process.exit.then(({ status }) => this.#onExit(status, process))
    this.#expect()
    if (this.#options.feed !== undefined) await this.#write(this.#options.feed, process)
  }

  /** Writes segment after segment, as far ahead as is wanted. */
  async #write(feed: SampleFeed, process: FfmpegProcess): Promise<void> {
    for (let n = this.#options.segment; !feed.hasEnded; n++) {
      while (n > this.#target && !this.isOver) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
      if (this.isOver || process.hasEnded) return
      await feed.writeThrough(n, process, this.#abort.signal)
      if (this.#options.lookAhead === 0) feed.end(process)
    }
  }

  #take(piece: Uint8Array): void {
    try {
      const { grid, feed } = this.#options
      this.#process?.touch()
      const { first } = grid.framesOf(this.#firstKept)
      for (const frame of this.#reader.push(piece)) {
        const number = this.#nextFrame++
        if (number >= first) this.#frames.set(number, frame)
      }
      const limit = grid.framesOf(Math.min(this.#target, grid.segmentCount - 1)).end
      if (feed === undefined && this.#nextFrame >= limit) this.#process?.stdout.pause()
      this.#serve()
    } catch (error) {
      this.#fail(toCuemuxError(error, 'ENCODER_FAILED'))
      void this.#process?.end()
    }
  }

  #onExit(status: number | undefined, process: FfmpegProcess): void {
    const { feed, inputError, startFrame } = this.#options
    const hadNothing = feed?.hasEnded && !feed.hasSamples
    // An ffmpeg that loses its input, or gives nothing for it, may call that a success.
    const lostAll = feed?.hasKeptSound === true && this.#nextFrame < startFrame
    const hasAll = status === 0 && feed?.hasEnded !== false && !lostAll
    const error = inputError?.()
    if (error !== undefined || (!hasAll && !hadNothing)) {
      this.#fail(error ?? process.failure('The sound could not be encoded'))
      return
    }
    this.#isFinished = true
    this.#serve()
  }

  /** Gives those who wait what is there. */
  #serve(): void {
    const { grid } = this.#options
    const latest = this.#waiters.serve(n => {
      const isComplete = this.#isFinished || this.#nextFrame >= grid.framesOf(n).end
      return isComplete ? (this.#batch(n) ?? noSamples(n)) : undefined
    })
    if (this.#waiters.size === 0) this.#release()
    this.#forgetBefore(latest - KEPT_BEHIND)
  }

  #batch(n: number): SampleBatch | undefined {
    const { grid, trackId } = this.#options
    const { first, end } = grid.framesOf(n)
    const count = Math.max(0, Math.min(end, this.#nextFrame) - first)
    if (count === 0) return undefined
    const batch = createSampleBatch(trackId, grid.rate, count)
    for (let i = 0; i < count; i++) {
      const frame = this.#frames.get(first + i) ?? new Uint8Array(0)
      batch.dts[i] = grid.timeOf(first + i)
      batch.size[i] = frame.length
      batch.data.push(frame)
    }
    batch.duration.fill(AAC_FRAME)
    batch.flags.fill(SAMPLE_SYNC)
    return batch
  }

  #forgetBefore(segment: number): void {
    if (segment <= this.#firstKept) return
    const { first } = this.#options.grid.framesOf(segment)
    for (const number of this.#frames.keys()) {
      if (number >= first) break
      this.#frames.delete(number)
    }
    this.#firstKept = segment
  }

  /** While somebody waits, the process must get on. */
  #expect(): void {
    if (this.#process === undefined || this.#waiters.size === 0) return
    const previous = this.#release
    this.#release = this.#process.expect()
    previous()
  }

  #fail(error: CuemuxError): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#abort.abort()
    this.#frames.clear()
    this.#waiters.fail(error)
    this.#release()
    this.#wake()
    void this.#process?.end()
  }
}
