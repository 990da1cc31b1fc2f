import { CuemuxError, type VideoTrack } from '@cuemux/core'
import type { VideoPlan } from './video-grid.js'

/** A film longer than this has a wrong duration. */
const MAX_SEGMENTS = 100_000
const USUAL_RATE = 25

/**
 * The plan of a film whose video is encoded anyway: cut at a fixed distance, on whole frames where the rate is constant;
 * no keyframe of the source plays a part.
 *
 * @param durationMs length of the video
 * @param segmentMs length that segments aim at
 * @throws CuemuxError `BAD_REQUEST` for lengths that make no plan
 */
export function fixedVideoPlan(track: VideoTrack, durationMs: number, segmentMs: number): VideoPlan {
  const { timescale, frameDuration, frameRate, start = 0 } = track
  const nominalDuration = frameDuration ?? Math.max(1, Math.round(timescale / (frameRate ?? USUAL_RATE)))
  const count = Math.max(1, Math.ceil(durationMs / segmentMs))
  if (!(segmentMs > 0 && count <= MAX_SEGMENTS)) {
    throw new CuemuxError('BAD_REQUEST', `A video of ${durationMs} ms can not be cut every ${segmentMs} ms.`)
  }
  const unit = frameDuration ?? 1
  const times = Float64Array.from(
    { length: count },
    (_, n) => start + Math.round((n * segmentMs * timescale) / 1000 / unit) * unit,
  )
  // A last segment that would begin where the film ends has no frame.
  const end = start + (durationMs * timescale) / 1000 - nominalDuration / 2
  const kept = times.filter((time, n) => n === 0 || time < end)
  return { timescale, times: kept, start, frameDuration, nominalDuration }
}
