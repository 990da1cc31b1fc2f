import type { FrameRate } from '@cuemux/codecs'

/** Highest whole rate, and longest whole number of seconds per frame, that DefaultDuration is matched to. */
const MAX_WHOLE = 300

/** The whole rates that also exist slowed down by 1000/1001. */
const NTSC_RATES = [24, 30, 48, 60, 96, 120, 240, 12, 15]

const CANDIDATES: readonly FrameRate[] = [
  ...NTSC_RATES.map(rate => ({ numerator: rate * 1000, denominator: 1001 })),
  ...Array.from({ length: MAX_WHOLE }, (_, i) => ({ numerator: i + 1, denominator: 1 })),
  { numerator: 25, denominator: 2 },
  { numerator: 15, denominator: 2 },
  ...Array.from({ length: MAX_WHOLE }, (_, i) => ({ numerator: 1, denominator: i + 2 })),
]

/** How far DefaultDuration may be from a rate: rounding to nanoseconds, and muxers that computed in floats. */
const TOLERANCE = 2e-6

/** The exact rate that a DefaultDuration in nanoseconds stands for; `undefined` where it is near none. */
export function rateOfDefaultDuration(durationNs: number): FrameRate | undefined {
  if (!(durationNs > 0)) return undefined
  let best: FrameRate | undefined
  let bestError = Number.POSITIVE_INFINITY
  for (const rate of CANDIDATES) {
    const exact = (1e9 * rate.denominator) / rate.numerator
    const error = Math.abs(durationNs - exact)
    if (error <= Math.max(1, exact * TOLERANCE) && error < bestError) {
      best = rate
      bestError = error
    }
  }
  return best
}

/** A timescale in which frames of a constant rate have whole ticks: 24 → 24000 with 1000, 24000/1001 → 24000 with 1001. */
export function timescaleOfRate(rate: FrameRate): { timescale: number; frameDuration: number } {
  const factor = rate.numerator < 1000 ? 1000 : 1
  return { timescale: rate.numerator * factor, frameDuration: rate.denominator * factor }
}
