/** The value at a share of the sorted values: 0.5 is the median. */
export function quantile(values, share) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * share
  const low = Math.floor(at)
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low)
}

/** The median, or undefined where nothing was measured. */
export function median(values) {
  const value = quantile(
    values.filter(value => value !== undefined),
    0.5,
  )
  return Number.isNaN(value) ? undefined : value
}
