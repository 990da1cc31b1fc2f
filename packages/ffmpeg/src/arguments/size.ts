import type { VideoSource } from './job.js'

/** Heights of the quality levels that people choose from, greatest first. */
export const HEIGHT_LADDER: readonly [2160, 1080, 720, 480] = [2160, 1080, 720, 480]

/** A picture as it is encoded: upright, both sides even. */
export interface PictureSize {
  readonly width: number
  readonly height: number
  /** Width : height of a pixel. */
  readonly pixelAspect: readonly [number, number]
}

/** 4:2:0 has one chroma sample for two by two pixels: both sides are even. */
function nearestEven(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2))
}

function evenBelow(value: number): number {
  return Math.max(2, value - (value % 2))
}

/** The picture's size after rotation, before any scaling. */
export function uprightSize(source: VideoSource): PictureSize {
  const [across, down] = source.pixelAspect
  if (source.rotation % 180 === 0) return { width: source.width, height: source.height, pixelAspect: [across, down] }
  return { width: source.height, height: source.width, pixelAspect: [down, across] }
}

/**
 * The size to encode: upright, at most `heightLimit` high, never larger than the source, shape and pixel aspect kept to
 * within the rounding to even sides.
 */
export function outputSize(source: VideoSource, heightLimit?: number): PictureSize {
  const { width, height, pixelAspect } = uprightSize(source)
  if (heightLimit === undefined || height <= heightLimit) {
    return { width: evenBelow(width), height: evenBelow(height), pixelAspect }
  }
  const limited = evenBelow(heightLimit)
  return { width: nearestEven((width * limited) / height), height: limited, pixelAspect }
}

/** The heights of {@link HEIGHT_LADDER} that make a source smaller, greatest first. */
export function heightsBelow(source: VideoSource): readonly number[] {
  const { height } = uprightSize(source)
  return HEIGHT_LADDER.filter(rung => rung < height)
}
