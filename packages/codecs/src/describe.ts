import type { AudioCodec, VideoCodec } from '@cuemux/core'
import { describeAac } from './aac.js'
import { describeAc3 } from './ac3.js'
import { describeAlac } from './alac.js'
import { describeAv1 } from './av1.js'
import { describeAvc } from './avc.js'
import { fromConfig } from './bytes.js'
import type { AudioDescription, VideoDescription } from './description.js'
import { describeEac3 } from './eac3.js'
import { describeFlac } from './flac.js'
import { describeHevc } from './hevc.js'
import { describeOpus } from './opus.js'
import { describePcm } from './pcm.js'
import { describeVorbis } from './vorbis.js'
import { describeVpx } from './vpx.js'

const VIDEO: { readonly [codec in VideoCodec]?: (config: Uint8Array) => VideoDescription } = {
  h264: describeAvc,
  hevc: describeHevc,
  av1: describeAv1,
  vp9: describeVpx,
  vp8: describeVpx,
}

const AUDIO: { readonly [codec in AudioCodec]?: (config: Uint8Array) => AudioDescription } = {
  aac: describeAac,
  opus: describeOpus,
  flac: describeFlac,
  ac3: describeAc3,
  eac3: describeEac3,
  alac: describeAlac,
  vorbis: describeVorbis,
  pcm: describePcm,
}

/**
 * What a video track's configuration says: the payload of its configuration box (see SampleDescription.config). Nothing
 * for an empty one and for codecs without a record.
 *
 * @throws CuemuxError `CORRUPT_INDEX` for a broken record
 */
export function describeVideo(codec: VideoCodec, config: Uint8Array): VideoDescription {
  const describe = VIDEO[codec]
  return describe === undefined || config.length === 0 ? {} : fromConfig(() => describe(config))
}

/**
 * What an audio track's configuration says: the payload of its configuration box, for AAC the AudioSpecificConfig, for
 * Vorbis its headers as Matroska laces them. Nothing for an empty one and for codecs without a record.
 *
 * @throws CuemuxError `CORRUPT_INDEX` for a broken record
 */
export function describeAudio(codec: AudioCodec, config: Uint8Array): AudioDescription {
  const describe = AUDIO[codec]
  return describe === undefined || config.length === 0 ? {} : fromConfig(() => describe(config))
}
