import type { VideoCodec } from '@cuemux/core'
import { parseAvcC } from './avc.js'
import { parseHvcC } from './hevc.js'

/**
 * Whether a configuration is all that a decoder needs to begin: `avcC` and `hvcC` may leave their parameter sets to the
 * samples (`avc3`, `hev1`). False for an empty or broken one.
 */
export function hasParameterSets(codec: VideoCodec, config: Uint8Array): boolean {
  if (config.length === 0) return false
  try {
    if (codec === 'h264') {
      const { sps, pps } = parseAvcC(config)
      return sps.length > 0 && pps.length > 0
    }
    if (codec !== 'hevc') return true
    const { arrays } = parseHvcC(config)
    return [33, 34].every(type => arrays.some(array => array.type === type && array.units.length > 0))
  } catch {
    return false
  }
}
