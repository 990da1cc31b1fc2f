import { describeVideo, type VideoDescription } from '@cuemux/codecs'
import type { AudioTrack, TextTrack, Track, VideoTrack } from '@cuemux/core'

const CODEC_NAMES: Readonly<Record<string, string>> = {
  h264: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  mpeg4: 'MPEG-4 Visual',
  mpeg2: 'MPEG-2 video',
  mpeg1: 'MPEG-1 video',
  aac: 'AAC',
  mp3: 'MP3',
  mp2: 'MP2',
  opus: 'Opus',
  vorbis: 'Vorbis',
  flac: 'FLAC',
  alac: 'ALAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  dts: 'DTS',
  truehd: 'TrueHD',
  pcm: 'PCM',
  srt: 'SRT',
  ass: 'ASS',
  webvtt: 'WebVTT',
  tx3g: 'Timed text',
  pgs: 'PGS',
  vobsub: 'VobSub',
  dvbsub: 'DVB',
}

// ISO/IEC 14496-10 annex A
const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4',
}
// ISO/IEC 23008-2 annex A
const HEVC_PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'Main 10', 3: 'Main Still Picture' }
// ISO/IEC 14496-3 table 1.17
const AAC_TYPES: Readonly<Record<string, string>> = {
  '1': 'AAC Main',
  '2': 'AAC-LC',
  '3': 'AAC-SSR',
  '4': 'AAC-LTP',
  '5': 'HE-AAC',
  '29': 'HE-AAC v2',
  '42': 'xHE-AAC',
}
const CHROMA = ['monochrome', '4:2:0', '4:2:2', '4:4:4'] as const

/** What a video track's first decoder configuration says; `broken` where it can't be read. */
export function readVideoProfile(track: VideoTrack): VideoDescription | 'broken' {
  const { config } = track.descriptions[0]
  if (config.length === 0 || track.codec === 'unknown') return {}
  try {
    return describeVideo(track.codec, config)
  } catch {
    return 'broken'
  }
}

/** The codec of a track for people, as `H.264 High 4:2:0 8-bit`; an unknown one by the container's own name. */
export function codecInWords(track: Track): string {
  if (track.codec === 'unknown') return track.containerCodec
  if (track.kind === 'video') return videoInWords(track)
  if (track.kind === 'audio') return audioInWords(track)
  return textInWords(track)
}

function videoInWords(track: VideoTrack): string {
  const read = readVideoProfile(track)
  const profile: VideoDescription = read === 'broken' ? {} : read
  const depth = profile.bitDepth ?? track.bitDepth
  const chroma = profile.chromaFormat === undefined ? undefined : CHROMA[profile.chromaFormat]
  const name = profileName(track, profile.profile)
  return [
    CODEC_NAMES[track.codec],
    name,
    // "High 4:2:2" says it already
    chroma !== undefined && name?.includes(chroma) ? undefined : chroma,
    depth === undefined ? undefined : `${depth}-bit`,
  ]
    .filter(word => word !== undefined)
    .join(' ')
}

function profileName(track: VideoTrack, profile: number | undefined): string | undefined {
  if (profile === undefined) return undefined
  if (track.codec === 'h264') return H264_PROFILES[profile]
  if (track.codec === 'hevc') return HEVC_PROFILES[profile]
  return track.codec === 'vp9' ? `profile ${profile}` : undefined
}

function audioInWords(track: AudioTrack): string {
  if (track.codec === 'aac') return AAC_TYPES[aacObjectType(track) ?? ''] ?? 'AAC'
  const name = CODEC_NAMES[track.codec] ?? track.codec
  if (track.codec === 'pcm' && track.bitDepth !== undefined) return `${name} ${track.bitDepth}-bit`
  return track.hasJoc ? `${name} with Atmos` : name
}

function textInWords(track: TextTrack): string {
  return `${CODEC_NAMES[track.codec] ?? track.codec} subtitles`
}

/** The audio object type of an AAC track, from its codec string. */
export function aacObjectType(track: AudioTrack): string | undefined {
  return /^mp4a\.40\.0?(\d+)$/.exec(track.descriptions[0].codecString ?? '')?.[1]
}
