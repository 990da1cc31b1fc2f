import { alacToBox } from '@cuemux/codecs'
import { type AudioCodec, type AudioTrack, CuemuxError, concatBytes } from '@cuemux/core'

/** How Matroska names a codec and what it keeps of its configuration. */
export interface FeedCodec {
  readonly codecId: string
  readonly codecPrivate: Uint8Array
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
      return { codecId: pcmId(track, config), codecPrivate: NONE }
    default:
      throw new CuemuxError(
        'UNSUPPORTED_CODEC',
        `The sound's codec (${track.containerCodec}) can not be fed to ffmpeg.`,
      )
  }
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

const FLOAT_ENTRIES: ReadonlySet<string> = new Set(['A_PCM/FLOAT/IEEE', 'fpcm', 'fl32', 'fl64'])
const LITTLE_ENTRIES: ReadonlySet<string> = new Set(['A_PCM/INT/LIT', 'A_MS/ACM', 'sowt', 'raw '])

function pcmId(track: AudioTrack, config: Uint8Array): string {
  if (track.containerCodec.startsWith('A_PCM/')) return track.containerCodec
  const isLittle = config.length >= 5 ? ((config[4] ?? 0) & 1) === 1 : LITTLE_ENTRIES.has(track.containerCodec)
  if (!FLOAT_ENTRIES.has(track.containerCodec)) return isLittle ? 'A_PCM/INT/LIT' : 'A_PCM/INT/BIG'
  if (isLittle) return 'A_PCM/FLOAT/IEEE'
  throw new CuemuxError('UNSUPPORTED_CODEC', 'Big-endian PCM of floats can not be fed to ffmpeg.')
}
