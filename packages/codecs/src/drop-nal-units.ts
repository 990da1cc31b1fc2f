import { CuemuxError } from '@cuemux/core'
import { u8 } from './bytes.js'
import { forEachNalUnit } from './nal.js'

/** NAL units that a decoder can do without: access unit delimiters and filler data. */
export type IdleNalUnit = 'aud' | 'filler'

/** How {@link dropNalUnits} reads a sample, and what it drops. */
export interface DropNalUnitsOptions {
  readonly codec: 'h264' | 'hevc'
  /** Bytes of each NAL unit's length. */
  readonly lengthSize: number
  readonly drop: readonly IdleNalUnit[]
}

/** nal_unit_type: ISO/IEC 14496-10 Table 7-1 and 23008-2 Table 7-1. */
const TYPES: Readonly<Record<'h264' | 'hevc', Readonly<Record<IdleNalUnit, number>>>> = {
  h264: { aud: 9, filler: 12 },
  hevc: { aud: 35, filler: 38 },
}

/**
 * A length-prefixed sample without its access unit delimiters or filler data. The same view where it has none, and where
 * it would be left without a unit.
 *
 * @throws CuemuxError `CORRUPT_MEDIA` where a length runs past the sample, `BAD_REQUEST` for another length size than 1 to 4
 */
export function dropNalUnits(sample: Uint8Array, { codec, lengthSize, drop }: DropNalUnitsOptions): Uint8Array {
  const types = TYPES[codec]
  if (types === undefined) throw new CuemuxError('BAD_REQUEST', `codec is ${codec}; h264 and hevc have NAL units.`)
  const dropped = drop.map(kind => types[kind])
  const shift = codec === 'h264' ? 0 : 1
  const mask = codec === 'h264' ? 31 : 63
  // Hot: once per NAL unit. Where the units lie that go, as pairs of start and end; none in most samples.
  let gone: number[] | undefined
  let kept = 0
  forEachNalUnit(sample, lengthSize, (start, end) => {
    if (dropped.includes((u8(sample, start) >> shift) & mask)) (gone ??= []).push(start - lengthSize, end)
    else kept += end - start
  })
  return gone === undefined || kept === 0 ? sample : without(sample, gone)
}

function without(sample: Uint8Array, gone: readonly number[]): Uint8Array {
  let length = sample.length
  for (let i = 0; i < gone.length; i += 2) length -= gone[i + 1]! - gone[i]!
  const rest = new Uint8Array(length)
  let from = 0
  let at = 0
  for (let i = 0; i <= gone.length; i += 2) {
    const part = sample.subarray(from, gone[i] ?? sample.length)
    rest.set(part, at)
    at += part.length
    from = gone[i + 1] ?? sample.length
  }
  return rest
}
