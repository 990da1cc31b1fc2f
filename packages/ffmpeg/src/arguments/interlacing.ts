import type { Scan } from './job.js'

/** What {@link parseInterlacing} read. */
export interface InterlacingCounts {
  readonly tff: number
  readonly bff: number
  readonly progressive: number
  readonly undetermined: number
}

/** What the pictures of a sample are; `scan` is `undefined` where they don't tell: too little movement, or too much. */
export interface Interlacing {
  readonly scan: Scan | undefined
  readonly counts: InterlacingCounts
}

/** Frames to look at: 8 s of film, decoded in well under a second. */
const SAMPLE_FRAMES = 200
/** Fewer frames that show something say nothing. */
const MIN_DETERMINED = 10
/** Telecined film has 2 interlaced frames in 5, interlaced television nearly all; noise in a progressive one under 1 %. */
const INTERLACED_SHARE = 0.2
/** A film has one field order. Pictures that look interlaced both ways are fine patterns that move, as in test films. */
const MAX_OTHER_ORDER = 0.05

/** What the arguments of a look at the pictures are, around the input that the caller gives. */
export interface DetectionArguments {
  readonly filter: string
  /** After the input. ffmpeg's log has to be at `info`: the counts are written there. */
  readonly outputArguments: readonly string[]
}

/** Arguments that make ffmpeg's `idet` count interlaced pictures at the start of what it reads. */
export function detectInterlacingArguments(videoStream = 0): DetectionArguments {
  return {
    filter: 'idet',
    outputArguments: [
      ...['-map', `0:v:${videoStream}`, '-an', '-sn', '-dn', '-vf', 'idet', '-frames:v', String(SAMPLE_FRAMES)],
      ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
    ],
  }
}

const COUNTS =
  /Multi frame detection:\s*TFF:\s*(\d{1,9})\s*BFF:\s*(\d{1,9})\s*Progressive:\s*(\d{1,9})\s*Undetermined:\s*(\d{1,9})/g

/** Reads `idet`'s last counts out of ffmpeg's log. */
export function parseInterlacing(log: string): Interlacing {
  const found = [...log.matchAll(COUNTS)].at(-1)
  const [tff = 0, bff = 0, progressive = 0, undetermined = 0] = (found ?? []).slice(1).map(Number)
  return { scan: judge(tff, bff, progressive), counts: { tff, bff, progressive, undetermined } }
}

function judge(tff: number, bff: number, progressive: number): Scan | undefined {
  const interlaced = tff + bff
  if (interlaced + progressive < MIN_DETERMINED) return undefined
  if (interlaced < INTERLACED_SHARE * (interlaced + progressive)) return 'progressive'
  if (Math.min(tff, bff) > MAX_OTHER_ORDER * Math.max(tff, bff)) return undefined
  return tff >= bff ? 'tff' : 'bff'
}
