import { alacToBox } from '@cuemux/codecs'
import { type AudioCodec, type AudioTrack, CuemuxError, concatBytes } from '@cuemux/core'

/** How Matroska names a codec and what it keeps of its configuration. */
export interface FeedCodec {
  readonly codecId: string
  readonly codecPrivate: Uint8Array
  /** Makes of samples, in place, what Matroska has; where the film's own won't do. */
  readonly rewrite?: (bytes: Uint8Array) => void
}

const NONE: Uint8Array = new Uint8Array(0)

/** CodecIDs of codecs that need no configuration (RFC 9559, the Matroska codec mappings). */
const PLAIN: { readonly [codec in AudioCodec]?: string } = {
  ac3: 'A_AC3',
  eac3: 'A_EAC3',
  dts: 'A_DTS',
  truehd: 'A_TRUEHD',
  mp2: 'A_MPEG/L2',
  mp3: 'A_MPEG/L3',
}

/**
 * Matroska's CodecID and CodecPrivate for samples as a {@link AudioTrack} describes them.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` for a codec that Cuemux can't name
 */
export function feedCodec(track: AudioTrack, config: Uint8Array): FeedCodec {
  const plain = PLAIN[track.codec]
  if (plain !== undefined) return { codecId: plain, codecPrivate: NONE }
  switch (track.codec) {
    case 'aac':
      return { codecId: 'A_AAC', codecPrivate: config }
    case 'vorbis':
      return { codecId: 'A_VORBIS', codecPrivate: config }
    case 'opus':
      return { codecId: 'A_OPUS', codecPrivate: opusHead(track, config) }
    case 'flac':
      // dfLa: version and flags, then the metadata blocks as they stand behind the magic in a file.
      return { codecId: 'A_FLAC', codecPrivate: concatBytes([new TextEncoder().encode('fLaC'), config.subarray(4)]) }
    case 'alac':
      return { codecId: 'A_ALAC', codecPrivate: alacToBox(config).subarray(4) }
    case 'pcm':
      return pcmFeed(track, config)
    default: {
      const tag = WAVE_TAGS[track.containerCodec]
      if (tag !== undefined) return { codecId: 'A_MS/ACM', codecPrivate: waveFormat(tag, track) }
      throw new CuemuxError(
        'UNSUPPORTED_CODEC',
        `The sound's codec (${track.containerCodec}) can not be fed to ffmpeg.`,
      )
    }
  }
}

/** Whether samples of a track can be fed to ffmpeg: those of a codec that Matroska can name. */
export function canBeFed(track: AudioTrack): boolean {
  return track.codec !== 'unknown' || WAVE_TAGS[track.containerCodec] !== undefined
}

/**
 * OpusHead (RFC 7845 §5.1) from `dOps`. Its pre-skip is 0: where the sound starts is said by the times, and a decoder
 * that starts in mid-film must not skip again.
 */
function opusHead(track: AudioTrack, dops: Uint8Array): Uint8Array {
  const hasMapping = dops.length >= 11 && dops[10] !== 0
  const head = new Uint8Array(19 + (hasMapping ? dops.length - 11 : 0))
  head.set(new TextEncoder().encode('OpusHead'))
  const view = new DataView(head.buffer)
  const from = new DataView(dops.buffer, dops.byteOffset, dops.byteLength)
  head[8] = 1
  head[9] = dops[1] ?? track.channels
  view.setUint32(12, dops.length >= 8 ? from.getUint32(4) : 48_000, true)
  if (dops.length >= 11) view.setInt16(16, from.getInt16(8), true)
  head[18] = dops[10] ?? 0
  if (hasMapping) head.set(dops.subarray(11), 19)
  return head
}

/** MP4's and QuickTime's alaw and ulaw by the tags of WAVEFORMATEX. */
const WAVE_TAGS: { readonly [entry: string]: number } = { alaw: 6, ulaw: 7 }

/** WAVEFORMATEX of logarithmic PCM: a byte for each value. */
function waveFormat(tag: number, { channels, sampleRate }: AudioTrack): Uint8Array {
  const bytes = new Uint8Array(18)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag, true)
  view.setUint16(2, channels, true)
  view.setUint32(4, sampleRate, true)
  view.setUint32(8, sampleRate * channels, true)
  view.setUint16(12, channels, true)
  view.setUint16(14, 8, true)
  return bytes
}

/**
 * PCM as Matroska has it: floats are little-endian, values of 8 bits have no sign. What MP4 and QuickTime have beside that
 * is written over.
 *
 * @param config payload of `pcmC`; empty for values without a sign
 */
function pcmFeed(track: AudioTrack, config: Uint8Array): FeedCodec {
  if (track.containerCodec.startsWith('A_PCM/')) return { codecId: track.containerCodec, codecPrivate: NONE }
  if (config.length < 6) return { codecId: LITTLE, codecPrivate: NONE }
  const isLittle = ((config[4] ?? 0) & 1) === 1
  const bitDepth = config[5] ?? 0
  if (track.descriptions[0].codecString === 'fpcm') {
    const codec = { codecId: 'A_PCM/FLOAT/IEEE', codecPrivate: NONE }
    return isLittle ? codec : { ...codec, rewrite: bytes => swapValues(bytes, bitDepth / 8) }
  }
  if (bitDepth === 8) return { codecId: LITTLE, codecPrivate: NONE, rewrite: dropSign }
  return { codecId: isLittle ? LITTLE : 'A_PCM/INT/BIG', codecPrivate: NONE }
}

const LITTLE = 'A_PCM/INT/LIT'

function dropSign(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ 0x80
}

function swapValues(bytes: Uint8Array, valueBytes: number): void {
  for (let at = 0; at + valueBytes <= bytes.length; at += valueBytes) bytes.subarray(at, at + valueBytes).reverse()
}
