import type { AudioCodec, TextCodec, VideoCodec } from '@cuemux/core'
import { aacCodecString } from './aac.js'
import { av1CodecString } from './av1.js'
import { avcCodecString } from './avc.js'
import { fromConfig, u32 } from './bytes.js'
import { hevcCodecString } from './hevc.js'
import { vpxCodecString } from './vpx.js'

type Codec = VideoCodec | AudioCodec | TextCodec

/** Codecs whose string doesn't depend on a configuration (RFC 6381 §3.3, mp4ra.org). */
const FIXED: { readonly [codec in Codec]?: string } = {
  // Object types 0x6B and 0x69 differ in the edition of the standard alone; browsers know the first, for all rates.
  mp3: 'mp4a.6B',
  mp2: 'mp4a.40.33',
  mpeg1: 'mp4v.6A',
  mpeg2: 'mp4v.61',
  opus: 'opus',
  vorbis: 'vorbis',
  flac: 'fLaC',
  alac: 'alac',
  ac3: 'ac-3',
  eac3: 'ec-3',
  truehd: 'mlpa',
  webvtt: 'wvtt',
  tx3g: 'tx3g',
}

/** Sample entries of DTS that RFC 6381 lists by themselves (ETSI TS 102 114 Annex E). */
const DTS_ENTRIES: ReadonlySet<string> = new Set(['dtsc', 'dtsh', 'dtsl', 'dtse', 'dtsx'])
/** Sample entries whose parameter sets may lie in the samples, the Dolby Vision ones that are compatible among them. */
const IN_BAND_ENTRIES: ReadonlySet<string> = new Set(['avc3', 'hev1', 'dvav', 'dvhe'])

/**
 * The RFC 6381 string of a sample description; `undefined` where the codec has none or the configuration isn't known yet.
 *
 * @param config payload of the configuration box (see SampleDescription.config)
 * @param sampleEntry four characters of the sample entry: `avc3` or `hev1` where parameter sets are in the samples
 * @throws CuemuxError `CORRUPT_INDEX` for a broken configuration
 */
export function codecString(codec: Codec, config: Uint8Array, sampleEntry?: string): string | undefined {
  return fromConfig(() => stringOf(codec, config, sampleEntry))
}

function stringOf(codec: Codec, config: Uint8Array, sampleEntry: string | undefined): string | undefined {
  if (codec === 'dts') return sampleEntry !== undefined && DTS_ENTRIES.has(sampleEntry) ? sampleEntry : 'dtsc'
  if (codec === 'pcm') return sampleEntry
  if (codec === 'mpeg4') return mpeg4CodecString(config)
  const fixed = FIXED[codec]
  if (fixed !== undefined || config.length === 0) return fixed
  const isInBand = sampleEntry !== undefined && IN_BAND_ENTRIES.has(sampleEntry)
  switch (codec) {
    case 'h264':
      return avcCodecString(config, isInBand ? 'avc3' : 'avc1')
    case 'hevc':
      return hevcCodecString(config, isInBand ? 'hev1' : 'hvc1')
    case 'av1':
      return av1CodecString(config)
    case 'vp9':
      return vpxCodecString(config, 'vp09')
    case 'vp8':
      return vpxCodecString(config, 'vp08')
    case 'aac':
      return aacCodecString(config)
    default:
      return undefined
  }
}

/** `mp4v.20.N`, N being profile_and_level_indication (ISO/IEC 14496-2 §6.2.2) where the configuration has it. */
function mpeg4CodecString(config: Uint8Array): string {
  const hasProfile = config.length >= 5 && u32(config, 0) === 0x1b0
  return hasProfile ? `mp4v.20.${config[4]}` : 'mp4v.20'
}
