import { codecString } from '@cuemux/codecs'
import { CuemuxError, type SampleBatch, type SampleDescription, sliceBatch } from '@cuemux/core'
import type { KeyframePlan } from '../arguments/job.js'
import { type MediaAddress, watchReads } from '../input/loopback.js'
import type { FfmpegRegistry } from '../process/registry.js'
import { RunSet } from '../process/run-set.js'
import { EncoderHealth } from './encoder-health.js'
import { parameterSetsOf } from './parameter-sets.js'
import { type VideoEncoding, videoRunArguments } from './video-arguments.js'
import { VideoGrid, type VideoPlan } from './video-grid.js'
import { VideoRun } from './video-run.js'
import { LateStart, SEEK_MARGINS_S } from './video-segmenter.js'

/** An encoder that may be used, and the arguments of a run with it. */
export interface VideoEncoderChoice {
  /** As `nvenc`, `vaapi`, `software`: what is in trouble together. */
  readonly family: string
  /** Arguments for a run whose keyframes lie at given times on ffmpeg's clock. */
  readonly encoding: (keyframes: KeyframePlan) => VideoEncoding
}

/** Options of {@link VideoTranscoder}. */
export interface VideoTranscoderOptions {
  readonly ffmpeg: FfmpegRegistry
  /** The film: see {@link LoopbackServer}. */
  readonly input: MediaAddress
  /** Number of the track in the batches. */
  readonly trackId: number
  readonly plan: VideoPlan
  /** Encoders in the order in which they are tried; the last one is software. */
  readonly encoders: readonly [VideoEncoderChoice, ...VideoEncoderChoice[]]
  /** Which of them can be used now; shared by all transcoders of a program. */
  readonly health?: EncoderHealth | undefined
  /** How many segments a run makes ahead of what was asked for. Default 2. */
  readonly lookAheadSegments?: number | undefined
  /** A run that nobody asked for this long is ended, ms. Default 30 000. */
  readonly idleMs?: number | undefined
  /** How many runs there may be at once: viewers at different places. Default 2. */
  readonly maxRuns?: number | undefined
}

/** How long a keyframe that was made alone is kept, ms. */
const KEYFRAME_IDLE_MS = 2000
/** Keyframes that one command line holds; a run that comes to its last one is followed by another. */
const MAX_FORCED = 1000

/**
 * A track of video encoded segment by segment: one process (a run) starts at a segment and goes on; requests join the
 * one that will reach them soon. Each segment has the source's frames of its time, starts with a keyframe, and lies on
 * the plan's grid, whichever run made it.
 */
export class VideoTranscoder {
  readonly #options: VideoTranscoderOptions
  readonly #grid: VideoGrid
  readonly #runs: RunSet<VideoRun>
  /** Those that make a keyframe and nothing else. */
  readonly #keyframeRuns: RunSet<VideoRun>
  readonly #health: EncoderHealth
  #config: Uint8Array | undefined
  #onConfig: ((config: Uint8Array) => void)[] = []
  #seekMargin = 0
  #isClosed = false

  constructor(options: VideoTranscoderOptions) {
    this.#options = options
    this.#grid = new VideoGrid(options.plan)
    this.#health = options.health ?? new EncoderHealth()
    const { maxRuns = 2, idleMs = 30_000 } = options
    this.#runs = new RunSet({ maxRuns, idleMs }, n => this.#start(n))
    this.#keyframeRuns = new RunSet({ maxRuns, idleMs: KEYFRAME_IDLE_MS }, n => this.#start(n, true))
  }

  /** D, ticks of the plan: how far decode times lie before presentation times. Known before any run. */
  get reorderDelay(): number {
    return this.#grid.reorderDelay
  }

  /**
   * How the frames are decoded: what the first encoder that ran says, one for the film. Later runs with other parameter
   * sets carry theirs before each keyframe.
   *
   * @throws CuemuxError as {@link segment}
   */
  async description(signal?: AbortSignal): Promise<SampleDescription> {
    if (this.#config === undefined) {
      const known = new Promise<void>(resolve => this.#onConfig.push(() => resolve()))
      await Promise.race([known, this.segment(0, signal)])
    }
    const config = this.#config
    if (config === undefined) throw new CuemuxError('ENCODER_FAILED', 'The encoder gave no configuration.')
    return { config, codecString: codecString('h264', config) }
  }

  /**
   * The frames of segment n, on the film's clock in ticks of the plan. Where an encoder fails, the next one makes the
   * segment, and {@link EncoderHealth} tells of it; the last one is tried twice.
   *
   * @throws CuemuxError `NOT_FOUND` where there is no such segment or no frame in it, `ENCODER_FAILED` where the last
   * encoder fails too, `ENCODER_MISSING`, `CAPACITY`, `ABORTED`
   */
  async segment(n: number, signal?: AbortSignal): Promise<SampleBatch> {
    return this.#tryAll(this.#runs, n, signal)
  }

  /**
   * The keyframe with which segment n starts, alone: that of a run that has the segment or will soon, else encoded alone,
   * which takes little more than the start of a process. Decodes as the segment's own, and need not be the same to the byte.
   *
   * @throws CuemuxError as {@link segment}
   */
  async keyframe(n: number, signal?: AbortSignal): Promise<SampleBatch> {
    const batch = await this.#tryAll(this.#runs.reaches(n) ? this.#runs : this.#keyframeRuns, n, signal)
    return sliceBatch(batch, 0, 1)
  }

  async #tryAll(runs: RunSet<VideoRun>, n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    this.#grid.startOf(n)
    const { encoders } = this.#options
    let [failures, lateStarts] = [0, 0]
    while (true) {
      if (this.#isClosed) throw new CuemuxError('ABORTED', 'The transcoder is closed.')
      try {
        return await runs.segment(n, signal)
      } catch (error) {
        const isFailure = error instanceof CuemuxError && error.code === 'ENCODER_FAILED'
        if (error instanceof LateStart) lateStarts++
        else failures++
        // Each encoder may fail, and one of them twice: what died by chance is replaced.
        if (!isFailure || failures > encoders.length || lateStarts >= SEEK_MARGINS_S.length) throw error
      }
    }
  }

  /** Ends all its processes. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#runs.close(), this.#keyframeRuns.close()])
  }

  #start(segment: number, isKeyframeOnly = false): VideoRun {
    const { ffmpeg, input, trackId, lookAheadSegments: lookAhead = 2 } = this.#options
    const { encoders } = this.#options
    const encoder = this.#health.choose(encoders)
    const seekMarginS = SEEK_MARGINS_S[this.#seekMargin] ?? Number.POSITIVE_INFINITY
    const encoding = encoder.encoding(this.#keyframesFrom(segment))
    const args = videoRunArguments(input.url, { segment, seekMarginS, isKeyframeOnly }, this.#grid, encoding)
    const isLast = encoder.family === encoders.at(-1)?.family
    const over = this.#health.started(encoder.family)
    return new VideoRun({
      onEnd: over,
      inputError: watchReads(input),
      grid: this.#grid,
      trackId,
      segment,
      end: isKeyframeOnly ? segment + 1 : undefined,
      lookAhead,
      start: signal => ffmpeg.start({ args, stdin: 'keys', signal }),
      onConfig: config => this.#takeConfig(config),
      onFailure: (error, process) => {
        if (error instanceof LateStart) this.#seekMargin = Math.min(this.#seekMargin + 1, SEEK_MARGINS_S.length - 1)
        else if (error.code === 'ENCODER_FAILED' && !isLast) {
          over()
          this.#health.failed(encoder.family, process?.reason.kind ?? 'other', error.message)
        }
      },
    })
  }

  /** The planned times that lie ahead of a run, ms on ffmpeg's clock. */
  #keyframesFrom(segment: number): KeyframePlan {
    const end = Math.min(this.#grid.segmentCount, segment + MAX_FORCED)
    const times: number[] = []
    for (let n = segment + 1; n < end; n++) times.push(this.#grid.ffmpegSeconds(this.#grid.startOf(n)) * 1e6)
    return { timescale: 1_000_000, times: times.map(Math.round) }
  }

  #takeConfig(config: Uint8Array): Uint8Array | undefined {
    const first = this.#config
    if (first === undefined) {
      this.#config = config
      for (const tell of this.#onConfig.splice(0)) tell(config)
      return undefined
    }
    const isSame = first.length === config.length && first.every((byte, i) => byte === config[i])
    return isSame ? undefined : parameterSetsOf(config)
  }
}
