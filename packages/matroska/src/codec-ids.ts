import { writeAudioSpecificConfig } from '@cuemux/codecs'
import type { AudioCodec, TextCodec, VideoCodec } from '@cuemux/core'
import { readBitmapInfo, readWaveFormat } from './ms-headers.js'

/** Kind and codec that a CodecID names (RFC 9559 §5.1.4.1.22, the Matroska codec mappings). */
type CodecOfId =
  | { readonly kind: 'video'; readonly codec: VideoCodec }
  | { readonly kind: 'audio'; readonly codec: AudioCodec }
  | { readonly kind: 'text'; readonly codec: TextCodec }

const VIDEO: Readonly<Record<string, VideoCodec>> = {
  'V_MPEG4/ISO/AVC': 'h264',
  'V_MPEGH/ISO/HEVC': 'hevc',
  V_AV1: 'av1',
  V_VP9: 'vp9',
  V_VP8: 'vp8',
  'V_MPEG4/ISO/SP': 'mpeg4',
  'V_MPEG4/ISO/ASP': 'mpeg4',
  'V_MPEG4/ISO/AP': 'mpeg4',
  V_MPEG2: 'mpeg2',
  V_MPEG1: 'mpeg1',
}

const AUDIO: Readonly<Record<string, AudioCodec>> = {
  'A_MPEG/L3': 'mp3',
  'A_MPEG/L2': 'mp2',
  A_OPUS: 'opus',
  A_VORBIS: 'vorbis',
  A_FLAC: 'flac',
  A_ALAC: 'alac',
  A_AC3: 'ac3',
  'A_AC3/BSID9': 'ac3',
  'A_AC3/BSID10': 'ac3',
  A_EAC3: 'eac3',
  A_TRUEHD: 'truehd',
  A_MLP: 'truehd',
  'A_PCM/INT/LIT': 'pcm',
  'A_PCM/INT/BIG': 'pcm',
  'A_PCM/FLOAT/IEEE': 'pcm',
}

const TEXT: Readonly<Record<string, TextCodec>> = {
  'S_TEXT/UTF8': 'srt',
  'S_TEXT/ASCII': 'srt',
  'S_TEXT/ASS': 'ass',
  'S_TEXT/SSA': 'ass',
  S_ASS: 'ass',
  S_SSA: 'ass',
  'S_TEXT/WEBVTT': 'webvtt',
  'D_WEBVTT/SUBTITLES': 'webvtt',
  'D_WEBVTT/CAPTIONS': 'webvtt',
  'S_HDMV/PGS': 'pgs',
  S_VOBSUB: 'vobsub',
  S_DVBSUB: 'dvbsub',
}

const FOURCC: Readonly<Record<string, VideoCodec>> = {
  H264: 'h264',
  X264: 'h264',
  AVC1: 'h264',
  H265: 'hevc',
  X265: 'hevc',
  HEVC: 'hevc',
  HVC1: 'hevc',
  XVID: 'mpeg4',
  DIVX: 'mpeg4',
  DX50: 'mpeg4',
  FMP4: 'mpeg4',
  MP4V: 'mpeg4',
  MPG2: 'mpeg2',
  MPG1: 'mpeg1',
  VP80: 'vp8',
  VP90: 'vp9',
  AV01: 'av1',
}

const FORMAT_TAG: Readonly<Record<number, AudioCodec>> = {
  1: 'pcm',
  3: 'pcm',
  80: 'mp2',
  85: 'mp3',
  255: 'aac',
  8192: 'ac3',
  8193: 'dts',
  28781: 'aac',
  16707: 'aac',
  61868: 'flac',
}

const TYPE_VIDEO = 1
const TYPE_AUDIO = 2
const TYPE_SUBTITLE = 17

/**
 * What a TrackEntry's TrackType and CodecID stand for; `undefined` for tracks that are none of picture, sound and
 * text (buttons, control). A codec that isn't known is `unknown`, never an error.
 */
export function codecOfId(trackType: number, codecId: string, codecPrivate: Uint8Array): CodecOfId | undefined {
  if (trackType === TYPE_VIDEO) return { kind: 'video', codec: videoCodec(codecId, codecPrivate) }
  if (trackType === TYPE_AUDIO) return { kind: 'audio', codec: audioCodec(codecId, codecPrivate) }
  return trackType === TYPE_SUBTITLE ? { kind: 'text', codec: lookUp(TEXT, codecId) ?? 'unknown' } : undefined
}

function videoCodec(codecId: string, codecPrivate: Uint8Array): VideoCodec {
  if (codecId !== 'V_MS/VFW/FOURCC') return lookUp(VIDEO, codecId) ?? 'unknown'
  return lookUp(FOURCC, readBitmapInfo(codecPrivate)?.fourcc ?? '') ?? 'unknown'
}

function audioCodec(codecId: string, codecPrivate: Uint8Array): AudioCodec {
  if (codecId.startsWith('A_AAC')) return 'aac'
  if (codecId.startsWith('A_DTS')) return 'dts'
  if (codecId !== 'A_MS/ACM') return lookUp(AUDIO, codecId) ?? 'unknown'
  return FORMAT_TAG[readWaveFormat(codecPrivate)?.tag ?? -1] ?? 'unknown'
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/**
 * AudioSpecificConfig for the CodecIDs of old that tell the profile by name (`A_AAC/MPEG4/LC/SBR`) instead of by
 * CodecPrivate. `undefined` where the numbers make none.
 *
 * @param sampleRate of the core, half of what SBR puts out
 */
export function aacConfigFromId(codecId: string, sampleRate: number, channels: number): Uint8Array | undefined {
  const profiles: Readonly<Record<string, number>> = { MAIN: 1, LC: 2, SSR: 3, LTP: 4 }
  const objectType = lookUp(profiles, codecId.split('/')[2] ?? '') ?? 2
  try {
    const sbrRate = codecId.endsWith('/SBR') ? 2 * sampleRate : undefined
    return writeAudioSpecificConfig({ sampleRate, channels, objectType, sbrRate })
  } catch {
    return undefined
  }
}
