import { CuemuxError } from '@cuemux/core'
import { outputSize, type PictureSize, type VideoSource } from '@cuemux/ffmpeg'
import type { LadderRungOption, LadderRungs } from './model.js'

type TargetCodec = NonNullable<LadderRungOption['codec']>

/** A rung of a certain film. */
export interface PlannedRung {
  /** Unique in the ladder: `video-720`. */
  readonly name: string
  readonly size: PictureSize
  /** For the encoder's job: may be more than the film's own height. */
  readonly heightLimit: number
  readonly codec: TargetCodec
  readonly bitrateBps: number
  readonly maxBitrateBps: number
  readonly maxFrameRate: number | undefined
}

/** What is known of a film's bits. */
export interface RateFacts {
  /** Of the picture, bits per second. */
  readonly bitrateBps?: number | undefined
  /** How hard it is to encode, 1 for what the usual rates are made for. */
  readonly complexity?: number | undefined
}

const HEIGHTS_720 = { height: 720, bitrateBps: 2_500_000 }
const HEIGHTS_360 = { height: 360, bitrateBps: 800_000 }
/** Heights of `auto`. */
const AUTO_HEIGHTS = [1440, 1080, 720, 480, 360] as const
/** A rung of `auto` that is hardly smaller than the one before it is worth nothing. */
const AUTO_STEP = 0.9
const PEAK = 1.5
/** Bits that a codec needs where H.264 needs one. */
const CODEC_SHARE: Readonly<Record<TargetCodec, number>> = { h264: 1, hevc: 0.65, av1: 0.55 }
/** Rates of 360p and below go by the picture's size. */
const SMALL_PIXELS = 640 * 360
const LEAST_BPS = 100_000
const MAX_RUNGS = 12
/** Lines of the largest picture that an encoder is asked for. */
const MAX_HEIGHT = 65_536
/** Where the source's rate is the bound, a rung of half the pixels gets more than half of it. */
const RATE_EXPONENT = 0.75

/** H.264's rate by the number of pixels. */
function usualRate({ width, height }: PictureSize): number {
  const pixels = width * height
  if (pixels >= 3840 * 2160) return 15_000_000
  if (pixels >= 1920 * 1080) return 5_000_000
  if (pixels >= 1280 * 720) return 2_500_000
  return pixels >= 854 * 480 ? 1_500_000 : 800_000
}

function rateFor(size: PictureSize, codec: TargetCodec): number {
  const small = Math.min(1, (size.width * size.height) / SMALL_PIXELS)
  return Math.max(LEAST_BPS, roundRate(usualRate(size) * small * CODEC_SHARE[codec]))
}

function roundRate(bitrateBps: number): number {
  return Math.round(bitrateBps / 10_000) * 10_000
}

/**
 * The rungs of a film, from the largest to the smallest picture: never larger than the film, both sides even, none twice.
 *
 * @throws CuemuxError `BAD_REQUEST` where the wish is no list of rungs
 */
export function planRungs(source: VideoSource, wish: LadderRungs, facts: RateFacts = {}): readonly PlannedRung[] {
  const asked = askedRungs(source, wish, facts)
  const sized = asked.map(option => sizedRung(source, option))
  const rungs = sized
    .filter((rung, i) => sized.findIndex(other => isSame(rung, other)) === i)
    .sort((a, b) => b.size.width * b.size.height - a.size.width * a.size.height || b.bitrateBps - a.bitrateBps)
  return named(rungs)
}

function askedRungs(source: VideoSource, wish: LadderRungs, facts: RateFacts): readonly LadderRungOption[] {
  const original = outputSize(source)
  if (wish === 'seed') {
    const smaller = [HEIGHTS_720, HEIGHTS_360].filter(({ height }) => original.height > height)
    return [{ height: original.height, bitrateBps: usualRate(original) }, ...smaller]
  }
  if (wish === 'auto') return autoRungs(source, facts)
  const list = typeof wish === 'string' ? parseRungs(wish) : wish
  if (list.length > 0 && list.length <= MAX_RUNGS) return list
  throw new CuemuxError('BAD_REQUEST', `A ladder has 1 to ${MAX_RUNGS} rungs, not ${list.length}.`)
}

/** Rates by how hard the film is to encode, and never above what its picture has now. */
function autoRungs(
  source: VideoSource,
  { bitrateBps = Number.POSITIVE_INFINITY, complexity = 1 }: RateFacts,
): LadderRungOption[] {
  const original = outputSize(source)
  const top = Math.min(original.height, AUTO_HEIGHTS[0])
  const heights = [top]
  for (const height of AUTO_HEIGHTS) if (height <= (heights.at(-1) ?? 0) * AUTO_STEP) heights.push(height)
  return heights.map(height => {
    const size = outputSize(source, height)
    const share = ((size.width * size.height) / (original.width * original.height)) ** RATE_EXPONENT
    const wished = Math.min(rateFor(size, 'h264') * complexity, bitrateBps * share)
    return { height, bitrateBps: Math.max(LEAST_BPS, roundRate(wished)) }
  })
}

/** `1080,720,360`, and with rates in kbit/s `1080:5000,720:2500`. */
function parseRungs(text: string): LadderRungOption[] {
  return text.split(',').map(part => {
    const [, height, kilobits] = /^\s*(\d{1,5})p?(?::(\d{1,6})k?)?\s*$/.exec(part) ?? []
    if (height !== undefined) {
      return { height: Number(height), ...(kilobits === undefined ? {} : { bitrateBps: Number(kilobits) * 1000 }) }
    }
    throw new CuemuxError('BAD_REQUEST', `rungs is '${text.slice(0, 60)}'; '${part.slice(0, 20)}' is no rung.`, {
      hint: "Use 'seed', 'auto', or heights with or without a rate in kbit/s, as '1080:5000,720,360'.",
    })
  })
}

function sizedRung(source: VideoSource, option: LadderRungOption): Omit<PlannedRung, 'name'> {
  const { height, codec = 'h264', maxFrameRate } = option
  if (!(Number.isInteger(height) && height >= 2 && height <= MAX_HEIGHT)) {
    throw new CuemuxError('BAD_REQUEST', `A rung's height is ${height}; it must be an integer of 2 to ${MAX_HEIGHT}.`)
  }
  const size = outputSize(source, height)
  const bitrateBps = option.bitrateBps ?? rateFor(size, codec)
  const maxBitrateBps = option.maxBitrateBps ?? Math.round(bitrateBps * PEAK)
  if (!(bitrateBps >= 1000 && maxBitrateBps >= bitrateBps)) {
    throw new CuemuxError('BAD_REQUEST', `The rung of ${height} aims at ${bitrateBps} bit/s, at most ${maxBitrateBps}.`)
  }
  return { size, heightLimit: height, codec, bitrateBps, maxBitrateBps, maxFrameRate }
}

/** Of one size, two rungs are two by their codecs and by rates that were asked for; what the film's size makes equal is one. */
function isSame(a: Omit<PlannedRung, 'name'>, b: Omit<PlannedRung, 'name'>): boolean {
  if (a.size.width !== b.size.width || a.size.height !== b.size.height || a.codec !== b.codec) return false
  return a.heightLimit !== b.heightLimit || (a.bitrateBps === b.bitrateBps && a.maxFrameRate === b.maxFrameRate)
}

function named(rungs: readonly Omit<PlannedRung, 'name'>[]): PlannedRung[] {
  const names = new Set<string>()
  return rungs.map(rung => {
    const plain = `video-${rung.size.height}`
    const own = names.has(plain) ? `${plain}-${rung.codec}` : plain
    let name = own
    for (let i = 2; names.has(name); i++) name = `${own}-${i}`
    names.add(name)
    return { ...rung, name }
  })
}

/**
 * Every how many frames a rung keeps one, so that it has at most `maxFrameRate` of them a second.
 *
 * @param frameRate of the film; a variable one has no step
 */
export function frameStepFor(
  frameRate: readonly [number, number] | undefined,
  maxFrameRate: number | undefined,
): number {
  if (frameRate === undefined || maxFrameRate === undefined) return 1
  // 59.94 counts as 60.
  return Math.max(1, Math.ceil(frameRate[0] / frameRate[1] / maxFrameRate - 0.01))
}
