import type { KeyframePlan, VideoJob } from '../arguments/job.js'
import { keyframesFor, timedEncoderArguments } from '../arguments/video.js'
import type { VideoEncoder } from '../capabilities/choose.js'
import { validate } from '../capabilities/schemas.js'
import { inputArguments } from '../input/input-arguments.js'
import { VideoGrid, type VideoPlan } from '../video/video-grid.js'
import { type GraphRung, ladderGraph } from './ladder-graph.js'

/** A rung of a ladder and what encodes it. */
export interface LadderRung {
  /** The film as it is and what becomes of it; where its keyframes lie is the run's business. */
  readonly job: VideoJob
  readonly encoder: VideoEncoder
  /** Every how many frames one is kept: 2 makes 30 frames of 60. Of a variable rate always 1. */
  readonly frameStep: number
  /** Of a variable rate: frames a second at most. */
  readonly maxFrameRate?: number | undefined
}

/** Pictures without a container. */
export interface RawFrames {
  readonly format: 'rgb24' | 'rgba' | 'yuv420p' | 'nv12'
  readonly width: number
  readonly height: number
  readonly frameRate: readonly [numerator: number, denominator: number]
}

/** What a run of a ladder reads: an address, or raw pictures on its stdin. */
export type LadderInput = { readonly url: string } | { readonly frames: RawFrames }

/** A stretch of whole segments that one process makes. */
export interface LadderStretch {
  readonly segment: number
  /** The segment before which it ends; undefined: it goes to the end of the input. */
  readonly end: number | undefined
  /** How far before its first frame ffmpeg looks for it, s. */
  readonly seekMarginS: number
}

/** Frames to wait in a queue behind the reader, so that reading and encoding don't wait for each other. */
const QUEUED_PACKETS = '8'
/** How often a process says how far it is, s: one that works is not taken for one that hangs. */
const STATS_PERIOD_S = '2'
/** What rounding may move a frame of a variable rate by, s. */
const VARIABLE_ROOM_S = 0.001

/**
 * The grid of a rung: the plan's boundaries, and the frames that the rung keeps.
 *
 * @param plan of the film's own frames
 */
export function rungGrid(plan: VideoPlan, { frameStep }: Pick<LadderRung, 'frameStep'>): VideoGrid {
  const { frameDuration, nominalDuration } = plan
  if (frameDuration === undefined) return new VideoGrid(plan)
  return new VideoGrid({
    ...plan,
    frameDuration: frameDuration * frameStep,
    nominalDuration: nominalDuration * frameStep,
  })
}

/**
 * The plan on the clock of what a run writes. Of a film with a constant rate that clock is 0 at the first frame: there
 * every frame of the grid has a picture, also where the film lacks one.
 *
 * @param plan on the clock of what the run reads
 */
export function ladderRunPlan(input: LadderInput, plan: VideoPlan): VideoPlan {
  if (plan.frameDuration === undefined || !('url' in input)) return plan
  return { ...plan, clockOffsetUs: (plan.start * 1e6) / plan.timescale }
}

/**
 * The arguments of a run: one decode, and an output for each rung: `pipe:3`, `pipe:4` … as Matroska, each frame in a
 * cluster of its own. Keyframes lie at the plan's boundaries in all of them.
 *
 * @param plan of the film's own frames, on the clock of what is read: where raw pictures come, that is 0 at the first of them
 * @param rungs from the largest to the smallest picture
 * @throws CuemuxError `BAD_REQUEST` for a job that breaks its schema, or keyframes that an encoder can't set
 */
export function ladderRunArguments(
  input: LadderInput,
  plan: VideoPlan,
  stretch: LadderStretch,
  rungs: readonly [LadderRung, ...LadderRung[]],
): string[] {
  const read = new VideoGrid(plan)
  const grid = new VideoGrid(ladderRunPlan(input, plan))
  const jobs = rungs.map(rung => rungJob(rung, grid, stretch))
  for (const job of jobs) validate('videoJob', job)
  const [largest, ...smaller] = rungs
  const pictures = [graphRung(largest, grid), ...smaller.map(rung => graphRung(rung, grid))] as const
  const graph = ladderGraph(pictures, [...evenFrames(input, read), ...trim(grid, stretch)], step =>
    selectFrames(grid, step),
  )
  const outputs = rungs.flatMap(({ encoder }, i) => {
    const job = jobs[i] ?? rungs[0].job
    return [
      ...['-map', `[v${i}]`, '-map_metadata', '-1', '-map_chapters', '-1'],
      ...timedEncoderArguments(job, encoder, keyframesFor(job, encoder).value),
      ...['-avoid_negative_ts', 'disabled', '-flush_packets', '1'],
      ...['-f', 'matroska', '-live', '1', '-cluster_time_limit', '0', '-cluster_size_limit', '1', `pipe:${3 + i}`],
    ]
  })
  return [
    ...['-hide_banner', '-loglevel', 'warning', '-nostats', '-progress', 'pipe:2', '-stats_period', STATS_PERIOD_S],
    ...[...graph.inputArguments, ...seek(read, stretch, input), '-thread_queue_size', QUEUED_PACKETS],
    ...('url' in input ? inputArguments(input.url) : rawArguments(input.frames)),
    ...['-copyts', '-filter_complex', graph.graph, ...outputs],
  ]
}

/** At a variable rate frames are told apart by their times. */
function graphRung(rung: LadderRung, grid: VideoGrid): GraphRung {
  if (grid.plan.frameDuration !== undefined) return rung
  const select = rung.maxFrameRate === undefined ? undefined : selectApart(grid, rung.maxFrameRate)
  return { ...rung, frameStep: 1, select }
}

function rawArguments({ format, width, height, frameRate }: RawFrames): string[] {
  return [
    ...['-f', 'rawvideo', '-protocol_whitelist', 'pipe', '-pixel_format', format, '-video_size', `${width}x${height}`],
    ...['-framerate', frameRate.join('/'), '-i', 'pipe:0'],
  ]
}

function seek(grid: VideoGrid, { segment, seekMarginS }: LadderStretch, input: LadderInput): string[] {
  const seekS = grid.ffmpegSeconds(grid.boundary(segment)) - seekMarginS
  return 'url' in input && seekS > 0 ? ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', seekS.toFixed(6)] : []
}

/**
 * One picture for each frame of the grid, which the film's own times hit but for rounding: where it lacks one, as a
 * recording may, the one before stays. So every segment has all of its frames in every rung.
 */
function evenFrames(input: LadderInput, read: VideoGrid): string[] {
  const { frameDuration, timescale, start } = read.plan
  if (frameDuration === undefined || !('url' in input)) return []
  const startUs = Math.round(read.ffmpegSeconds(start) * 1e6)
  return ['settb=1/1000000', `setpts=PTS-(${startUs})`, `fps=${timescale}/${frameDuration}`]
}

/**
 * At a variable rate the first frame behind the stretch is encoded, too: only it tells how long the last one lasts. At a
 * constant one a tick of ffmpeg's is a frame: half a frame before a boundary might be rounded to the frame before.
 */
function trim(grid: VideoGrid, { segment, end }: LadderStretch): string[] {
  const { frameDuration } = grid.plan
  const limit = (n: number): string =>
    clock(grid, frameDuration === undefined ? grid.boundary(n) : grid.startOf(n) - frameDuration / 4)
  const hasEnd = end !== undefined && end < grid.segmentCount && frameDuration !== undefined
  const limits = [
    ...(grid.isFirst(segment) ? [] : [`start=${limit(segment)}`]),
    ...(hasEnd ? [`end=${limit(end)}`] : []),
  ]
  return limits.length === 0 ? [] : [`trim=${limits.join(':')}`]
}

/** The rung's job in a run: the rate that it has, and the keyframes that lie in the stretch. */
function rungJob({ job, encoder, frameStep }: LadderRung, grid: VideoGrid, stretch: LadderStretch): VideoJob {
  const { frameRate } = job.source
  const rate = frameRate === undefined ? undefined : ([frameRate[0], frameRate[1] * frameStep] as const)
  return {
    ...job,
    source: { ...job.source, frameRate: rate },
    target: { ...job.target, keyframes: keyframes(encoder, grid, stretch) },
  }
}

/** Times on ffmpeg's clock; encoders that count frames get the distance of two segments, which is one number of frames. */
function keyframes(encoder: VideoEncoder, grid: VideoGrid, { segment, end }: LadderStretch): KeyframePlan {
  const { timescale, times } = grid.plan
  if (!encoder.forcesKeyframes && grid.segmentCount > 1) {
    return { timescale, interval: (times[1] ?? 0) - (times[0] ?? 0) }
  }
  // At a variable rate the frame behind the stretch has to be a keyframe: by it the stretch ends.
  const behind = end === undefined ? grid.segmentCount : end + (grid.plan.frameDuration === undefined ? 1 : 0)
  const forced: number[] = []
  for (let n = segment + 1; n < Math.min(behind, grid.segmentCount); n++)
    forced.push(Math.round(grid.ffmpegSeconds(grid.startOf(n)) * 1e6))
  const start = Math.round(grid.ffmpegSeconds(grid.startOf(segment)) * 1e6)
  return { timescale: 1_000_000, start, times: forced }
}

/** By their places on the film's grid, so that every run keeps the same frames. */
function selectFrames(grid: VideoGrid, frameStep: number): string {
  const { frameDuration = 1, timescale, start } = grid.plan
  return `not(mod(floor((t-(${clock(grid, start)}))*${timescale}/${frameDuration}+0.5),${frameStep}))`
}

/** Of a variable rate, a frame is left out that comes too soon after the one before, unless a segment starts with it. */
function selectApart(grid: VideoGrid, maxFrameRate: number): string {
  const { times, timescale } = grid.plan
  const apart = (1 / maxFrameRate - VARIABLE_ROOM_S).toFixed(6)
  const soon = `isnan(prev_selected_t)+gte(t-prev_selected_t,${apart})`
  if (grid.segmentCount < 2) return soon
  const origin = grid.ffmpegSeconds(times[0] ?? 0) - VARIABLE_ROOM_S
  const segmentS = (((times[1] ?? 0) - (times[0] ?? 0)) / timescale).toFixed(6)
  const number = (t: string): string => `floor((${t}-(${origin.toFixed(6)}))/${segmentS})`
  return `${soon}+gt(${number('t')},${number('prev_selected_t')})`
}

function clock(grid: VideoGrid, ticks: number): string {
  return grid.ffmpegSeconds(ticks).toFixed(6)
}
