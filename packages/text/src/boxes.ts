/** A box within a sample. */
export interface SampleBox {
  readonly type: string
  readonly payload: Uint8Array
}

/** More boxes in one sample are meant to harm. */
const MAX_BOXES = 4096

/**
 * The boxes in a row that fill bytes (ISO/IEC 14496-12 §4.2, 32-bit sizes). Ends at the first that is broken.
 *
 * @param from where the first one begins
 */
export function readBoxes(bytes: Uint8Array, from = 0): SampleBox[] {
  const boxes: SampleBox[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; at + 8 <= bytes.length && boxes.length < MAX_BOXES; ) {
    const size = view.getUint32(at) === 0 ? bytes.length - at : view.getUint32(at)
    if (size < 8 || at + size > bytes.length) break
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    boxes.push({ type, payload: bytes.subarray(at + 8, at + size) })
    at += size
  }
  return boxes
}
