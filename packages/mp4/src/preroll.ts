import { type SampleColumns, SampleCursor } from './cursor.js'

/** More samples before an edit's start than this are left as they are. */
const MAX_PREROLL = 2 ** 16

/**
 * Hides pictures that are only there to be decoded: those before an edit's start in the middle of a group. Each is shown
 * for one tick, in their order, right before the start, and decoded no earlier than that takes. So the film begins with
 * the edit's first picture, beside its sound, where players of fragments know no edit lists.
 *
 * Changes the columns of a track's first samples in place; does nothing where none is presented before `start`.
 *
 * @param count samples in the columns, in decode order from the track's first one
 * @param start presentation time of the edit's first picture, ticks
 */
export function hidePreroll(
  dts: Float64Array,
  compositionOffset: Int32Array,
  duration: Uint32Array,
  count: number,
  start: number,
): void {
  const presentation = Array.from({ length: count }, (_, i) => (dts[i] ?? 0) + (compositionOffset[i] ?? 0))
  const hidden = presentation.flatMap((time, i) => (time < start ? [i] : []))
  const firstShown = presentation.findIndex(time => time >= start)
  if (hidden.length === 0 || firstShown < 0 || hidden.length > MAX_PREROLL) return
  hidden.sort((a, b) => (presentation[a] ?? 0) - (presentation[b] ?? 0))
  hidden.forEach((i, rank) => {
    presentation[i] = start - hidden.length + rank
  })
  for (let i = firstShown - 1; i >= 0; i--) {
    const next = dts[i + 1] ?? 0
    dts[i] = Math.min(next - 1, presentation[i] ?? 0)
    duration[i] = next - (dts[i] ?? 0)
  }
  for (const i of hidden) compositionOffset[i] = (presentation[i] ?? 0) - (dts[i] ?? 0)
}

/**
 * Decode time of a track's first sample once {@link hidePreroll} has been there, ticks of the film's clock.
 *
 * @param prefix samples from `first` on, among which are all those that are hidden and one that is not
 */
export function hiddenDecode(
  columns: SampleColumns,
  first: number,
  prefix: number,
  start: number,
  shift: { readonly decodeShift: number; readonly offsetShift: number },
): number {
  const cursor = new SampleCursor(columns, first)
  const firstDecode = cursor.dts + shift.decodeShift
  if (prefix > MAX_PREROLL) return firstDecode
  const dts = new Float64Array(prefix)
  const offset = new Int32Array(prefix)
  let count = 0
  do {
    dts[count] = cursor.dts + shift.decodeShift
    offset[count++] = cursor.offset + shift.offsetShift
  } while (count < prefix && cursor.next())
  hidePreroll(dts, offset, new Uint32Array(prefix), count, start)
  return dts[0] ?? firstDecode
}
