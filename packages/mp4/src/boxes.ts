import { CuemuxError } from '@cuemux/core'

/** Where a box lies in the bytes that hold it. */
export interface BoxPlace {
  /** Four characters, one per byte (Latin-1, so `©nam` is a string of four). */
  readonly type: string
  /** Offset of the box's first byte. */
  readonly start: number
  /** Offset of its first byte after the header. */
  readonly body: number
  /** Offset after its last byte; cut to its parent's end. */
  readonly end: number
}

/** How many boxes may lie in one: far above any real film's. Depth is bounded because each path is walked by name. */
const MAX_CHILDREN = 65_536

/** Big-endian 32 bits; 0 beyond the end. */
export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Big-endian 16 bits; 0 beyond the end. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** Big-endian 64 bits as a number: exact below 2^53. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) * 4294967296 + u32(bytes, at + 4)
}

/** Four characters, one per byte. */
export function fourcc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!)
}

/**
 * The box at `at`, or `undefined` where the bytes up to `end` hold none: fewer than a header's, or a size below its
 * own header's. A size past `end`, or 0 (ISO/IEC 14496-12 §4.2: to the end), ends at `end`.
 */
export function boxAt(bytes: Uint8Array, at: number, end: number): BoxPlace | undefined {
  if (end - at < 8) return undefined
  const type = fourcc(bytes, at + 4)
  let size = u32(bytes, at)
  let header = 8
  if (size === 1) {
    if (end - at < 16) return undefined
    size = u64(bytes, at + 8)
    header = 16
  } else if (size === 0) {
    size = end - at
  }
  if (type === 'uuid') header += 16
  if (size < header || at + header > end) return undefined
  return { type, start: at, body: at + header, end: Math.min(end, at + size) }
}

/**
 * The boxes between two offsets, in order. Stops at the first that is broken (QuickTime ends some lists with a zero
 * word).
 *
 * @throws CuemuxError `LIMIT_EXCEEDED` past 65,536 boxes
 */
export function childBoxes(bytes: Uint8Array, start: number, end: number): BoxPlace[] {
  const boxes: BoxPlace[] = []
  let at = start
  while (at < end) {
    const box = boxAt(bytes, at, end)
    if (box === undefined) break
    if (boxes.length === MAX_CHILDREN) {
      throw new CuemuxError('LIMIT_EXCEEDED', `More than ${MAX_CHILDREN} boxes lie in one box.`, {
        at: { offsetBytes: start },
      })
    }
    boxes.push(box)
    at = box.end
  }
  return boxes
}

/** The first box of that type. */
export function firstOf(boxes: readonly BoxPlace[], type: string): BoxPlace | undefined {
  return boxes.find(box => box.type === type)
}

/** The first box at the end of a path of types below `boxes`. */
export function boxByPath(
  bytes: Uint8Array,
  boxes: readonly BoxPlace[],
  ...path: readonly string[]
): BoxPlace | undefined {
  let level = boxes
  let found: BoxPlace | undefined
  for (const type of path) {
    found = firstOf(level, type)
    if (found === undefined) return undefined
    level = childBoxes(bytes, found.body, found.end)
  }
  return found
}

/** A box's bytes after its header. */
export function payload(bytes: Uint8Array, box: BoxPlace): Uint8Array {
  return bytes.subarray(box.body, box.end)
}
