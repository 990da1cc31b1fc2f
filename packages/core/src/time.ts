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

/**
 * Ticks of one timescale in ticks of another, rounded up: the least tick of `to` that is no earlier. Exact for whole
 * ticks and any two timescales, so that a boundary splits the same way everywhere.
 */
export function rescaleUp(ticks: number, from: number, to: number): number {
  if (from === to) return ticks
  const seconds = Math.floor(ticks / from)
  const rest = ticks - seconds * from
  const product = rest * to
  if (!Number.isSafeInteger(product)) return seconds * to + wideQuotient(rest, to, from)
  return seconds * to + Math.floor(product / from) + (product % from > 0 ? 1 : 0)
}

/** a·b / c, rounded up, where the product is no safe integer. */
function wideQuotient(a: number, b: number, c: number): number {
  if (!Number.isInteger(a)) return Math.ceil((a * b) / c)
  const product = BigInt(a) * BigInt(b)
  const divisor = BigInt(c)
  return Number((product + divisor - 1n) / divisor)
}
