/** Decode times, composition offsets and durations of a row of samples. */
export interface DecodeTimes {
  readonly dts: Float64Array
  readonly compositionOffset: Int32Array
  readonly duration: Uint32Array
}

/**
 * Derives decode times from presentation times in decode order: sorted and moved earlier by the reorder delay, then
 * settled as {@link settleDecodeTimes} does it (variable rates).
 *
 * @param pts presentation times in decode order, ticks
 * @param delay D, the track's reorder delay, ticks
 * @param nextDts decode time of the sample that follows the last one, ticks
 */
export function deriveDecodeTimes(pts: Float64Array, delay: number, nextDts: number): DecodeTimes {
  const dts = Float64Array.from(pts)
  if (!isSorted(dts)) dts.sort()
  for (let i = 0; i < dts.length; i++) dts[i] = dts[i]! - delay
  return settleDecodeTimes(dts, pts, nextDts)
}

/**
 * Makes decode times increase as far as there is room, and none come after its presentation time. The first one is
 * moved for nothing else: the span before ends on it.
 *
 * @param dts decode times as they are, or sorted presentation times less the reorder delay, ticks; changed
 * @param pts presentation times in decode order, ticks
 * @param nextDts decode time of the sample that follows the last one, ticks
 */
export function settleDecodeTimes(dts: Float64Array, pts: Float64Array, nextDts: number): DecodeTimes {
  const count = pts.length
  const first = Math.min(dts[0] ?? 0, pts[0] ?? 0)
  if (count > 0) dts[0] = first
  let latest = nextDts
  for (let i = count - 1; i > 0; i--) {
    // Distinct decode times as far as there is room after the first.
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

function isSorted(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i - 1]! > times[i]!) return false
  return true
}
