import { inBandDescription } from '@cuemux/codecs'
import type { ByteSource, SampleDescription, Track } from '@cuemux/core'

/** So much of a keyframe has its parameter sets and its first slice's header. */
const KEYFRAME_START_BYTES = 4 * 1024

/** A keyframe in the source. */
interface KeyframePlace {
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
