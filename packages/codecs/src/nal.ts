import { CuemuxError } from '@cuemux/core'
import { u8 } from './bytes.js'

/** Told of a NAL unit, `start` to `end` in the sample's bytes; `false` ends the walk. */
export type NalVisitor = (start: number, end: number) => unknown

/**
 * Walks the length-prefixed NAL units of a sample in order (ISO/IEC 14496-15 §4.3.3); empty units are passed over.
 *
 * @param lengthSize bytes of each length, 1 to 4
 * @param visit ends the walk by returning `false`
 * @throws CuemuxError `CORRUPT_MEDIA` where a length runs past the sample, `BAD_REQUEST` for another length size
 */
export function forEachNalUnit(sample: Uint8Array, lengthSize: number, visit: NalVisitor): void {
  walk(sample, lengthSize, visit, false)
}

/** {@link forEachNalUnit} for a sample of which only the beginning may be there: its last unit ends where the bytes do. */
export function forEachNalUnitOfPart(part: Uint8Array, lengthSize: number, visit: NalVisitor): void {
  walk(part, lengthSize, visit, true)
}

function walk(sample: Uint8Array, lengthSize: number, visit: NalVisitor, isPart: boolean): void {
  if (!(lengthSize >= 1 && lengthSize <= 4)) {
    throw new CuemuxError('BAD_REQUEST', `lengthSize is ${lengthSize}; 1 to 4 are possible.`)
  }
  let offset = 0
  // Hot: once per NAL unit.
  while (offset < sample.length) {
    const start = offset + lengthSize
    if (start > sample.length) {
      if (isPart) return
      throw new CuemuxError('CORRUPT_MEDIA', 'A sample ends within the length of a NAL unit.')
    }
    let length = 0
    while (offset < start) length = length * 0x100 + u8(sample, offset++)
    let end = start + length
    if (end > sample.length) {
      if (!isPart) throw new CuemuxError('CORRUPT_MEDIA', `A NAL unit of ${length} bytes runs past its sample.`)
      end = sample.length
    }
    if (end > start && visit(start, end) === false) return
    offset = end
  }
}

/** No picture has a larger unit. */
const MAX_UNIT_BYTES = 64 * 1024 * 1024

/**
 * Whether a sample is an Annex B byte stream although its container wants lengths: it begins with a start code, and its
 * bytes make no row of lengths (00 00 01 xx is the length of a unit of 256 to 511 bytes, too).
 *
 * @param lengthSize bytes of each length that the sample would have
 * @param isPart only the sample's beginning is there
 */
export function isAnnexB(sample: Uint8Array, lengthSize: number, isPart = false): boolean {
  if (sample[0] !== 0 || sample[1] !== 0) return false
  if (sample[2] !== 1 && !(sample[2] === 0 && sample[3] === 1)) return false
  let offset = 0
  while (offset + lengthSize < sample.length) {
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 0x100 + u8(sample, offset++)
    // No unit is empty, and of one byte are only the ends of a sequence and of a stream, which nothing starts with.
    if (length < 2) return true
    offset += length
  }
  return isPart ? offset > sample.length + MAX_UNIT_BYTES : offset !== sample.length
}

/**
 * The NAL units of an Annex B byte stream, as views without start codes and trailing zeros
 * (ISO/IEC 14496-10 Annex B); bytes before the first start code are dropped.
 */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = []
  let start = -1
  for (let i = 2; i < data.length; i++) {
    if (data[i] !== 1 || data[i - 1] !== 0 || data[i - 2] !== 0) continue
    if (start >= 0) pushTrimmed(units, data, start, i - 2)
    start = i + 1
  }
  if (start >= 0) pushTrimmed(units, data, start, data.length)
  return units
}

function pushTrimmed(units: Uint8Array[], data: Uint8Array, start: number, end: number): void {
  while (end > start && data[end - 1] === 0) end--
  if (end > start) units.push(data.subarray(start, end))
}

/**
 * An Annex B byte stream as a sample whose NAL units have their lengths before them.
 *
 * @param lengthSize bytes of each length
 * @throws CuemuxError `CORRUPT_MEDIA` where a unit is too large for that
 */
export function annexBToLengthPrefixed(data: Uint8Array, lengthSize: 1 | 2 | 4 = 4): Uint8Array {
  const units = splitAnnexB(data)
  const largest = 2 ** (8 * lengthSize)
  let total = 0
  for (const unit of units) {
    if (unit.length >= largest) throw new CuemuxError('CORRUPT_MEDIA', `A NAL unit has ${unit.length} bytes.`)
    total += lengthSize + unit.length
  }
  const sample = new Uint8Array(total)
  let offset = 0
  for (const unit of units) {
    for (let i = lengthSize - 1; i >= 0; i--) sample[offset++] = unit.length >>> (8 * i)
    sample.set(unit, offset)
    offset += unit.length
  }
  return sample
}

/**
 * A NAL unit without its emulation prevention bytes: each `00 00 03` becomes `00 00` (ISO/IEC 14496-10 §7.4.1.1).
 * The same array where there are none.
 */
export function removeEmulationPrevention(unit: Uint8Array): Uint8Array {
  let first = 2
  while (first < unit.length && !(unit[first] === 3 && unit[first - 1] === 0 && unit[first - 2] === 0)) first++
  if (first >= unit.length) return unit
  const out = new Uint8Array(unit.length - 1)
  out.set(unit.subarray(0, first))
  let length = first
  let zeros = 0
  for (let i = first + 1; i < unit.length; i++) {
    const byte = u8(unit, i)
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    out[length++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.subarray(0, length)
}
