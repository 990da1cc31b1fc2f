import { captionDataOf, inBandDescription } from '@cuemux/codecs'
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
 * entry and the parameter sets of the parts in the samples), and whether it has captions.
 */
export async function lookInside(
  source: ByteSource,
  track: Track,
  { position, size, description }: KeyframePlace,
  signal: AbortSignal | undefined,
  known?: HeadBytes,
): Promise<Pick<GroupStart, 'description' | 'captions'>> {
  if (track.kind !== 'video' || (track.codec !== 'h264' && track.codec !== 'hevc')) return {}
  const {
    config,
    width = track.width,
    height = track.height,
  } = track.descriptions[description] ?? track.descriptions[0]
  const length = Math.min(size, KEYFRAME_START_BYTES)
  const sample =
    known?.at === position ? known.bytes.subarray(0, length) : await source.read(position, length, { signal })
  const own = inBandDescription(track.codec, { config, width, height }, sample)
  const captions = captionDataOf(sample)
  return { ...(own === undefined ? {} : { description: own }), ...(captions === undefined ? {} : { captions }) }
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
