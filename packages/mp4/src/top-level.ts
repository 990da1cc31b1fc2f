import { fourcc, u32, u64 } from './boxes.js'

/** What the header of a box of the file says. */
export interface TopBox {
  readonly type: string
  /** Offset in the source of the first byte after its header. */
  readonly body: number
  /** Offset after the box in the source; `Infinity` for a box that goes to the end. */
  readonly end: number
}

const TOP_LEVEL = /^[ -~©]{4}$/

/**
 * The header of the box at an offset of the source (ISO/IEC 14496-12 §4.2); `undefined` where the bytes are no box.
 *
 * @param bytes the bytes that start at `base` in the source
 */
export function topBox(bytes: Uint8Array, base: number, at: number): TopBox | undefined {
  const i = at - base
  if (bytes.length - i < 8) return undefined
  const type = fourcc(bytes, i + 4)
  if (!TOP_LEVEL.test(type)) return undefined
  const size = u32(bytes, i)
  if (size === 0) return { type, body: at + 8, end: Number.POSITIVE_INFINITY }
  if (size !== 1) return size < 8 ? undefined : { type, body: at + 8, end: at + size }
  if (bytes.length - i < 16) return undefined
  const large = u64(bytes, i + 8)
  return large < 16 ? undefined : { type, body: at + 16, end: at + large }
}
