/** Row numbers by time, then place; `undefined` where the first `count` rows are in order already. */
export function rowsInOrder(ticks: Float64Array, offset: Float64Array, count: number): Uint32Array | undefined {
  let isSorted = true
  for (let i = 1; i < count && isSorted; i++) isSorted = ticks[i - 1]! <= ticks[i]!
  if (isSorted) return undefined
  const order = new Uint32Array(count).map((_, i) => i)
  return order.sort((a, b) => ticks[a]! - ticks[b]! || offset[a]! - offset[b]! || a - b)
}
