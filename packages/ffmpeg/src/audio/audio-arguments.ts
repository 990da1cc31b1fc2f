import { CuemuxError } from '@cuemux/core'
import type { AudioArguments } from '../arguments/audio.js'
import { FEED_ARGUMENTS, inputArguments } from '../input/input-arguments.js'
import type { MediaAddress } from '../input/loopback.js'

/** What a track of sound is encoded to. */
export interface AudioTarget {
  readonly codec: 'aac'
  /** 1 to 6, or 8. */
  readonly channels: number
  readonly bitrateBps: number
  /** Samples per second; one of AAC's rates. */
  readonly sampleRate: number
}

/** Where the feed's time zero lies for ffmpeg, s: what comes before it is the decoder's pre-roll. */
export const FEED_ZERO_S = 8

/** Rates that AAC has an index for (ISO/IEC 14496-3 Table 1.18), but 7350. */
const RATES: ReadonlySet<number> = new Set([
  ...[96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000],
])

/** @throws CuemuxError `BAD_REQUEST` */
export function checkTarget({ channels, bitrateBps, sampleRate }: AudioTarget): void {
  if (!RATES.has(sampleRate)) throw wrong('sampleRate', sampleRate, `one of ${[...RATES].join(', ')}`)
  const isPossible = Number.isInteger(channels) && channels >= 1 && channels <= 8 && channels !== 7
  if (!isPossible) throw wrong('channels', channels, '1 to 6, or 8')
  const isRate = Number.isInteger(bitrateBps) && bitrateBps >= 8000 && bitrateBps <= 1_024_000
  if (!isRate) throw wrong('bitrateBps', bitrateBps, '8000 to 1024000')
}

function wrong(field: string, value: number, allowed: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `target.${field} is ${value}; it must be ${allowed}.`)
}

/**
 * What makes the first sample that is encoded the one at a given time, and every later one follow it without gap or
 * overlap: trimmed before the rate is changed, on a whole sample; silence where the source has none. Times that are a
 * little off (Matroska's are rounded to a millisecond) move nothing. Two resamplers, as `first_pts` counts on the rate
 * that comes in, which only the decoder knows.
 */
function timingFilters(trim: string, firstPts: number, rate: number): string {
  return `atrim=${trim},aresample=${rate},aresample=async=1:min_hard_comp=0.008:first_pts=${firstPts}`
}

const HEAD: readonly string[] = ['-hide_banner', '-loglevel', 'warning', '-nostats', '-threads', '1']

/** What of {@link AudioArguments} a run needs. */
export type AudioEncoding = Pick<AudioArguments, 'inputArguments' | 'filter' | 'outputArguments'>

/** Without noise substitution and intensity stereo, which sound different in each run. */
function plainEncoding({ bitrateBps, channels, sampleRate }: AudioTarget): AudioEncoding {
  const output = ['-c:a', 'aac', '-b:a', bitrateBps, '-aac_pns', 0, '-aac_is', 0, '-ac', channels, '-ar', sampleRate]
  return { inputArguments: [], filter: '', outputArguments: output.map(String) }
}

function outputArguments({ filter, outputArguments }: AudioEncoding, timing: string): string[] {
  return [
    ...['-af', filter === '' ? timing : `${timing},${filter}`, '-vn', '-sn', '-dn'],
    ...[
      '-map_metadata',
      '-1',
      '-map_chapters',
      '-1',
      ...outputArguments,
      '-f',
      'adts',
      '-flush_packets',
      '1',
      'pipe:1',
    ],
  ]
}

/** Arguments of a process that reads a feed: the same for every segment, so that it can be started ahead. */
export function feedRunArguments(target: AudioTarget, encoding: AudioEncoding = plainEncoding(target)): string[] {
  const timing = timingFilters(`start=${FEED_ZERO_S}`, FEED_ZERO_S * target.sampleRate, target.sampleRate)
  return [
    ...[...HEAD, '-nostdin', ...encoding.inputArguments, ...FEED_ARGUMENTS, '-copyts', '-map', '0:a:0'],
    ...outputArguments(encoding, timing),
  ]
}

/** A stream of an input that ffmpeg reads by itself. */
export interface AudioAddress {
  readonly input: MediaAddress
  /** Number of the stream in the input. */
  readonly streamIndex: number
  /** The film's clock minus ffmpeg's own of the same input, µs: 0 where both start alike. */
  readonly clockOffsetUs?: number | undefined
}

/** Where a run on an address starts. */
export interface AddressStart {
  /** Where ffmpeg looks for the place, s: before the time that counts, with the decoder's pre-roll. */
  readonly seekS: number
  /** The first sample that counts, on the source's own rate. */
  readonly sourcePts: number
  /** The same on the target's rate. */
  readonly targetPts: number
}

/** Arguments of a process that reads an address from a place on. */
export function addressRunArguments(
  address: AudioAddress,
  start: AddressStart,
  target: AudioTarget,
  encoding: AudioEncoding = plainEncoding(target),
): string[] {
  const timing = timingFilters(`start_pts=${start.sourcePts}`, start.targetPts, target.sampleRate)
  const seek = start.seekS > 0 ? ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', start.seekS.toFixed(6)] : []
  return [
    ...[...HEAD, ...encoding.inputArguments, ...seek, ...inputArguments(address.input.url)],
    ...['-copyts', '-map', `0:${address.streamIndex}`, ...outputArguments(encoding, timing)],
  ]
}
