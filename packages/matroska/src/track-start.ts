import { needsAudioFrame, withAudioFrame } from './audio-track.js'
import { BlockWalker, TAKE_FRAMES } from './block-walker.js'
import { decodeFrames } from './encodings.js'
import type { MatroskaFormat } from './format.js'
import { FrameColumns } from './frame-columns.js'
import { type TrackWithFormat, withAnchor } from './track-model.js'
import { needsVideoFrame, withVideoFrame } from './video-track.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

/** How far from its beginning a film is searched for the first block of a track. */
const MAX_SEARCH_BYTES = 256 * 1024 * 1024
const MAX_SEARCH_MS = 600_000
const FIRST_PIECE_BYTES = 16 * 1024
const MAX_PIECE_BYTES = 128 * 1024

/** Whether the decoder's configuration, or the length of a frame, is still to come from the first frame's bytes. */
export function needsFrameBytes({ track, format }: TrackWithFormat): boolean {
  if (track.kind === 'video') return needsVideoFrame(track)
  return track.kind === 'audio' && needsAudioFrame(track, format)
}

/**
 * A track with what its first block tells.
 *
 * @param frame the block's first frame with all encodings undone, where it is needed
 */
export function withFirstFrame(
  pair: TrackWithFormat,
  ticks: number,
  frame: Uint8Array | undefined,
  timestampScale: number,
): TrackWithFormat {
  const described = frame === undefined ? pair : withVideoFrame(withAudioFrame(pair, frame), frame)
  const format = { ...described.format, needsFirstFrame: false }
  return withAnchor({ track: described.track, format }, format.anchorTicks ?? ticks, timestampScale)
}

/** Finds a track's first block from the film's beginning on. A track without blocks stays as it is. */
export async function readFirstFrame(
  pair: TrackWithFormat,
  film: Pick<MatroskaFormat, 'firstCluster' | 'segmentEnd' | 'timestampScale'>,
  window: ByteWindow,
): Promise<TrackWithFormat> {
  const frames = new FrameColumns()
  const walker = new BlockWalker(film.firstCluster, film.segmentEnd, [
    { trackId: pair.track.id, take: TAKE_FRAMES, frames },
  ])
  let piece = FIRST_PIECE_BYTES
  while (!walker.hasEnded && frames.count === 0) {
    const { status, chunk } = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + piece)
    let last = status
    while (last === 'block' && frames.count === 0) {
      if (isTooFar(walker, film)) return settle(pair)
      last = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
    piece = Math.min(piece * 2, MAX_PIECE_BYTES)
  }
  if (frames.count === 0) return settle(pair)
  const first = [frames.data[0]!]
  if (!needsFrameBytes(pair)) return withFirstFrame(pair, frames.ticks[0]!, undefined, film.timestampScale)
  await decodeFrames(pair.format.encodings, first)
  return withFirstFrame(pair, frames.ticks[0]!, first[0], film.timestampScale)
}

function isTooFar(walker: BlockWalker, film: Pick<MatroskaFormat, 'firstCluster' | 'timestampScale'>): boolean {
  const ms = ((walker.lastTicks - walker.firstTicks) * film.timestampScale) / 1e6
  return ms > MAX_SEARCH_MS || walker.position - film.firstCluster > MAX_SEARCH_BYTES
}

function settle(pair: TrackWithFormat): TrackWithFormat {
  return { track: pair.track, format: { ...pair.format, needsFirstFrame: false } }
}
