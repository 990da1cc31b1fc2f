import {
  type AudioDescription,
  alacToBox,
  audioConfigFromFrame,
  codecString,
  describeAudio,
  flacToDfla,
  opusHeadToDops,
  pcmConfig,
} from '@cuemux/codecs'
import type { AudioCodec, AudioTrack } from '@cuemux/core'
import { aacConfigFromId } from './codec-ids.js'
import type { TrackFormat } from './format.js'
import { readWaveFormat, type WaveFormat } from './ms-headers.js'
import type { AudioSettings, TrackEntry } from './track-entry.js'
import {
  type CommonFields,
  type FilmContext,
  formatOfEntry,
  plainCodecPrivate,
  type TrackWithFormat,
} from './track-model.js'

/** Samples in a frame of the codecs that have one length only. */
const FIXED_FRAMES: { readonly [codec in AudioCodec]?: number } = { ac3: 1536, mp2: 1152 }

/** Codecs whose first frame tells what no CodecPrivate does: the configuration, or how long a frame is. */
const FROM_FRAME: ReadonlySet<AudioCodec> = new Set(['ac3', 'eac3', 'mp3', 'mp2', 'dts', 'truehd', 'opus', 'pcm'])

/** Codecs without frames of one length: each block has its own. */
const IRREGULAR: ReadonlySet<AudioCodec> = new Set(['vorbis', 'pcm', 'unknown'])

const MAX_RATE = 1_000_000

/** Builds an audio track. Its time, and what only a frame tells, follow with the first frame. */
export function buildAudioTrack(
  entry: TrackEntry,
  codec: AudioCodec,
  common: CommonFields,
  film: FilmContext,
): TrackWithFormat {
  const settings = entry.audio ?? { sampleRate: 8000, outputSampleRate: 0, channels: 2, bitDepth: 0 }
  const wave = entry.codecId === 'A_MS/ACM' ? readWaveFormat(plainCodecPrivate(entry)) : undefined
  const { config, sampleEntry } = configOf(entry, codec, settings, wave)
  const described = describeSafely(codec, config)
  const timescale = described.sampleRate ?? wholeRate(settings)
  const isSbr = codec === 'aac' && hasImplicitSbr(settings, described)
  const base = formatOfEntry(entry, timescale, film)
  const gridTicks = gridOf(codec, described, timescale, base.defaultDuration)
  const isPcm = codec === 'pcm'
  const bitDepth = described.bitDepth ?? (isPcm ? settings.bitDepth || wave?.bitDepth || undefined : undefined)
  const channels = described.channels ?? Math.max(1, settings.channels)
  const track: AudioTrack = {
    ...common,
    kind: 'audio',
    codec,
    timescale,
    descriptions: [{ config, codecString: isSbr ? HE_AAC : codecString(codec, config, sampleEntry) }],
    start: undefined,
    end: undefined,
    bitrateBps:
      common.bitrateBps ??
      described.bitrateBps ??
      (isPcm && bitDepth !== undefined ? timescale * channels * bitDepth : undefined),
    sampleRate: isSbr ? 2 * timescale : timescale,
    channels,
    frameDuration: gridTicks || undefined,
    priming: base.delay,
    bitDepth,
    hasJoc: described.hasJoc ?? false,
    ...(entry.seekPrerollNs > 0 ? { seekPreroll: Math.round((entry.seekPrerollNs * timescale) / 1e9) } : {}),
  }
  return { track, format: { ...base, gridTicks } }
}

/** The track with what its first frame tells about the decoder. */
export function withAudioFrame(pair: TrackWithFormat, frame: Uint8Array): TrackWithFormat {
  const { track, format } = pair
  if (track.kind !== 'audio' || !FROM_FRAME.has(track.codec)) return pair
  if (track.codec === 'pcm') return withPcmFrame(pair, track, frame)
  const found = configFromFrame(track.codec, frame)
  if (found === undefined) return pair
  const hasConfig = track.descriptions[0].config.length > 0
  const config = hasConfig ? track.descriptions[0].config : found.config
  const gridTicks = gridOf(track.codec, found.description, track.timescale, format.defaultDuration) || format.gridTicks
  return {
    format: { ...format, gridTicks },
    track: {
      ...track,
      descriptions: [{ config, codecString: codecString(track.codec, config) }],
      channels: hasConfig ? track.channels : (found.description.channels ?? track.channels),
      bitrateBps: track.bitrateBps ?? found.description.bitrateBps,
      hasJoc: track.hasJoc || (found.description.hasJoc ?? false),
      frameDuration: gridTicks || undefined,
    },
  }
}

/** Blocks of PCM are mostly of one length, which the first one shows. */
function withPcmFrame({ track, format }: TrackWithFormat, audio: AudioTrack, frame: Uint8Array): TrackWithFormat {
  const gridTicks = Math.floor(frame.length / pcmFrameBytes(audio))
  return { track, format: Number.isFinite(gridTicks) ? { ...format, gridTicks } : format }
}

/** Bytes of one PCM sample of all channels. */
export function pcmFrameBytes({ channels, bitDepth }: AudioTrack): number {
  return (channels * (bitDepth ?? 0)) / 8
}

/** What a track's configuration box carries, and the sample entry where the codec has several. */
interface Configuration {
  readonly config: Uint8Array
  readonly sampleEntry?: string
}

const NO_CONFIG: Configuration = { config: new Uint8Array(0) }

function configOf(
  entry: TrackEntry,
  codec: AudioCodec,
  settings: AudioSettings,
  wave: WaveFormat | undefined,
): Configuration {
  const codecPrivate = wave?.extra ?? plainCodecPrivate(entry)
  try {
    if (codec === 'opus') return { config: opusHeadToDops(codecPrivate) }
    if (codec === 'flac') return { config: flacToDfla(codecPrivate) }
    if (codec === 'alac') return { config: alacToBox(codecPrivate) }
  } catch {
    return NO_CONFIG
  }
  if (codec === 'pcm') return pcmConfiguration(entry.codecId, settings, wave)
  if (codec === 'vorbis') return { config: codecPrivate }
  if (codec !== 'aac') return NO_CONFIG
  if (codecPrivate.length >= 2) return { config: codecPrivate }
  const coded = wholeRate({ ...settings, outputSampleRate: 0 })
  return { config: aacConfigFromId(entry.codecId, coded, settings.channels) ?? new Uint8Array(0) }
}

const WAVE_FLOAT = 3

/** MP4 has whole numbers with a sign and floats (ISO/IEC 23003-5); Matroska's of 8 bits have no sign. */
function pcmConfiguration(codecId: string, settings: AudioSettings, wave: WaveFormat | undefined): Configuration {
  const isFloat = wave === undefined ? codecId === 'A_PCM/FLOAT/IEEE' : wave.tag === WAVE_FLOAT
  const bitDepth = wave?.bitDepth || settings.bitDepth
  if (!(isFloat ? [32, 64] : [16, 24, 32]).includes(bitDepth)) return NO_CONFIG
  const config = pcmConfig({ bitDepth, isLittleEndian: codecId !== 'A_PCM/INT/BIG' })
  return { config, sampleEntry: isFloat ? 'fpcm' : 'ipcm' }
}

const HE_AAC = 'mp4a.40.5'

/**
 * SBR that only the frames and the container's output rate tell (ISO/IEC 14496-3 §1.6.5.3). The configuration stays that of
 * the core, and so does the grid; players learn of it from CODECS.
 */
function hasImplicitSbr(settings: AudioSettings, { objectType, sampleRate }: AudioDescription): boolean {
  if (objectType !== 2 || sampleRate === undefined || sampleRate > 24_000) return false
  return Math.round(settings.outputSampleRate) === 2 * sampleRate
}

function describeSafely(codec: AudioCodec, config: Uint8Array): AudioDescription {
  try {
    return describeAudio(codec, config)
  } catch {
    // A broken record is the decoder's matter: the container's own figures stand.
    return {}
  }
}

function configFromFrame(codec: AudioCodec, frame: Uint8Array): ReturnType<typeof audioConfigFromFrame> {
  try {
    return audioConfigFromFrame(codec, frame)
  } catch {
    return undefined
  }
}

function wholeRate(settings: AudioSettings): number {
  const rate = Math.round(settings.outputSampleRate || settings.sampleRate)
  return rate >= 1 && rate <= MAX_RATE ? rate : 48_000
}

/** Ticks in a frame where all frames have the same whole number of them, else 0. */
function gridOf(codec: AudioCodec, described: AudioDescription, timescale: number, defaultDuration: number): number {
  if (IRREGULAR.has(codec)) return 0
  const samples = described.frameSamples ?? FIXED_FRAMES[codec]
  const ticks = samples === undefined ? defaultDuration : (samples * timescale) / (described.sampleRate ?? timescale)
  const whole = Math.round(ticks)
  // DefaultDuration is rounded to a nanosecond, which is far less than a sample.
  return whole > 0 && Math.abs(ticks - whole) < 0.01 ? whole : 0
}

/** Whether a first frame is needed to know how to decode the track, or how long its frames are. */
export function needsAudioFrame(track: AudioTrack, format: TrackFormat): boolean {
  if (!FROM_FRAME.has(track.codec)) return false
  const hasRecord = track.codec === 'ac3' || track.codec === 'eac3' || track.codec === 'opus'
  return format.gridTicks === 0 || (hasRecord && track.descriptions[0].config.length === 0)
}
