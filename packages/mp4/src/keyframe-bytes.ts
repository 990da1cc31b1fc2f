import { inBandDescription } from '@cuemux/codecs'
import {
  type ByteSource,
  CuemuxError,
  keyframeBatch,
  type SampleBatch,
  type SampleDescription,
  type Track,
} from '@cuemux/core'

/** So much of a keyframe has its parameter sets and its first slice's header. */
const KEYFRAME_START_BYTES = 4 * 1024

/** A keyframe in the source. */
export interface KeyframePlace {
  readonly position: number
  readonly size: number
  /** Number of its sample entry, from 0. */
  readonly description: number
}

/**
 * What decodes a keyframe by the parameter sets in its own bytes, where that isn't its sample entry: films that were put
 * together have one entry and the sets of the parts in the samples.
 */
export async function keyframeDescription(
  source: ByteSource,
  track: Track,
  { position, size, description }: KeyframePlace,
  signal: AbortSignal | undefined,
): Promise<SampleDescription | undefined> {
  if (track.kind !== 'video' || (track.codec !== 'h264' && track.codec !== 'hevc')) return undefined
  const {
    config,
    width = track.width,
    height = track.height,
  } = track.descriptions[description] ?? track.descriptions[0]
  const sample = await source.read(position, Math.min(size, KEYFRAME_START_BYTES), { signal })
  return inBandDescription(track.codec, { config, width, height }, sample)
}

/** Reads a keyframe's sample. @param time when it is shown, ticks */
export async function readKeyframeSample(
  source: ByteSource,
  track: Track,
  time: number,
  { position, size, description }: KeyframePlace,
  signal: AbortSignal | undefined,
): Promise<SampleBatch> {
  if (track.kind !== 'video') throw new CuemuxError('NOT_FOUND', 'The film has no picture, and so no keyframes of one.')
  const sample = await source.read(position, size, { signal })
  if (sample.byteLength < size) {
    throw new CuemuxError('CORRUPT_MEDIA', 'The film ends within a keyframe.', { at: { offsetBytes: position } })
  }
  return keyframeBatch(track, time, sample, Math.min(description, track.descriptions.length - 1))
}
