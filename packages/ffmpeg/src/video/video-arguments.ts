import { inputArguments } from '../input/input-arguments.js'
import type { VideoGrid } from './video-grid.js'

/** An encoder with its arguments: what {@link videoEncodeArguments} gives. */
export interface VideoEncoding {
  /** Before the input. */
  readonly inputArguments: readonly string[]
  /** Behind it: map, filters as `-vf`, codec, `-force_key_frames`; not the format. */
  readonly outputArguments: readonly string[]
}

/** Where a run starts. */
export interface RunStart {
  readonly segment: number
  /** How far before its first frame ffmpeg looks for it, s; infinite: from the beginning. */
  readonly seekMarginS: number
  /** It ends with its first frame. */
  readonly isKeyframeOnly?: boolean | undefined
}

/**
 * Arguments of a run. The source's own times are kept through to the output (`-copyts`), so that each frame says where
 * it belongs; what the seek brings before the first planned frame is trimmed by time.
 */
export function videoRunArguments(url: string, start: RunStart, grid: VideoGrid, encoding: VideoEncoding): string[] {
  const { segment, seekMarginS, isKeyframeOnly = false } = start
  const firstS = grid.ffmpegSeconds(grid.boundary(segment))
  const endS = grid.ffmpegSeconds(grid.boundary(grid.segmentCount))
  const seekS = firstS - seekMarginS
  const seek = seekS > 0 ? ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', seekS.toFixed(6)] : []
  const output = [...encoding.outputArguments]
  const at = output.indexOf('-vf') + 1
  const limits = [
    ...(Number.isFinite(firstS) ? [`start=${firstS.toFixed(6)}`] : []),
    ...(Number.isFinite(endS) ? [`end=${endS.toFixed(6)}`] : []),
  ]
  if (limits.length > 0) {
    const trim = `trim=${limits.join(':')}`
    if (at > 0) output[at] = output[at] ? `${trim},${output[at]}` : trim
    else output.unshift('-vf', trim)
  }
  return [
    ...['-hide_banner', '-loglevel', 'warning', '-nostats', ...encoding.inputArguments, ...seek],
    ...[...inputArguments(url), '-copyts', ...output, ...(isKeyframeOnly ? ['-frames:v', '1'] : [])],
    ...['-avoid_negative_ts', 'disabled', '-flush_packets', '1'],
    // A cluster is written when it is full: each frame in one of its own comes without delay.
    ...['-f', 'matroska', '-live', '1', '-cluster_time_limit', '0', '-cluster_size_limit', '1', 'pipe:1'],
  ]
}
