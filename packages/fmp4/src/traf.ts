import { CuemuxError, SAMPLE_SYNC, type SampleBatch } from '@cuemux/core'

/** Samples of one track in a segment. */
export interface TrackFragment {
  readonly batch: SampleBatch
  /** Id in the output; by default the batch's. */
  readonly trackId?: number
  /** Ticks that are added to the first decode time to give `tfdt`: the film's shift in this track's timescale. */
  readonly shift: number
  /** Composition offsets are written even where all are 0: the header's size then hangs on the number of samples only. */
  readonly writesOffsets?: boolean
}

/** Which fields of `tfhd` and `trun` a fragment needs: the smallest set that says what its columns say. */
export interface TrafLayout {
  /** `tfhd` flags (ISO/IEC 14496-12 §8.8.7). */
  readonly tfhdFlags: number
  /** `trun` flags (§8.8.8). */
  readonly trunFlags: number
  /** 1 where a composition offset is negative. */
  readonly trunVersion: 0 | 1
  readonly sampleCount: number
}

/** A fragment as it will be written. */
export interface TrafPlan extends TrafLayout {
  readonly batch: SampleBatch
  readonly trackId: number
  /** baseMediaDecodeTime, ticks. */
  readonly decodeTime: number
  /** Flags of the samples after the first, or of all. */
  readonly defaultFlags: number
  readonly payloadBytes: number
}

/** Decoding can start here: sample_depends_on 2, does not depend on others (ISO/IEC 14496-12 §8.8.3.1). */
export const SYNC_FLAGS = 0x02000000
/** sample_depends_on 1, sample_is_non_sync_sample. */
export const NON_SYNC_FLAGS = 0x01010000

/** Optional fields of `tfhd`. */
export const TFHD = { descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20, baseIsMoof: 0x20000 } as const
/** Optional fields of `trun`. */
export const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  offset: 0x800,
} as const

/** Bytes of `tfdt` version 1. */
const TFDT_BYTES = 20

/** Bytes of the `traf` that a layout gives. */
export function trafBytes(layout: TrafLayout): number {
  return 8 + tfhdBytes(layout.tfhdFlags) + TFDT_BYTES + trunBytes(layout)
}

/** Bytes of the `tfhd` with these flags. */
export function tfhdBytes(flags: number): number {
  return 16 + 4 * bitCount(flags & (TFHD.descriptionIndex | TFHD.duration | TFHD.size | TFHD.flags))
}

/** Bytes of the `trun` of a layout. */
export function trunBytes({ trunFlags, sampleCount }: TrafLayout): number {
  const perSample = 4 * bitCount(trunFlags & (TRUN.duration | TRUN.size | TRUN.flags | TRUN.offset))
  return 16 + 4 * bitCount(trunFlags & (TRUN.dataOffset | TRUN.firstFlags)) + perSample * sampleCount
}

function bitCount(value: number): number {
  let count = 0
  for (; value !== 0; value &= value - 1) count++
  return count
}

/**
 * Looks through a fragment's columns once for what varies.
 *
 * @throws CuemuxError `CORRUPT_MEDIA` where sizes and data disagree or `tfdt` would be negative or not exact
 */
export function planTraf(fragment: TrackFragment): TrafPlan {
  const { batch } = fragment
  const { count, duration, size, flags, compositionOffset, data } = batch
  const firstDuration = duration[0]
  const firstSize = size[0]
  let payloadBytes = 0
  let durationVaries = false
  let sizeVaries = false
  let anyOffset = 0
  let sync = 0
  let lowestOffset = 0
  // Hot, per sample: about 16 ns, most of it `byteLength`.
  for (let i = 0; i < count; i++) {
    const bytes = size[i] as number
    const offset = compositionOffset[i] as number
    if (data[i]?.byteLength !== bytes) throw sizeMismatch(batch, i)
    payloadBytes += bytes
    if (bytes !== firstSize) sizeVaries = true
    if (duration[i] !== firstDuration) durationVaries = true
    anyOffset |= offset
    if (offset < lowestOffset) lowestOffset = offset
    sync += (flags[i] as number) & SAMPLE_SYNC
  }
  const firstIsSync = (((flags[0] as number) & SAMPLE_SYNC) as number) === 1
  const others = sync - (firstIsSync ? 1 : 0)
  const othersAlike = others === 0 || others === count - 1
  const othersAreSync = count > 1 ? others > 0 : firstIsSync
  const tfhdFlags =
    TFHD.baseIsMoof |
    (batch.descriptionIndex === 0 ? 0 : TFHD.descriptionIndex) |
    (durationVaries ? 0 : TFHD.duration) |
    (sizeVaries ? 0 : TFHD.size) |
    (othersAlike ? TFHD.flags : 0)
  const trunFlags =
    TRUN.dataOffset |
    (durationVaries ? TRUN.duration : 0) |
    (sizeVaries ? TRUN.size : 0) |
    (othersAlike ? (firstIsSync === othersAreSync ? 0 : TRUN.firstFlags) : TRUN.flags) |
    (anyOffset === 0 && fragment.writesOffsets !== true ? 0 : TRUN.offset)
  return {
    batch,
    trackId: fragment.trackId ?? batch.trackId,
    sampleCount: count,
    decodeTime: decodeTime(fragment),
    tfhdFlags,
    trunFlags,
    trunVersion: lowestOffset < 0 ? 1 : 0,
    defaultFlags: othersAreSync ? SYNC_FLAGS : NON_SYNC_FLAGS,
    payloadBytes,
  }
}

function decodeTime({ batch, shift }: TrackFragment): number {
  const time = (batch.dts[0] as number) + shift
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new CuemuxError(
    'CORRUPT_MEDIA',
    `Track ${batch.trackId}'s fragment would start at ${time} ticks; a decode time has to be an integer from 0.`,
  )
}

function sizeMismatch(batch: SampleBatch, i: number): CuemuxError {
  const bytes = batch.data[i]?.byteLength
  return new CuemuxError(
    'CORRUPT_MEDIA',
    bytes === undefined
      ? `Track ${batch.trackId} has no bytes for sample ${i} of ${batch.count}.`
      : `Track ${batch.trackId}: sample ${i} has ${bytes} bytes, not ${batch.size[i]} as its table says.`,
  )
}
