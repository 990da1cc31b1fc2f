/** Decode times, composition offsets and durations of a row of samples. */
export interface DecodeTimes {
  readonly dts: Float64Array
  readonly compositionOffset: Int32Array
  readonly duration: Uint32Array
}

/**
 * Makes decode times increase as far as there is room, and none come after its presentation time. The first one is
 * never moved: the span before ends on it.
 *
 * @param dts decode times that the stream has, or sorted presentation times less the reorder delay; changed
 * @param pts presentation times in decode order, ticks
 * @param nextDts decode time of the sample that follows the last one, ticks
 */
export function settleDecodeTimes(dts: Float64Array, pts: Float64Array, nextDts: number): DecodeTimes {
  const count = pts.length
  const first = Math.min(dts[0] ?? 0, pts[0] ?? 0)
  if (count > 0) dts[0] = first
  let latest = nextDts
  for (let i = count - 1; i > 0; i--) {
    const time = Math.max(first, Math.min(dts[i]!, pts[i]!, latest - 1))
    dts[i] = latest = time
  }
  const compositionOffset = new Int32Array(count)
  const duration = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    compositionOffset[i] = Math.max(0, pts[i]! - dts[i]!)
    duration[i] = Math.max(0, (i + 1 < count ? dts[i + 1]! : nextDts) - dts[i]!)
  }
  return { dts, compositionOffset, duration }
}
