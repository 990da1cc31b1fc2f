import type { SampleDescription, VideoCodec } from '@cuemux/core'
import { av1ConfigFromSample, findAv1Sequence } from './av1.js'
import { parseAvcC, writeAvcC } from './avc.js'
import { parseAvcSps } from './avc-sps.js'
import { BitReader } from './bit-reader.js'
import { fromMedia, u8, u16le } from './bytes.js'
import { codecString } from './codec-string.js'
import { describeVideo } from './describe.js'
import { parseHvcC, writeHvcC } from './hevc.js'
import { parseHevcSps } from './hevc-sps.js'
import { forEachNalUnitOfPart, removeEmulationPrevention } from './nal.js'
import { vp8ConfigFromSample, vp9ConfigFromSample, vp9SizeFromSample } from './vpx.js'

/** A track's first description with the size that belongs to it, which what a keyframe says is compared with. */
export interface KnownDescription {
  /** Payload of the configuration box (see SampleDescription.config). */
  readonly config: Uint8Array
  /** Pixels. */
  readonly width: number
  readonly height: number
}

/**
 * The description that a keyframe brings along, where it is another than the track's: parameter sets or a sequence header
 * in the sample that code pictures otherwise, or a size of its own. `undefined` where the track's description decodes it,
 * the sample says nothing, or what it says can't be read.
 *
 * Parameter sets differ where a decoder would be set up otherwise: an SPS in what comes before its VUI, a PPS in any
 * byte, or a set that the configuration lacks; AV1's sequence headers in size, profile, level or sample format. The new configuration has those of the sample in the place of the
 * configuration's own of the same number, in the order of their numbers, and its lengths of NAL units: equal for all
 * keyframes that bring the same sets.
 *
 * @param sample its beginning is enough
 */
export function inBandDescription(
  codec: VideoCodec,
  known: KnownDescription,
  sample: Uint8Array,
): SampleDescription | undefined {
  try {
    const config = fromMedia(() => CHANGED[codec]?.(known, sample))
    if (config === undefined) return undefined
    const size = sizeOf(codec, config, sample)
    return {
      config,
      codecString: codecString(codec, config),
      ...(size.width === undefined || size.width === known.width ? {} : { width: size.width }),
      ...(size.height === undefined || size.height === known.height ? {} : { height: size.height }),
    }
  } catch {
    return undefined
  }
}

/**
 * Whether a sample of H.264 or HEVC brings parameter sets before its first slice, whichever they are. `false` for other codecs,
 * and where the sample can't be read.
 *
 * @param config the track's, for the length of NAL unit lengths
 * @param sample its beginning is enough
 */
export function bringsParameterSets(codec: VideoCodec, config: Uint8Array, sample: Uint8Array): boolean {
  if (codec !== 'h264' && codec !== 'hevc') return false
  try {
    const units = codec === 'h264' ? avcUnits(parseAvcC(config), sample) : hevcUnits(parseHvcC(config), sample)
    return SET_TYPES[codec].some(type => units(type).length > 0)
  } catch {
    return false
  }
}

/** Types of NAL units that are parameter sets. */
const SET_TYPES = { h264: [7, 8], hevc: [32, 33, 34] } as const

const CHANGED: {
  readonly [codec in VideoCodec]?: (known: KnownDescription, sample: Uint8Array) => Uint8Array | undefined
} = {
  h264: changedAvc,
  hevc: changedHevc,
  av1: changedAv1,
  vp9: (known, sample) => changedSize(known, vp9SizeFromSample(sample), () => vp9ConfigFromSample(sample)),
  vp8: (known, sample) => changedSize(known, vp8Size(sample), () => vp8ConfigFromSample(sample)),
}

interface Size {
  readonly width?: number | undefined
  readonly height?: number | undefined
}

function sizeOf(codec: VideoCodec, config: Uint8Array, sample: Uint8Array): Size {
  if (codec === 'vp9') return vp9SizeFromSample(sample) ?? {}
  return codec === 'vp8' ? (vp8Size(sample) ?? {}) : describeVideo(codec, config)
}

/** Parameter sets by their numbers. */
type Sets = Map<number, Uint8Array>

function setsOf(units: readonly Uint8Array[], idOf: (unit: Uint8Array) => number): Sets {
  return new Map(units.slice(0, MAX_SETS).map(unit => [idOf(unit), unit]))
}

/** More sets than this in a keyframe are none that an encoder made. */
const MAX_SETS = 64

/** Whether a set in the sample is another than the known one of its number, or there is none. */
function differs(found: Sets, known: Sets, isSame: (a: Uint8Array, b: Uint8Array) => boolean): boolean {
  for (const [id, unit] of found) {
    const other = known.get(id)
    if (other === undefined || !isSame(unit, other)) return true
  }
  return false
}

/** Those of the sample in the place of the known ones, by their numbers. */
function merge(found: Sets, known: Sets): Uint8Array[] {
  return [...new Map([...known, ...found])].sort(([a], [b]) => a - b).map(([, unit]) => unit)
}

function changedAvc({ config }: KnownDescription, sample: Uint8Array): Uint8Array | undefined {
  const record = parseAvcC(config)
  const units = avcUnits(record, sample)
  const spsId = (unit: Uint8Array): number => parseAvcSps(unit).id
  const sps = setsOf(units(7), spsId)
  const pps = setsOf(units(8), ppsId)
  // A configuration without sets leaves them to the samples.
  if (record.sps.length === 0 || (sps.size === 0 && pps.size === 0)) return undefined
  const knownSps = setsOf(record.sps, spsId)
  const knownPps = setsOf(record.pps, ppsId)
  const isOther = differs(sps, knownSps, isSameSps(parseAvcSps))
  if (!isOther && !differs(pps, knownPps, isSame)) return undefined
  // Picture parameter sets are read by the sequence's: those of another one are no longer meant.
  const made = writeAvcC(
    merge(sps, isOther ? new Map() : knownSps),
    merge(pps, isOther && pps.size > 0 ? new Map() : knownPps),
  )
  made[4] = 0xfc | (record.nalLengthSize - 1)
  return made
}

function changedHevc({ config }: KnownDescription, sample: Uint8Array): Uint8Array | undefined {
  const record = parseHvcC(config)
  const units = hevcUnits(record, sample)
  const knownUnits = (type: number): Uint8Array[] =>
    record.arrays.flatMap(array => (array.type === type ? array.units : []))
  const spsId = (unit: Uint8Array): number => parseHevcSps(unit).id
  const hevcPpsId = (unit: Uint8Array): number => new BitReader(removeEmulationPrevention(unit), 2).ueUpTo(63, 'pps_id')
  const vpsId = (unit: Uint8Array): number => u8(unit, 2) >> 4
  const [vps, sps, pps] = [setsOf(units(32), vpsId), setsOf(units(33), spsId), setsOf(units(34), hevcPpsId)]
  const knownSps = setsOf(knownUnits(33), spsId)
  const knownPps = setsOf(knownUnits(34), hevcPpsId)
  if (knownSps.size === 0 || (sps.size === 0 && pps.size === 0)) return undefined
  const isOther = differs(sps, knownSps, isSameSps(parseHevcSps))
  // A VPS says nothing that decoding one layer needs: it is not compared.
  if (!isOther && !differs(pps, knownPps, isSame)) return undefined
  const kept = isOther ? new Map<number, Uint8Array>() : undefined
  const made = writeHvcC(
    merge(vps, setsOf(knownUnits(32), vpsId)),
    merge(sps, kept ?? knownSps),
    merge(pps, pps.size > 0 && kept !== undefined ? kept : knownPps),
  )
  made[21] = (u8(made, 21) & 0xfc) | (record.nalLengthSize - 1)
  return made
}

function ppsId(unit: Uint8Array): number {
  return new BitReader(removeEmulationPrevention(unit), 1).ueUpTo(255, 'pic_parameter_set_id')
}

function avcUnits({ nalLengthSize }: { readonly nalLengthSize: number }, sample: Uint8Array) {
  const isSlice = (type: number): boolean => type >= 1 && type <= 5
  return unitsBeforeSlice(sample, nalLengthSize, unit => u8(unit, 0) & 31, isSlice)
}

function hevcUnits({ nalLengthSize }: { readonly nalLengthSize: number }, sample: Uint8Array) {
  return unitsBeforeSlice(
    sample,
    nalLengthSize,
    unit => (u8(unit, 0) >> 1) & 63,
    type => type < 32,
  )
}

/** The units of a type that stand before the first slice, without trailing zeros. */
function unitsBeforeSlice(
  sample: Uint8Array,
  lengthSize: number,
  typeOf: (unit: Uint8Array) => number,
  isSlice: (type: number) => boolean,
): (type: number) => Uint8Array[] {
  const found: { type: number; unit: Uint8Array }[] = []
  forEachNalUnitOfPart(sample, lengthSize, (start, end) => {
    let stop = end
    while (stop > start && sample[stop - 1] === 0) stop--
    const unit = sample.subarray(start, stop)
    const type = typeOf(unit)
    if (unit.length > 0) found.push({ type, unit })
    return !isSlice(type)
  })
  return type => found.filter(other => other.type === type).map(({ unit }) => unit)
}

/** Whether two sets are the same but for trailing zeros. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.every((byte, at) => byte === long[at]) && long.subarray(short.length).every(byte => byte === 0)
}

/** Whether two sequence parameter sets code pictures alike: muxers rewrite the VUI of the one in the configuration. */
function isSameSps(parse: (unit: Uint8Array) => { readonly codingBits: number }) {
  return (a: Uint8Array, b: Uint8Array): boolean => {
    if (isSame(a, b)) return true
    const { codingBits } = parse(a)
    if (codingBits !== parse(b).codingBits) return false
    const [one, other] = [removeEmulationPrevention(a), removeEmulationPrevention(b)].map(rbsp => new BitReader(rbsp))
    for (let left = codingBits; left > 0; left -= 32) {
      const bits = Math.min(32, left)
      if (one!.bits(bits) !== other!.bits(bits)) return false
    }
    return true
  }
}

function changedAv1({ config }: KnownDescription, sample: Uint8Array): Uint8Array | undefined {
  const found = findAv1Sequence(sample)
  if (found === undefined) return undefined
  const made = av1ConfigFromSample(sample)!
  const known = findAv1Sequence(config.subarray(4))?.sequence
  // Decoders read the samples' sequence header, whose tools are other ones in libaom's configuration than in its samples:
  // only another size, or what the record itself says, is another way to decode.
  const { width, height } = found.sequence
  const isSameSize = known === undefined || (known.width === width && known.height === height)
  return isSameSize && isSame(config.subarray(1, 3), made.subarray(1, 3)) ? undefined : made
}

function changedSize(
  known: Size,
  size: Size | undefined,
  config: () => Uint8Array | undefined,
): Uint8Array | undefined {
  if (size === undefined || (size.width === known.width && size.height === known.height)) return undefined
  return config()
}

/** Size of a VP8 key frame (RFC 6386 §9.1), without its scaling. */
function vp8Size(sample: Uint8Array): Size | undefined {
  if (sample.length < 10 || u8(sample, 0) & 1) return undefined
  return { width: u16le(sample, 6) & 0x3fff, height: u16le(sample, 8) & 0x3fff }
}
