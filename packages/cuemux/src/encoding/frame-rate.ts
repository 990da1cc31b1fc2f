import { type Demuxer, rescale, type VideoTrack } from '@cuemux/core'

/**
 * The track without a frame duration where its frames leave places of the rate empty that its container names: such a film
 * is of a variable rate. A group of frames at its beginning, in its middle and at its end shows it.
 */
export async function withTrueRate(
  demuxer: Demuxer,
  track: VideoTrack,
  signal: AbortSignal | undefined,
): Promise<VideoTrack> {
  const { id, frameDuration, timescale } = track
  const { container, keyframes } = demuxer.index
  const { count, trackId } = keyframes
  const isRead = container !== 'other' && trackId === id && count > 0
  if (frameDuration === undefined || !isRead) return track
  for (const first of new Set([0, count >> 1, Math.max(0, count - 2)])) {
    for (const batch of await demuxer.readSpan({ first, end: first + 1 }, [id], { signal })) {
      const step = rescale(frameDuration, timescale, batch.timescale)
      const times = batch.dts.map((dts, i) => dts + (batch.compositionOffset[i] ?? 0)).sort()
      if (times.some((time, i) => i > 0 && time - (times[i - 1] ?? 0) > 1.5 * step)) {
        return { ...track, frameDuration: undefined }
      }
    }
  }
  return track
}
