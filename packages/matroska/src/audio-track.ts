import {
  type AudioDescription,
  alacToBox,
  audioConfigFromFrame,
  codecString,
  describeAudio,
  flacToDfla,
  opusHeadToDops,
} from '@cuemux/codecs'
import type { AudioCodec, AudioTrack } from '@cuemux/core'
import { aacConfigFromId } from './codec-ids.js'
import type { TrackFormat } from './format.js'
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
const FROM_FRAME: ReadonlySet<AudioCodec> = new Set(['ac3', 'eac3', 'mp3', 'mp2', 'dts', 'truehd', 'opus'])

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
  const config = configOf(entry, codec, settings)
  const described = describeSafely(codec, config)
  const sampleRate = described.sampleRate ?? wholeRate(settings)
  const timescale = sampleRate
  const base = formatOfEntry(entry, timescale, film)
  const gridTicks = gridOf(codec, described, timescale, base.defaultDuration)
  const isPcm = codec === 'pcm'
  const bitDepth = described.bitDepth ?? (isPcm ? settings.bitDepth || undefined : undefined)
  const channels = described.channels ?? Math.max(1, settings.channels)
  const track: AudioTrack = {
    ...common,
    kind: 'audio',
    codec,
    timescale,
    descriptions: [{ config, codecString: codecString(codec, config) }],
    start: undefined,
    end: undefined,
    bitrateBps:
      common.bitrateBps ??
      described.bitrateBps ??
      (isPcm && bitDepth !== undefined ? sampleRate * channels * bitDepth : undefined),
    sampleRate,
    channels,
    frameDuration: gridTicks || undefined,
    priming: base.delay,
    bitDepth,
    hasJoc: described.hasJoc ?? false,
  }
  return { track, format: { ...base, gridTicks } }
}

/** The track with what its first frame tells about the decoder. */
export function withAudioFrame(pair: TrackWithFormat, frame: Uint8Array): TrackWithFormat {
  const { track, format } = pair
  if (track.kind !== 'audio' || !FROM_FRAME.has(track.codec)) return pair
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

function configOf(entry: TrackEntry, codec: AudioCodec, settings: AudioSettings): Uint8Array {
  const codecPrivate = plainCodecPrivate(entry)
  try {
    if (codec === 'opus') return opusHeadToDops(codecPrivate)
    if (codec === 'flac') return flacToDfla(codecPrivate)
    if (codec === 'alac') return alacToBox(codecPrivate)
  } catch {
    return new Uint8Array(0)
  }
  if (codec === 'vorbis') return codecPrivate
  if (codec !== 'aac' || entry.codecId === 'A_MS/ACM') return new Uint8Array(0)
  if (codecPrivate.length >= 2) return codecPrivate
  return aacConfigFromId(entry.codecId, wholeRate(settings), settings.channels) ?? new Uint8Array(0)
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
