import { codecString } from '@cuemux/codecs'
import { CuemuxError, concatBytes, type SampleBatch, type VideoTrack } from '@cuemux/core'
import {
  type EncoderHealth,
  type FfmpegProcess,
  type FfmpegRegistry,
  LADDER_TRACK_ID,
  LadderRun,
  type LadderRung,
  ladderRunArguments,
  ladderRunPlan,
  type MediaAddress,
  parameterSetsFor,
  type RawFrames,
  rungGrid,
  SEEK_MARGINS_S,
  type VideoPlan,
} from '@cuemux/ffmpeg'
import { keyframeRangeBytes, writeInitSegment, writeVideoSegment } from '@cuemux/fmp4'
import { writeTsSegment } from '@cuemux/mpegts'
import type { LadderFormat, LadderRendition, LadderSegment } from './model.js'

/** A rung with its rendition and the track that comes out. */
export interface VideoRendition {
  readonly rendition: LadderRendition
  readonly track: VideoTrack
}

/** Encoders for all rungs that are used together. */
export interface EncoderSet {
  /** What is in trouble together: a family of hardware, or `software`. */
  readonly family: string
  readonly rungs: readonly [LadderRung, ...LadderRung[]]
}

/** Chunks that a device encodes at once: its sessions are few, and one chunk after the other keeps it busy. */
const DEVICE_CHUNKS = 2

/** What the pictures of a ladder are made of. */
export interface VideoLadderOptions {
  readonly ffmpeg: FfmpegRegistry
  readonly health: EncoderHealth
  readonly input: MediaAddress | RawFrames
  /** Of the film's own frames. */
  readonly plan: VideoPlan
  readonly renditions: readonly VideoRendition[]
  /** In the order in which they are tried; the last one is software. */
  readonly sets: readonly [EncoderSet, ...EncoderSet[]]
  /** From the film's clock to the output's, ticks of the plan. */
  readonly shift: number
  readonly format: LadderFormat
}

/** A stretch that is encoded by itself. */
export interface Chunk {
  /** Its first segment. */
  readonly first: number
  /** The segment before which it ends. */
  readonly end: number
  /** No other follows it. */
  readonly isLast: boolean
}

/** A run of a chunk, and how to say that it failed. */
export interface ChunkRun {
  readonly run: LadderRun
  readonly family: string
  /** No other encoder is behind this one. */
  readonly isLastResort: boolean
  /** The encoders' places are free again. */
  readonly over: () => void
}

/** All rungs' pictures: starts runs over chunks, and makes segments of what comes out. */
export class VideoLadder {
  readonly options: VideoLadderOptions
  readonly #configs: (Uint8Array | undefined)[] = []
  readonly #hasInit: boolean[] = []
  /** The device has too few sessions for two chunks at once. */
  hasFewSessions = false
  #set = 0
  #seekMargin = 0

  constructor(options: VideoLadderOptions) {
    this.options = options
  }

  /** How many chunks a device takes at once; `undefined` where the processor encodes. */
  get deviceChunks(): number | undefined {
    const { family } = this.options.sets[this.#set] ?? this.options.sets[0]
    if (family === 'software') return undefined
    return this.hasFewSessions ? 1 : DEVICE_CHUNKS
  }

  /** Starts a process over a chunk. */
  start(chunk: Chunk, onSegment: (rung: number, n: number, batch: SampleBatch) => void): ChunkRun {
    const { ffmpeg, health, input, plan, sets } = this.options
    const set = sets[Math.min(this.#set, sets.length - 1)] ?? sets[0]
    const clocked = 'url' in input ? plan : { ...plan, clockOffsetUs: this.#clockOffsetUs(chunk.first) }
    const seekMarginS = SEEK_MARGINS_S[this.#seekMargin] ?? Number.POSITIVE_INFINITY
    const stretch = { segment: chunk.first, end: chunk.isLast ? undefined : chunk.end, seekMarginS }
    const from = 'url' in input ? { url: input.url } : { frames: input }
    const args = ladderRunArguments(from, clocked, stretch, set.rungs)
    const before = 'url' in input ? input.sourceError : undefined
    const over = health.started(set.family)
    const run = new LadderRun({
      grids: set.rungs.map(rung => rungGrid(ladderRunPlan(from, clocked), rung)),
      segment: chunk.first,
      end: stretch.end,
      // From the beginning on there is nothing earlier to be found.
      checksStart: Number.isFinite(seekMarginS),
      start: signal =>
        ffmpeg.start({ args, stdin: 'url' in input ? 'keys' : 'media', outputs: set.rungs.length, signal }),
      inputError: () => ('url' in input && input.sourceError !== before ? input.sourceError : undefined),
      onConfig: (rung, config) => this.#takeConfig(rung, config, set),
      onSegment,
    })
    return { run, family: set.family, isLastResort: set === sets.at(-1), over }
  }

  /** Looks for the next start from farther back; whether there is such a place. */
  seekFarther(): boolean {
    this.#seekMargin++
    return this.#seekMargin < SEEK_MARGINS_S.length
  }

  /** For the rest of the job the next encoders are used. */
  giveUpOn(family: string, process: FfmpegProcess | undefined, message: string): void {
    const { sets, health } = this.options
    const current = sets[this.#set]
    if (current?.family === family && this.#set < sets.length - 1) this.#set++
    health.failed(family, process?.reason.kind ?? 'other', message)
  }

  /** A segment of a rung, with the rung's init segment where it is the first. */
  segment(rung: number, n: number, batch: SampleBatch): LadderSegment {
    const { renditions, shift, format } = this.options
    const made = renditions[rung]
    if (made === undefined) throw new CuemuxError('NOT_FOUND', `There is no rung ${rung}.`)
    const config = this.#configs[rung] ?? new Uint8Array(0)
    const description = { config, codecString: codecString(made.track.codec, config) }
    const track = { ...made.track, id: LADDER_TRACK_ID, descriptions: [description] as const }
    let start = Number.POSITIVE_INFINITY
    let duration = 0
    for (let i = 0; i < batch.count; i++) {
      start = Math.min(start, (batch.dts[i] ?? 0) + (batch.compositionOffset[i] ?? 0))
      duration += batch.duration[i] ?? 0
    }
    const segment = { rendition: made.rendition.name, number: n, start: start + shift, duration }
    if (format === 'ts') {
      const { bytes, keyframeBytes } = writeTsSegment(track, batch, shift)
      return { ...segment, data: [bytes], keyframeRange: { offset: 0, length: keyframeBytes } }
    }
    const { pieces } = writeVideoSegment(2 * n + 1, [{ batch, shift }])
    const isFirst = !this.#hasInit[rung]
    this.#hasInit[rung] = true
    return {
      ...segment,
      // One piece: views of each frame would cost an upload a call for each.
      data: [concatBytes(pieces)],
      keyframeRange: { offset: 0, length: keyframeRangeBytes(batch.size[0] ?? 0) },
      ...(isFirst ? { init: writeInitSegment([{ track }]) } : {}),
    }
  }

  /** Raw frames are counted anew in each run. */
  #clockOffsetUs(segment: number): number {
    const { times, timescale } = this.options.plan
    return ((times[segment] ?? 0) * 1e6) / timescale
  }

  #takeConfig(rung: number, config: Uint8Array, { rungs }: EncoderSet): Uint8Array | undefined {
    const first = this.#configs[rung]
    this.#configs[rung] ??= config
    const codec = rungs[rung]?.encoder.codec
    if (first === undefined || codec === undefined) return undefined
    const isSame = first.length === config.length && first.every((byte, i) => byte === config[i])
    return isSame ? undefined : parameterSetsFor(codec, config)
  }
}
