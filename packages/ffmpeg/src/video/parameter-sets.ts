import { withParameterSets } from '@cuemux/codecs'
import { concatBytes } from '@cuemux/core'
import type { TargetVideoCodec } from '../capabilities/model.js'

/** The parameter sets of a configuration, as they may stand before a keyframe; AV1's keyframes carry their own. */
export function parameterSetsFor(codec: TargetVideoCodec, config: Uint8Array): Uint8Array {
  return codec === 'av1' ? new Uint8Array(0) : withParameterSets(codec, config, new Uint8Array(0))
}

/**
 * The parameter sets of an `avcC` (ISO/IEC 14496-15 §5.3.3.1) as NAL units with lengths of four bytes before them: what
 * is put before a keyframe of an encoder whose sets are others than the track's. Nothing where the record is cut.
 */
export function parameterSetsOf(avcc: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 5
  for (const mask of [31, 255]) {
    const count = (avcc[at++] ?? 0) & mask
    for (let i = 0; i < count; i++) {
      const length = ((avcc[at] ?? 0) << 8) | (avcc[at + 1] ?? 0)
      at += 2
      if (at + length > avcc.length) return new Uint8Array(0)
      parts.push(Uint8Array.of(0, 0, length >> 8, length), avcc.subarray(at, at + length))
      at += length
    }
  }
  return concatBytes(parts)
}
