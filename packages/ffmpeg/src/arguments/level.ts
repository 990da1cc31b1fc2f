import type { TargetVideoCodec } from '../capabilities/model.js'
import type { VideoJob } from './job.js'
import { outputSize } from './size.js'

/** A row of a codec's table of levels; pictures and rates in luma samples (H.264: macroblocks), bits per second. */
interface Level {
  readonly name: string
  readonly picture: number
  readonly rate: number
  readonly bitrateBps: number
}

function level(name: string, picture: number, rate: number, megabits: number): Level {
  return { name, picture, rate, bitrateBps: megabits * 1e6 }
}

/** ITU-T H.264 Table A-1 with the 1.25 of the High profile (Table A-2); 3.0 upwards, which every player takes. */
const AVC: readonly Level[] = [
  level('3.0', 1620, 40_500, 12.5),
  level('3.1', 3600, 108_000, 17.5),
  level('3.2', 5120, 216_000, 25),
  level('4.0', 8192, 245_760, 25),
  level('4.1', 8192, 245_760, 62.5),
  level('4.2', 8704, 522_240, 62.5),
  level('5.0', 22_080, 589_824, 168.75),
  level('5.1', 36_864, 983_040, 300),
  level('5.2', 36_864, 2_073_600, 300),
  level('6.0', 139_264, 4_177_920, 300),
  level('6.2', 139_264, 16_711_680, 1000),
]
/** ITU-T H.265 Tables A.8 and A.9, Main tier. */
const HEVC: readonly Level[] = [
  level('3.0', 552_960, 16_588_800, 6),
  level('3.1', 983_040, 33_177_600, 10),
  level('4.0', 2_228_224, 66_846_720, 12),
  level('4.1', 2_228_224, 133_693_440, 20),
  level('5.0', 8_912_896, 267_386_880, 25),
  level('5.1', 8_912_896, 534_773_760, 40),
  level('5.2', 8_912_896, 1_069_547_520, 60),
  level('6.0', 35_651_584, 1_069_547_520, 60),
  level('6.2', 35_651_584, 4_278_190_080, 240),
]
/** AV1 specification Annex A.3, Main tier. */
const AV1: readonly Level[] = [
  level('3.0', 665_856, 19_975_680, 6),
  level('3.1', 1_065_024, 31_950_720, 10),
  level('4.0', 2_359_296, 70_778_880, 12),
  level('4.1', 2_359_296, 141_557_760, 20),
  level('5.0', 8_912_896, 267_386_880, 30),
  level('5.1', 8_912_896, 534_773_760, 40),
  level('5.2', 8_912_896, 1_069_547_520, 60),
  level('6.0', 35_651_584, 1_069_547_520, 60),
  level('6.2', 35_651_584, 4_278_190_080, 160),
]
const LEVELS: Readonly<Record<TargetVideoCodec, readonly Level[]>> = { h264: AVC, hevc: HEVC, av1: AV1 }
/** A variable rate can rise to this; only the level is chosen by it. */
const ASSUMED_RATE = 60

/** The least level (3.0 and up) that holds the job's picture, frame rate and peak bit rate; the greatest where none does. */
export function videoLevel(job: VideoJob): string {
  const { target, source } = job
  if (target.level !== undefined) return target.level
  const { width, height } = outputSize(source, target.heightLimit)
  const framesPerSecond = source.frameRate === undefined ? ASSUMED_RATE : source.frameRate[0] / source.frameRate[1]
  const picture = target.codec === 'h264' ? Math.ceil(width / 16) * Math.ceil(height / 16) : width * height
  const peakBps = peakBitrate(job)
  const levels = LEVELS[target.codec]
  const fits = (row: Level): boolean =>
    picture <= row.picture && picture * framesPerSecond <= row.rate && peakBps <= row.bitrateBps
  return (levels.find(fits) ?? levels.at(-1)!).name
}

/** Bits per second at most; 0 where a quality is asked for, which has no bound. */
function peakBitrate(job: VideoJob): number {
  const { rate } = job.target
  return 'quality' in rate ? 0 : (rate.maxBitrateBps ?? rate.bitrateBps * 1.5)
}

/**
 * The RFC 6381 string that an encode will have, for playlists that are written before it: High, Main and Main profile.
 * What the encoder then writes may claim a lower level (SVT-AV1, hardware), never more than a player needs to know.
 */
export function targetCodecString(job: VideoJob): string {
  const [major = 0, minor = 0] = videoLevel(job).split('.').map(Number)
  const { codec } = job.target
  if (codec === 'h264') return `avc1.6400${(major * 10 + minor).toString(16).padStart(2, '0')}`
  if (codec === 'hevc') return `hvc1.1.6.L${major * 30 + minor * 3}.90`
  return `av01.0.${String((major - 2) * 4 + minor).padStart(2, '0')}M.08`
}
