import { CuemuxError } from '@cuemux/core'

/** A size that the file doesn't tell: the element goes on until one that can't be its child (RFC 8794 §6.2). */
export const UNKNOWN_SIZE: number = -1

/** The header that {@link readHeader} read last; one object serves a whole walk, so that a walk makes none. */
export interface ElementHeader {
  id: number
  /** Offset of the payload in the bytes. */
  dataStart: number
  /** Payload bytes, or {@link UNKNOWN_SIZE}. */
  size: number
}

const HEADER_CUT = 0
const HEADER_INVALID = -1

/** Longest possible header: an ID of four bytes and a size of eight. */
export const MAX_HEADER_BYTES: number = 12

/**
 * Reads the element header at `pos` (RFC 8794 §4, §5) into `into`.
 *
 * @returns its length in bytes, 0 where the bytes end within it, -1 where no element can begin with them
 */
export function readHeader(bytes: Uint8Array, pos: number, end: number, into: ElementHeader): number {
  // Hot: twice per block, 10 ns.
  if (pos >= end) return HEADER_CUT
  const first = bytes[pos]!
  const idLength = Math.clz32(first) - 23
  if (idLength > 4) return HEADER_INVALID
  if (pos + idLength >= end) return HEADER_CUT
  let id = first
  for (let i = 1; i < idLength; i++) id = id * 256 + bytes[pos + i]!
  const sizeAt = pos + idLength
  const sizeFirst = bytes[sizeAt]!
  const sizeLength = Math.clz32(sizeFirst) - 23
  if (sizeLength > 8) return HEADER_INVALID
  if (sizeAt + sizeLength > end) return HEADER_CUT
  const firstMask = (0x80 >> (sizeLength - 1)) - 1
  let size = sizeFirst & firstMask
  let ones = size === firstMask
  for (let i = 1; i < sizeLength; i++) {
    const byte = bytes[sizeAt + i]!
    if (byte !== 255) ones = false
    size = size * 256 + byte
  }
  into.id = id
  into.size = ones ? UNKNOWN_SIZE : size
  into.dataStart = sizeAt + sizeLength
  return idLength + sizeLength
}

/** A new, empty header. */
export function createHeader(): ElementHeader {
  return { id: 0, dataStart: 0, size: 0 }
}

/** How many children of one master are read: more is no film's index. */
const MAX_CHILDREN = 2_000_000

/**
 * Calls `visit` with every child of the master whose payload is `bytes[start, end)`. A child that runs over the end
 * is cut there, and what can't be read as an element ends the walk when `isLenient`.
 *
 * @throws CuemuxError `CORRUPT_INDEX` where the bytes are no elements and `isLenient` is false
 */
export function forEachChild(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (id: number, dataStart: number, dataEnd: number) => void,
  isLenient = false,
): void {
  const header = createHeader()
  let pos = start
  for (let count = 0; pos < end; count++) {
    if (count === MAX_CHILDREN) throw new CuemuxError('LIMIT_EXCEEDED', 'An element has too many children.')
    if (readHeader(bytes, pos, end, header) <= 0) {
      if (isLenient) return
      throw new CuemuxError('CORRUPT_INDEX', 'An element of the head is damaged.', { at: { offsetBytes: pos } })
    }
    const { id, dataStart } = header
    const dataEnd = header.size === UNKNOWN_SIZE ? end : dataStart + header.size
    if (dataEnd > end && !isLenient) {
      throw new CuemuxError('CORRUPT_INDEX', 'An element of the head is larger than its parent.', {
        at: { offsetBytes: pos },
      })
    }
    visit(id, dataStart, Math.min(dataEnd, end))
    pos = dataEnd
  }
}

/** Unsigned integer of up to eight bytes; beyond 2^53 to the nearest (RFC 8794 §7.2). */
export function readUint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end && i < start + 8; i++) value = value * 256 + bytes[i]!
  return value
}

/** Signed integer of up to eight bytes (RFC 8794 §7.1). */
export function readInt(bytes: Uint8Array, start: number, end: number): number {
  const value = readUint(bytes, start, end)
  const bits = 8 * Math.min(end - start, 8)
  return bits > 0 && bytes[start]! >= 0x80 ? value - 2 ** bits : value
}

/** Float of 0, 4 or 8 bytes (RFC 8794 §7.3); NaN for any other length. */
export function readFloat(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length === 0) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  if (length === 4) return view.getFloat32(0)
  return length === 8 ? view.getFloat64(0) : Number.NaN
}

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
const MAX_TEXT_BYTES = 65_536

/** Text of an element, up to its first NUL (RFC 8794 §7.4, §7.5); at most 64 KiB of it. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const limit = Math.min(end, start + MAX_TEXT_BYTES)
  let stop = start
  while (stop < limit && bytes[stop] !== 0) stop++
  return utf8.decode(bytes.subarray(start, stop))
}

/** Hexadecimal digits of an element's bytes: compares UIDs of 64 bits without losing digits. */
export function readUid(bytes: Uint8Array, start: number, end: number): string {
  let digits = ''
  for (let i = start; i < end && i < start + 16; i++) digits += bytes[i]!.toString(16).padStart(2, '0')
  return digits.replace(/^0+/, '')
}
