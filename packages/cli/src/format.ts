/** A number of bytes for people, in powers of 1000: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  // 999.95 kB would be shown as 1000.0 kB.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** A length of time in ms for people: `1:02:03`, `2:03`, `0:03`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const pad = (n: number): string => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`
}

/** A bit rate in bits/s for people: `4.1 Mbit/s`. */
export function formatBitrate(bps: number): string {
  return bps >= 999_500 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`
}

/** A number of things, with the noun that fits it: `1 film`, `2 films`. */
export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Names as people know them; a codec that isn't here is shown as the container calls it. */
const CODEC_NAMES: Readonly<Record<string, string>> = {
  h264: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  mpeg4: 'MPEG-4 Visual',
  mpeg2: 'MPEG-2',
  mpeg1: 'MPEG-1',
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
  srt: 'SubRip',
  ass: 'ASS',
  webvtt: 'WebVTT',
  tx3g: '3GPP text',
  pgs: 'PGS',
  vobsub: 'VobSub',
  dvbsub: 'DVB subtitles',
}

/** The codec of a track for people. */
export function formatCodec(track: { readonly codec: string; readonly containerCodec: string }): string {
  return CODEC_NAMES[track.codec] ?? track.containerCodec
}

/** What {@link formatTrackDetails} looks at, of MediaInfo's tracks. */
export interface TrackDetails {
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly frameRate?: number | undefined
  readonly bitDepth?: number | undefined
  readonly rotation?: number | undefined
  readonly videoRange?: string | undefined
  readonly sampleRate?: number | undefined
  readonly channels?: number | undefined
  readonly hasJoc?: boolean | undefined
  readonly bitrateBps?: number | undefined
}

const CHANNEL_NAMES: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

/** The rest of what is known of a track, as short phrases: `1920×1080`, `23.976 fps`, `5.1`, `48 kHz`. */
export function formatTrackDetails(track: TrackDetails): string[] {
  const parts: string[] = []
  if (track.width && track.height) parts.push(`${track.width}×${track.height}`)
  if (track.frameRate) parts.push(`${Number(track.frameRate.toFixed(3))} fps`)
  if (track.bitDepth && track.width) parts.push(`${track.bitDepth} bit`)
  if (track.videoRange && track.videoRange !== 'SDR')
    parts.push(track.videoRange === 'PQ' ? 'HDR (PQ)' : track.videoRange)
  if (track.rotation) parts.push(`rotated ${track.rotation}°`)
  if (track.channels) parts.push(CHANNEL_NAMES[track.channels] ?? `${track.channels} channels`)
  if (track.hasJoc) parts.push('Atmos')
  if (track.sampleRate) parts.push(`${track.sampleRate / 1000} kHz`)
  if (track.bitrateBps && track.bitrateBps >= 500) parts.push(formatBitrate(track.bitrateBps))
  return parts
}
