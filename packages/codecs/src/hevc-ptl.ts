import type { BitReader } from './bit-reader.js'

/** profile_tier_level() of the whole stream (ISO/IEC 23008-2 §7.3.3). */
export interface HevcProfile {
  readonly space: number
  readonly highTier: boolean
  readonly profile: number
  /** general_profile_compatibility_flag[0] in the most significant of 32 bits. */
  readonly compatibility: number
  /** Six bytes from general_progressive_source_flag on. */
  readonly constraints: readonly number[]
  readonly level: number
}

/** Reads profile_tier_level(1, maxSubLayers − 1). */
export function readProfileTierLevel(reader: BitReader, maxSubLayers: number): HevcProfile {
  const space = reader.bits(2)
  const highTier = reader.flag()
  const profile = reader.bits(5)
  const compatibility = reader.bits(32)
  const constraints: number[] = []
  for (let i = 0; i < 6; i++) constraints.push(reader.bits(8))
  const level = reader.bits(8)
  const lower = maxSubLayers - 1
  const present: number[] = []
  for (let i = 0; i < lower; i++) present.push(reader.bits(2))
  if (lower > 0) reader.skip(2 * (8 - lower))
  for (const flags of present) reader.skip((flags & 2 ? 88 : 0) + (flags & 1 ? 8 : 0))
  return { space, highTier, profile, compatibility, constraints, level }
}
