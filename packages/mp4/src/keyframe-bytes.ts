import {
  bringsParameterSets,
  captionDataOf,
  codecString,
  describeVideo,
  hasParameterSets,
  inBandDescription,
  videoConfigFromSample,
} from '@cuemux/codecs'
import {
  type ByteSource,
  CuemuxError,
  type GroupStart,
  keyframeBatch,
  type SampleBatch,
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

/** Bytes that were read when the film was opened, from its beginning. */
export interface HeadBytes {
  readonly bytes: Uint8Array
  readonly at: number
}

/** The beginning of the first keyframe, where it lies in the film's first bytes. */
export function firstKeyframe(head: Uint8Array | undefined, at: number | undefined): HeadBytes | undefined {
  if (head === undefined || at === undefined || at + KEYFRAME_START_BYTES > head.byteLength) return undefined
  return { bytes: head.slice(at, at + KEYFRAME_START_BYTES), at }
}

/**
 * What a keyframe's own bytes say: what decodes it, where that isn't its sample entry (films that were put together have one
 * entry and the parameter sets of the parts in the samples), and whether it has parameter sets and captions.
 */
export async function lookInside(
  read: (at: number, length: number) => Uint8Array | Promise<Uint8Array>,
  track: Track,
  { position, size, description }: KeyframePlace,
): Promise<Pick<GroupStart, 'description' | 'bringsSets' | 'captions'>> {
  if (track.kind !== 'video' || (track.codec !== 'h264' && track.codec !== 'hevc')) return {}
  const {
    config,
    width = track.width,
    height = track.height,
  } = track.descriptions[description] ?? track.descriptions[0]
  const sample = await read(position, Math.min(size, KEYFRAME_START_BYTES))
  const own = inBandDescription(track.codec, { config, width, height }, sample)
  const captions = captionDataOf(sample)
  return {
    ...(own === undefined ? {} : { description: own }),
    ...(bringsParameterSets(track.codec, config, sample) ? { bringsSets: true } : {}),
    ...(captions === undefined ? {} : { captions }),
  }
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

/**
 * The track with the parameter sets of its first keyframe in the configuration, where its sample entry leaves them to the
 * samples (`avc3`, `hev1`): players of Apple, for one, want them there. As it is where it has them, or nothing has.
 */
export async function withKeyframeSets(track: Track, readFirst: () => Promise<SampleBatch>): Promise<Track> {
  if (track.kind !== 'video' || (track.codec !== 'h264' && track.codec !== 'hevc')) return track
  const [description, ...others] = track.descriptions
  const isWhole = description.config.length === 0 || hasParameterSets(track.codec, description.config)
  if (isWhole || others.length > 0 || describeVideo(track.codec, description.config).nalLengthSize !== 4) return track
  const { data } = await readFirst()
  const config = data[0] === undefined ? undefined : videoConfigFromSample(track.codec, data[0])
  if (config === undefined) return track
  return { ...track, descriptions: [{ ...description, config, codecString: codecString(track.codec, config) }] }
}
