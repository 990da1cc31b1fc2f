import { childBoxes, payload, u32 } from './boxes.js'
import type { MovieBoxes } from './movie.js'

/** What a track's samples in fragments have where the fragments don't say. Plain data. */
export interface FragmentDefaults {
  /** Number of the sample description, from 1. */
  readonly description: number
  /** Ticks. */
  readonly duration: number
  /** Bytes. */
  readonly size: number
  /** Sample flags (ISO/IEC 14496-12 §8.8.3.1). */
  readonly flags: number
}

/** Without `trex`, which §8.8.3 demands, the defaults are these. */
export const NO_DEFAULTS: FragmentDefaults = { description: 1, duration: 0, size: 0, flags: 0 }

/** The `trex` boxes (§8.8.3), by track. */
export function readTrackDefaults({ bytes, mvex }: MovieBoxes): ReadonlyMap<number, FragmentDefaults> {
  const defaults = new Map<number, FragmentDefaults>()
  if (mvex === undefined) return defaults
  for (const box of childBoxes(bytes, mvex.body, mvex.end)) {
    if (box.type !== 'trex' || box.end - box.body < 24) continue
    const body = payload(bytes, box)
    defaults.set(u32(body, 4), {
      description: u32(body, 8),
      duration: u32(body, 12),
      size: u32(body, 16),
      flags: u32(body, 20),
    })
  }
  return defaults
}
