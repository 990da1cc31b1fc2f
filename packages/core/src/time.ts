/**
 * Ticks of one timescale in ticks of another, rounded to the nearest. Exact as long as both timescales' product stays
 * below 2^53 and the result does.
 */
export function rescale(ticks: number, from: number, to: number): number {
  if (from === to) return ticks
  const seconds = Math.floor(ticks / from)
  return seconds * to + Math.round(((ticks - seconds * from) * to) / from)
}

/** Ticks as milliseconds, for people; the one place where times stop being integers. */
export function ticksToMs(ticks: number, timescale: number): number {
  return (ticks * 1000) / timescale
}
