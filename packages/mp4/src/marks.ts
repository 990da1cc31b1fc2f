/** Runs between two checkpoints: a seek walks at most so many. */
export const STRIDE = 8

/** A view over a table's bytes, made once per table. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Index of the last entry that is not above `value`; 0 when all are. */
function floorIndex(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (sorted[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** {@link floorIndex}, looked for near `hint` first. */
export function floorIndexNear(sorted: Float64Array, value: number, hint: number): number {
  if (sorted[hint]! > value) return floorIndex(sorted, value)
  for (let index = hint; index < hint + 8; index++) {
    if (index + 1 >= sorted.length || sorted[index + 1]! > value) return index
  }
  return floorIndex(sorted, value)
}

/** Index of the first entry that is not below `value`; the length when all are. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
