import { annexBToLengthPrefixed, describeVideo, isAnnexB } from '@cuemux/codecs'
import type { Track, VideoCodec } from '@cuemux/core'

/**
 * Gives H.264 and HEVC samples lengths before their NAL units where the file has them as Annex B byte streams, which
 * MP4 can't carry. In place; a batch of which the first sample has lengths stays as it is, views and all.
 *
 * @throws CuemuxError `CORRUPT_MEDIA`
 */
export function toLengthPrefixed(track: Track, samples: Uint8Array[], isPart = false): void {
  const first = samples[0]
  if ((track.codec !== 'h264' && track.codec !== 'hevc') || first === undefined) return
  // Start codes are two or three zeros and a one, which few lengths are: what follows is rare.
  if (first[0] !== 0 || first[1] !== 0 || (first[2] !== 1 && (first[2] !== 0 || first[3] !== 1))) return
  const lengthSize = lengthSizeOf(track)
  if (!isAnnexB(first, lengthSize, isPart)) return
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    if (i === 0 || isAnnexB(sample, lengthSize)) samples[i] = annexBToLengthPrefixed(sample, lengthSize)
  }
}

/** By configuration: each look at a keyframe asks, and reading one takes longer than the rest of the look. */
const lengthSizes = new WeakMap<Uint8Array, 1 | 2 | 4>()

/** Bytes of each NAL unit's length by the track's configuration. */
export function lengthSizeOf(track: Track): 1 | 2 | 4 {
  if (track.kind !== 'video') return 4
  const { config } = track.descriptions[0]
  const known = lengthSizes.get(config)
  if (known !== undefined) return known
  const size = readLengthSize(track.codec, config)
  lengthSizes.set(config, size)
  return size
}

function readLengthSize(codec: VideoCodec, config: Uint8Array): 1 | 2 | 4 {
  try {
    return describeVideo(codec, config).nalLengthSize ?? 4
  } catch {
    return 4
  }
}
