import type { VideoCodec } from '@cuemux/core'
import { av1ConfigFromSample } from './av1.js'
import { writeAvcC } from './avc.js'
import { fromMedia, u8 } from './bytes.js'
import { writeHvcC } from './hevc.js'
import { forEachNalUnit, isAnnexB, splitAnnexB } from './nal.js'
import { vp8ConfigFromSample, vp9ConfigFromSample } from './vpx.js'

/**
 * The configuration box's payload from a key frame, for containers that carry none: `vpcC` (with version and flags) for
 * VP9 and VP8, `av1C` for AV1, `avcC` and `hvcC` for H.264 and HEVC as Annex B or with lengths of four bytes. `undefined`
 * where the sample doesn't have what it takes.
 *
 * @throws CuemuxError `CORRUPT_MEDIA` for a sample that breaks its own rules
 */
export function videoConfigFromSample(codec: VideoCodec, sample: Uint8Array): Uint8Array | undefined {
  return fromMedia(() => configOf(codec, sample))
}

function configOf(codec: VideoCodec, sample: Uint8Array): Uint8Array | undefined {
  switch (codec) {
    case 'vp9':
      return vp9ConfigFromSample(sample)
    case 'vp8':
      return vp8ConfigFromSample(sample)
    case 'av1':
      return av1ConfigFromSample(sample)
    case 'h264': {
      const units = unitsOf(sample)
      const [sps, pps] = [7, 8].map(type => distinct(units.filter(unit => (u8(unit, 0) & 31) === type)))
      return sps?.length && pps?.length ? writeAvcC(sps, pps) : undefined
    }
    case 'hevc': {
      const units = unitsOf(sample)
      const ofType = (type: number): Uint8Array[] => distinct(units.filter(unit => ((u8(unit, 0) >> 1) & 63) === type))
      const [vps, sps, pps] = [ofType(32), ofType(33), ofType(34)]
      return vps.length > 0 && sps.length > 0 && pps.length > 0 ? writeHvcC(vps, sps, pps) : undefined
    }
    default:
      return undefined
  }
}

function unitsOf(sample: Uint8Array): Uint8Array[] {
  if (isAnnexB(sample, 4)) return splitAnnexB(sample)
  const units: Uint8Array[] = []
  forEachNalUnit(sample, 4, (start, end) => void units.push(sample.subarray(start, end)))
  return units
}

/** The units without repetitions, few as they are. */
function distinct(units: readonly Uint8Array[]): Uint8Array[] {
  const kept: Uint8Array[] = []
  for (const unit of units.slice(0, 64)) {
    const isKnown = kept.some(other => other.length === unit.length && other.every((byte, at) => byte === unit[at]))
    if (!isKnown) kept.push(unit)
  }
  return kept
}
