import { availableParallelism } from 'node:os'
import { writeAudioSpecificConfig } from '@cuemux/codecs'
import { type AudioTrack, CuemuxError, rescale, type SampleBatch, type SampleDescription } from '@cuemux/core'
import { feedCodec } from '../input/feed-codec.js'
import { watchReads } from '../input/loopback.js'
import { ProcessPool } from '../process/process-pool.js'
import type { FfmpegRegistry } from '../process/registry.js'
import { type Run, RunSet } from '../process/run-set.js'
import {
  type AddressStart,
  type AudioAddress,
  type AudioEncoding,
  type AudioTarget,
  addressRunArguments,
  checkTarget,
  feedRunArguments,
} from './audio-arguments.js'
import { AudioRun } from './audio-run.js'
import { AAC_FRAME, AudioGrid, type SegmentTimes } from './grid.js'
import { type ReadSamples, SampleFeed } from './sample-feed.js'
import { SplitRun } from './split-run.js'

/** Options of {@link AudioTranscoder}. */
export interface AudioTranscoderOptions {
  /** Where its processes are started. */
  readonly ffmpeg: FfmpegRegistry
  /** Processes that wait; by default a pool of its own with one. */
  readonly pool?: ProcessPool | undefined
  /** The track that is encoded, with its start known: see `Demuxer.readTrackStart`. */
  readonly track: AudioTrack
  readonly target: AudioTarget
  /** Where the film's segments start. */
  readonly segments: SegmentTimes
  /** Where the sound comes from: our own demuxer's samples, or an address that ffmpeg reads. */
  readonly input: ReadSamples | AudioAddress
  /** How it is mixed and encoded: see {@link audioEncodeArguments}, whose channels and rates are to be the target's. */
  readonly encoding?: AudioEncoding | undefined
  /** How many segments a run makes ahead of what was asked for. With 0 each segment has a process of its own and comes
   * out the same to the byte in any order. Default 2. */
  readonly lookAheadSegments?: number | undefined
  /** How many frames a run encodes before those that it is started for, to settle. Default 12. */
  readonly prerollFrames?: number | undefined
  /** A run that nobody asked for this long is ended, ms. Default 20 000. */
  readonly idleMs?: number | undefined
  /** How many runs there may be at once: viewers at different places. Default 4. */
  readonly maxRuns?: number | undefined
}

/**
 * A track of sound as AAC, segment by segment in any order. Each segment holds the frames of one film-wide grid that
 * start in it, so that segments join to the sample whoever made them: in play order one process goes on (a run), and
 * anywhere else a waiting process starts with a pre-roll that is not kept.
 */
export class AudioTranscoder {
  /** The track as it comes out: AAC, times in samples of the target's rate, priming of 1024. */
  readonly track: AudioTrack
  /** How the frames are decoded: known before any of them is made. */
  readonly description: SampleDescription
  readonly #options: AudioTranscoderOptions
  readonly #grid: AudioGrid
  readonly #pool: ProcessPool
  readonly #feedArguments: readonly string[]
  readonly #runs: RunSet<Run>
  #isClosed = false

  /** @throws CuemuxError `BAD_REQUEST` for a target that AAC can't have, `UNSUPPORTED_CODEC` for samples that can't be fed */
  constructor(options: AudioTranscoderOptions) {
    checkTarget(options.target)
    this.#options = options
    const { track, target, segments, encoding, input, maxRuns = 4, idleMs = 20_000 } = options
    if (typeof input === 'function') feedCodec(track, track.descriptions[0].config)
    this.#runs = new RunSet({ maxRuns, idleMs }, n => this.#start(n))
    this.#grid = new AudioGrid(track, target.sampleRate, segments)
    this.#pool = options.pool ?? new ProcessPool(options.ffmpeg, { size: POOL_SIZE })
    this.#feedArguments = feedRunArguments(target, encoding)
    const config = writeAudioSpecificConfig({ sampleRate: target.sampleRate, channels: target.channels })
    this.description = { config, codecString: 'mp4a.40.2' }
    this.track = encodedTrack(track, target, this.description, this.#grid)
  }

  /** Starts the process that the first request will take. */
  async warm(): Promise<void> {
    if (typeof this.#options.input === 'function') await this.#pool.warm(this.#feedArguments)
  }

  /**
   * The frames of segment n, times on the film's clock in ticks of the target's sample rate. A process that fails is
   * replaced once.
   *
   * @throws CuemuxError `NOT_FOUND` where there is no such segment or no sound in it, `ENCODER_FAILED`,
   * `ENCODER_MISSING`, `CAPACITY`, `ABORTED`, and what reading the samples throws
   */
  async segment(n: number, signal?: AbortSignal): Promise<SampleBatch> {
    this.#grid.framesOf(n)
    for (let attempt = 0; ; attempt++) {
      if (this.#isClosed) throw new CuemuxError('ABORTED', 'The transcoder is closed.')
      try {
        return await this.#runs.segment(n, signal)
      } catch (error) {
        const isFailure = error instanceof CuemuxError && error.code === 'ENCODER_FAILED'
        if (!isFailure || attempt > 0) throw error
      }
    }
  }

  /** Ends all its processes. */
  async close(): Promise<void> {
    this.#isClosed = true
    const ends = [this.#runs.close()]
    if (this.#options.pool === undefined) ends.push(this.#pool.close())
    await Promise.all(ends)
  }

  #start(n: number): Run {
    const { input, lookAheadSegments: lookAhead = DEFAULT_LOOK_AHEAD } = this.#options
    if (typeof input !== 'function') return this.#startAt(input, n, lookAhead)
    const halves = lookAhead > 0 && this.#pool.waiting(this.#feedArguments) > 1 ? this.#grid.halves(n) : undefined
    if (halves === undefined) return this.#startFed(this.#grid, input, n, lookAhead)
    const [head, tail] = halves
    return new SplitRun(n, this.#startFed(head, input, n, 0), this.#startFed(tail, input, n, lookAhead))
  }

  #startFed(grid: AudioGrid, read: ReadSamples, segment: number, lookAhead: number): AudioRun {
    const { track, prerollFrames } = this.#options
    const startFrame = grid.startFor(grid.framesOf(segment).first, prerollFrames)
    return new AudioRun({
      ...{ grid, trackId: track.id, segment, startFrame, lookAhead },
      feed: new SampleFeed(track, grid, read, startFrame, segment),
      start: signal => this.#pool.take(this.#feedArguments, signal),
    })
  }

  #startAt(address: AudioAddress, segment: number, lookAhead: number): AudioRun {
    const { track, ffmpeg, prerollFrames } = this.#options
    const startFrame = this.#grid.startFor(this.#grid.framesOf(segment).first, prerollFrames)
    const args = this.#addressArguments(address, startFrame)
    return new AudioRun({
      ...{ grid: this.#grid, trackId: track.id, segment, startFrame, lookAhead },
      inputError: watchReads(address.input),
      start: signal => ffmpeg.start({ args, stdin: 'keys', signal }),
    })
  }

  #addressArguments(address: AudioAddress, startFrame: number): readonly string[] {
    const { track, target, encoding } = this.#options
    const offsetTicks = ((address.clockOffsetUs ?? 0) * track.timescale) / 1e6
    const sourceTicks = this.#grid.sourceTicks(startFrame) - offsetTicks
    const timeS = sourceTicks / track.timescale
    const start: AddressStart = {
      // Demuxers without an index come to a place after the one that was asked for.
      seekS: startFrame === 0 ? 0 : Math.max(0, timeS - SEEK_MARGIN_S),
      sourcePts: Math.round((sourceTicks * track.sampleRate) / track.timescale),
      targetPts: rescale(Math.round(sourceTicks), track.timescale, target.sampleRate),
    }
    return addressRunArguments(address, start, target, encoding)
  }
}

const SEEK_MARGIN_S = 2
const DEFAULT_LOOK_AHEAD = 2
/** Two make halves of a segment at once where there are cores for both. */
const POOL_SIZE = Math.min(2, availableParallelism())

function encodedTrack(
  track: AudioTrack,
  target: AudioTarget,
  description: SampleDescription,
  grid: AudioGrid,
): AudioTrack {
  const { hasJoc: _, bitDepth: __, seekPreroll: ___, ...kept } = track
  return {
    ...kept,
    codec: 'aac',
    containerCodec: 'mp4a',
    timescale: target.sampleRate,
    descriptions: [description],
    start: grid.origin,
    end: track.end === undefined ? undefined : rescale(track.end, track.timescale, target.sampleRate),
    bitrateBps: target.bitrateBps,
    sampleCount: undefined,
    sampleRate: target.sampleRate,
    channels: target.channels,
    frameDuration: AAC_FRAME,
    priming: AAC_FRAME,
    bitDepth: undefined,
    hasJoc: false,
  }
}
