import type { AudioCodec } from '@cuemux/core'
import type { TargetAudioCodec } from '../capabilities/model.js'
import { validate } from '../capabilities/schemas.js'
import { findLayout, mixMatrix, panFilter } from './downmix.js'

/** An audio track and what it is to become. */
export interface AudioJob {
  readonly codec: AudioCodec
  readonly channelsIn: number
  /** ffmpeg's name of the layout, as `5.1(side)`; guessed by the number of channels where absent. */
  readonly layout?: string
  readonly sampleRateIn: number
  readonly target: Extract<TargetAudioCodec, 'aac'>
  /** The most channels that the client takes. */
  readonly channelsOut: 2 | 6
  /** 96k mono, 192k stereo, 384k 5.1 where absent. */
  readonly bitrateBps?: number
}

/** Arguments of an audio encode, around the input, the map and the output that the caller names. */
export interface AudioArguments {
  /** Options of the decoder, before `-i`. */
  readonly inputArguments: readonly string[]
  /** The filters, for `-af`; `outputArguments` do not hold them, so that the caller can put its own around them. */
  readonly filter: string
  /** Codec and rate, after the input. */
  readonly outputArguments: readonly string[]
  readonly sampleRate: number
  readonly channels: 1 | 2 | 6
  readonly bitrateBps: number
  readonly explanation: string
}

const OUTPUT_LAYOUTS = { 1: 'mono', 2: 'stereo', 6: '5.1' } as const
const BITRATES: Readonly<Record<1 | 2 | 6, number>> = { 1: 96_000, 2: 192_000, 6: 384_000 }
const CHANNEL_NAMES: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

/** 44.1 kHz for its own family (11025, 22050, 44100, 88200 … Hz), else 48 kHz: rates that every AAC decoder plays. */
export function audioOutputRate(sampleRateIn: number): 44_100 | 48_000 {
  return sampleRateIn % 11_025 === 0 ? 44_100 : 48_000
}

/**
 * Channels that come out. Mono stays mono: the same sound on every loudspeaker for half of the bits. 5.1 and more stay
 * 5.1 where the client takes it; what lies between (2.1, 4.0 …) becomes stereo, since few clients place it right.
 */
function outputChannels(channelsIn: number, channelsOut: 2 | 6): 1 | 2 | 6 {
  if (channelsIn === 1) return 1
  return channelsIn >= 6 && channelsOut === 6 ? 6 : 2
}

/**
 * The arguments that turn an audio track into AAC. Everything in the chain is linear and without memory but the
 * resampler: pieces encoded apart can be joined. No limiter and no loudness filter, which look back and forth.
 *
 * @throws CuemuxError `BAD_REQUEST` for a job that breaks its schema
 */
export function audioEncodeArguments(job: AudioJob): AudioArguments {
  validate('audioJob', job)
  const channels = outputChannels(job.channelsIn, job.channelsOut)
  const sampleRate = audioOutputRate(job.sampleRateIn)
  const bitrateBps = job.bitrateBps ?? BITRATES[channels]
  const filters = [
    ...mixFilters(job, channels),
    ...(sampleRate === job.sampleRateIn ? [] : [`aresample=${sampleRate}`]),
  ]
  return {
    inputArguments: decoderArguments(job, channels),
    filter: [...filters, `aformat=sample_fmts=fltp:channel_layouts=${OUTPUT_LAYOUTS[channels]}`].join(','),
    // No noise substitution and no intensity stereo: neither keeps the wave, and pieces of two runs would not fit.
    outputArguments: [
      ...['-c:a', 'aac', '-profile:a', 'aac_low', '-b:a', String(bitrateBps)],
      ...['-aac_pns', '0', '-aac_is', '0', '-ar', String(sampleRate), '-ac', String(channels)],
    ],
    sampleRate,
    channels,
    bitrateBps,
    explanation: explain(job, channels, bitrateBps),
  }
}

function mixFilters(job: AudioJob, channels: 1 | 2 | 6): readonly string[] {
  if (channels === job.channelsIn && channels !== 6) return []
  const layout = findLayout(job.channelsIn, job.layout)
  // More channels than any layout has: ffmpeg's own matrix, which is made to fit as well.
  if (layout === undefined) return [`aformat=channel_layouts=${OUTPUT_LAYOUTS[channels]}`]
  if (channels === 6 && layout.startsWith('5.1')) return []
  return [
    `aformat=channel_layouts=${layout}`,
    panFilter(mixMatrix(layout, channels === 6 ? 6 : 2), OUTPUT_LAYOUTS[channels]),
  ]
}

/**
 * AC-3 and E-AC-3 carry gains that narrow the dynamic range. They are made for small loudspeakers: kept in a downmix,
 * undone where 5.1 stays. Dialogue level (dialnorm) is left to the player's volume, as ffmpeg does by itself.
 */
function decoderArguments(job: AudioJob, channels: 1 | 2 | 6): readonly string[] {
  if (job.codec !== 'ac3' && job.codec !== 'eac3') return []
  return ['-drc_scale', channels === 6 ? '0' : '1']
}

function explain(job: AudioJob, channels: 1 | 2 | 6, bitrateBps: number): string {
  const from = CHANNEL_NAMES[job.channelsIn] ?? `${job.channelsIn} channels`
  const to = CHANNEL_NAMES[channels]!
  const mixed = from === to ? to : `${from} mixed to ${to}`
  return `${job.codec} ${mixed}, encoded to AAC at ${Math.round(bitrateBps / 1000)} kbit/s`
}
