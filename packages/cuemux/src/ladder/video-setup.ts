import { CuemuxError, type VideoTrack } from '@cuemux/core'
import {
  type Capabilities,
  chooseEncoder,
  type LadderRung,
  targetCodecString,
  type VideoEncoder,
  type VideoJob,
  type VideoPlan,
  type VideoSource,
} from '@cuemux/ffmpeg'
import { byFilmValues } from '../encoding/film-values.js'
import type { LadderRendition } from './model.js'
import { frameStepFor, type PlannedRung } from './rungs.js'
import type { EncoderSet, VideoRendition } from './video-ladder.js'

/** The pictures' renditions, and the encoders that may make them. */
export interface VideoSetup {
  readonly renditions: readonly VideoRendition[]
  readonly sets: readonly [EncoderSet, ...EncoderSet[]]
}

/** What {@link setUpVideo} needs to know. */
export interface VideoSetupOptions {
  readonly capabilities: Capabilities
  /** `auto`, a family or a name of encoders, as `EncoderOptions.encoder`. */
  readonly encoder: string | undefined
  /** Threads of each software encoder. */
  readonly threads: number | undefined
  /** Frames are pushed, not read out of a film. */
  readonly isPushed: boolean
  readonly source: VideoSource
  /** As it goes in. */
  readonly track: VideoTrack
  readonly plan: VideoPlan
  readonly rungs: readonly PlannedRung[]
}

/**
 * Threads of a software encoder. A film's chunks are encoded side by side, each by one thread: x264 and x265 hold the
 * peak rate by what their other threads have written so far, so that with more of them no two runs give the same bytes.
 * Pushed frames come one after the other, and need all threads for each.
 */
function usualThreads(height: number, isPushed: boolean): number {
  if (!isPushed) return 1
  return height >= 1080 ? 6 : height >= 720 ? 4 : 2
}

/**
 * Chooses the encoders of all rungs: the best that work here, and software behind them.
 *
 * @throws CuemuxError `ENCODER_MISSING`
 */
export function setUpVideo(options: VideoSetupOptions): VideoSetup {
  const { capabilities, encoder: force, plan, rungs } = options
  const irregularKeyframes = plan.frameDuration === undefined
  const choose = ({ codec }: PlannedRung, wish: string | undefined): VideoEncoder =>
    chooseEncoder(capabilities, { codec, irregularKeyframes, ...(wish === undefined ? {} : { force: wish }) })
  const best = setOf(
    options,
    rungs.map(rung => choose(rung, force)),
  )
  const software = softwareSet(options, rung => choose(rung, 'software'))
  const sets = best.family === 'software' || software === undefined ? ([best] as const) : ([best, software] as const)
  const renditions = rungs.map((rung, i) => renditionOf(options, rung, best.rungs[i] ?? best.rungs[0]))
  return { renditions, sets }
}

function softwareSet(options: VideoSetupOptions, choose: (rung: PlannedRung) => VideoEncoder): EncoderSet | undefined {
  try {
    return setOf(options, options.rungs.map(choose))
  } catch (error) {
    if (error instanceof CuemuxError && error.code === 'ENCODER_MISSING') return undefined
    throw error
  }
}

function setOf(options: VideoSetupOptions, encoders: readonly VideoEncoder[]): EncoderSet {
  const rungs = options.rungs.map((rung, i) => ladderRung(options, rung, encoders[i]))
  const [first, ...others] = rungs
  if (first === undefined) throw new CuemuxError('BAD_REQUEST', 'A ladder of pictures has at least one rung.')
  const family = encoders.find(encoder => encoder.family !== 'software')?.family ?? 'software'
  return { family, rungs: [first, ...others] }
}

function ladderRung(
  { source, threads, isPushed, plan }: VideoSetupOptions,
  rung: PlannedRung,
  encoder: VideoEncoder | undefined,
): LadderRung {
  if (encoder === undefined) throw new CuemuxError('ENCODER_MISSING', `There is no encoder for ${rung.name}.`)
  const { bitrateBps, maxBitrateBps, heightLimit, codec, maxFrameRate, size } = rung
  const job: VideoJob = {
    source,
    target: {
      codec,
      heightLimit,
      rate: { bitrateBps, maxBitrateBps, bufferBits: 2 * bitrateBps },
      keyframes: { timescale: plan.timescale, times: [] },
    },
    threads: threads ?? usualThreads(size.height, isPushed),
  }
  return { job, encoder, frameStep: frameStepFor(source.frameRate, maxFrameRate), maxFrameRate }
}

/** Frames a second; of a variable rate what the film says, as far as the rung keeps it. */
function nominalRate(
  rate: readonly [number, number] | undefined,
  { frameRate }: VideoTrack,
  { maxFrameRate = Number.POSITIVE_INFINITY }: LadderRung,
): Pick<LadderRendition, 'frameRate'> {
  if (rate !== undefined) return { frameRate: rate }
  if (frameRate === undefined) return {}
  return { frameRate: [Math.round(Math.min(frameRate, maxFrameRate) * 1000), 1000] }
}

function renditionOf({ track, plan }: VideoSetupOptions, planned: PlannedRung, rung: LadderRung): VideoRendition {
  const { frameRate } = rung.job.source
  const rate = frameRate === undefined ? undefined : ([frameRate[0], frameRate[1] * rung.frameStep] as const)
  const job: VideoJob = { ...rung.job, source: { ...rung.job.source, frameRate: rate } }
  const codec = byFilmValues(track, () => targetCodecString(job))
  const { name, size, bitrateBps, maxBitrateBps } = planned
  const { cleanAperture: _, ...kept } = track
  return {
    rendition: {
      ...{ name, kind: 'video', timescale: plan.timescale, codec, bitrateBps, maxBitrateBps },
      ...{ width: size.width, height: size.height },
      ...nominalRate(rate, track, rung),
    },
    track: {
      ...kept,
      timescale: plan.timescale,
      codec: planned.codec,
      containerCodec: planned.codec === 'h264' ? 'avc1' : planned.codec === 'hevc' ? 'hvc1' : 'av01',
      width: size.width,
      height: size.height,
      pixelAspect: size.pixelAspect,
      rotation: 0,
      reorderDelay: 2 * plan.nominalDuration * rung.frameStep,
      colour: undefined,
      hdr: {},
      bitDepth: 8,
      interlaced: false,
      sampleCount: undefined,
      bitrateBps,
    },
  }
}
