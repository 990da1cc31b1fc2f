import type { Findings } from './findings.js'

/** A box's place in the bytes that hold it. */
export interface Box {
  readonly type: string
  readonly start: number
  /** First byte after the header. */
  readonly body: number
  readonly end: number
}

/** Big-endian view of bytes. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Four characters at an offset. */
export const fourCc = (bytes: Uint8Array, offset: number): string =>
  String.fromCharCode(...bytes.subarray(offset, offset + 4))

/** The boxes in a range, in order (ISO/IEC 14496-12 §4.2); a size that doesn't fit is a finding and ends the walk. */
export function boxesIn(bytes: Uint8Array, start: number, end: number, findings?: Findings): Box[] {
  const view = viewOf(bytes)
  const boxes: Box[] = []
  let at = start
  while (at + 8 <= end) {
    const short = view.getUint32(at)
    const body = at + (short === 1 ? 16 : 8)
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short
    const type = fourCc(bytes, at + 4)
    const fits = size >= body - at && at + size <= end
    findings?.expect(fits, 'box sizes fit', `${type} at ${at}: ${size}`)
    if (!fits) return boxes
    boxes.push({ type, start: at, body, end: at + size })
    at += size
  }
  findings?.expect(at === end, 'nothing follows the last box', `${end - at} bytes at ${at}`)
  return boxes
}

/** Follows a path of box types down from a range. */
export function findBox(bytes: Uint8Array, range: readonly [number, number], ...types: string[]): Box | undefined {
  let found: Box | undefined
  for (const type of types) {
    const [start, end] = found === undefined ? range : [found.body, found.end]
    found = boxesIn(bytes, start, end).find(box => box.type === type)
    if (found === undefined) return undefined
  }
  return found
}
