import { deviceArguments, planDecode } from '../arguments/decode.js'
import { planFilters } from '../arguments/filters.js'
import type { VideoJob } from '../arguments/job.js'
import { outputSize, type PictureSize } from '../arguments/size.js'
import type { VideoEncoder } from '../capabilities/choose.js'

/** A rung as the graph of filters sees it. */
export interface GraphRung {
  /** The film as it is, and what becomes of it. */
  readonly job: VideoJob
  readonly encoder: VideoEncoder
  /** Every how many frames one is kept. */
  readonly frameStep: number
  /** Which frames it keeps, as an expression, where that is not by counting. */
  readonly select?: string | undefined
}

/** Which frames a rung keeps, as ffmpeg's expression, by every how many. */
export type SelectFrames = (frameStep: number) => string

/** A graph from one decoded stream to a picture for each rung. */
export interface LadderGraph {
  /** Before `-i`: devices, the decoder. */
  readonly inputArguments: readonly string[]
  /** For `-filter_complex`; its outputs are `[v0]`, `[v1]` … */
  readonly graph: string
  readonly explanation: readonly string[]
}

/**
 * One decode for all rungs: what costs most (deinterlacing, tone mapping, turning) is done once, for the largest, and
 * each smaller picture is scaled from the one before it.
 *
 * @param rungs from the largest to the smallest picture
 * @param head filters before all others
 */
export function ladderGraph(
  rungs: readonly [GraphRung, ...GraphRung[]],
  head: readonly string[],
  select: SelectFrames,
): LadderGraph {
  const [largest] = rungs
  const by = decodingEncoder(rungs)
  const filters = planFilters(largest.job, by)
  const decode = planDecode(largest.job.source, by, filters.place)
  const scaler = scalerOf(by, filters.place === 'device')
  const steps = rungs.map((_, i) => rungs.slice(i).reduce((common, { frameStep }) => gcd(common, frameStep), 0))
  const chains: string[] = []
  const first = [...head, ...selection(1, steps[0] ?? 1, select), filters.filter]
  rungs.forEach((rung, i) => {
    const isLast = i === rungs.length - 1
    const size = outputSize(rung.job.source, rung.job.target.heightLimit)
    const before = rungs[i - 1]
    const made =
      before === undefined
        ? first
        : [
            ...selection(steps[i - 1] ?? 1, steps[i] ?? 1, select),
            ...scaled(outputSize(before.job.source, before.job.target.heightLimit), size, scaler),
          ]
    const input = i === 0 ? `[0:v:${rung.job.videoStream ?? 0}]` : `[c${i}]`
    const counted = selection(steps[i] ?? 1, rung.frameStep, select)
    const own = rung.select === undefined ? counted : [`select='${rung.select}'`]
    if (isLast) chains.push(`${input}${[...made, ...own].join(',') || 'null'}[v${i}]`)
    else {
      const kept = own.length === 0 ? `[v${i}]` : `[o${i}]`
      chains.push(`${input}${[...made, 'split=2'].join(',')}${kept}[c${i + 1}]`)
      if (own.length > 0) chains.push(`[o${i}]${own.join(',')}[v${i}]`)
    }
  })
  return {
    inputArguments: [...deviceArguments(by), ...filters.globalArguments, '-noautorotate', ...decode.inputArguments],
    graph: chains.join(';'),
    explanation: [decode.explanation, ...filters.explanation],
  }
}

/** Encoders of one family share their device; those of several get their pictures from the processor. */
function decodingEncoder(rungs: readonly [GraphRung, ...GraphRung[]]): VideoEncoder {
  const [{ encoder }] = rungs
  const families = new Set(rungs.map(rung => rung.encoder.family))
  return families.size === 1 ? encoder : { ...encoder, family: 'software', device: undefined }
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/** Nothing where the frames are already those. */
function selection(from: number, to: number, select: SelectFrames): string[] {
  return from === to ? [] : [`select='${select(to)}'`]
}

type Scaler = (width: number, height: number) => string

function scalerOf({ family }: VideoEncoder, isOnDevice: boolean): Scaler {
  if (family === 'vaapi') return (width, height) => `scale_vaapi=w=${width}:h=${height}:format=nv12`
  if (isOnDevice && family === 'nvenc') return (w, h) => `scale_cuda=w=${w}:h=${h}:format=nv12:passthrough=0`
  if (isOnDevice && family === 'qsv') return (width, height) => `vpp_qsv=w=${width}:h=${height}:format=nv12`
  return (width, height) => `scale=w=${width}:h=${height}:flags=bicubic`
}

function scaled(from: PictureSize, to: PictureSize, scaler: Scaler): string[] {
  if (from.width === to.width && from.height === to.height) return []
  const [across, down] = to.pixelAspect
  return [scaler(to.width, to.height), `setsar=sar=${across}/${down}:max=65535`]
}
