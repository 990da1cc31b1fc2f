import type { VideoCodec } from '@cuemux/core'
import { parseAvcC } from './avc.js'
import { parseHvcC } from './hevc.js'
import { forEachNalUnit } from './nal.js'

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

const AUD: Readonly<Partial<Record<VideoCodec, number>>> = { h264: 9, hevc: 35 }

/**
 * A length-prefixed sample with the parameter sets of a configuration in it, where a sample entry of `avc3` or `hev1`
 * has them (ISO/IEC 14496-15 §5.3.2, §8.3.2): before its first unit, behind an access unit delimiter.
 *
 * @param config payload of `avcC` or `hvcC`; lengths in the sample are as long as it says
 * @throws CuemuxError `CORRUPT_INDEX` for a broken configuration
 */
export function withParameterSets(codec: 'h264' | 'hevc', config: Uint8Array, sample: Uint8Array): Uint8Array {
  const { nalLengthSize, units } = setsOf(codec, config)
  let at = 0
  forEachNalUnit(sample, nalLengthSize, (start, end) => {
    const head = sample[start] ?? 0
    const type = codec === 'h264' ? head & 31 : (head >> 1) & 63
    if (type === AUD[codec]) at = end
    return false
  })
  const added = units.reduce((sum, unit) => sum + nalLengthSize + unit.byteLength, 0)
  const whole = new Uint8Array(sample.byteLength + added)
  whole.set(sample.subarray(0, at))
  let position = at
  for (const unit of units) {
    for (let i = 0; i < nalLengthSize; i++) whole[position++] = unit.byteLength >>> (8 * (nalLengthSize - 1 - i))
    whole.set(unit, position)
    position += unit.byteLength
  }
  whole.set(sample.subarray(at), position)
  return whole
}

function setsOf(codec: 'h264' | 'hevc', config: Uint8Array): { nalLengthSize: 1 | 2 | 4; units: Uint8Array[] } {
  if (codec === 'h264') {
    const { nalLengthSize, sps, pps } = parseAvcC(config)
    return { nalLengthSize, units: [...sps, ...pps] }
  }
  const { nalLengthSize, arrays } = parseHvcC(config)
  return { nalLengthSize, units: arrays.flatMap(({ units }) => units) }
}
