const WARM_UP = 20
const MEASURED = 200

/**
 * Makes segments in an order by chance (the same each time) and prints as JSON the median and the 99th percentile, and
 * the mean bytes read and written for one.
 *
 * @param {{ count: number, make: (number: number) => Promise<{ writtenBytes: number, readBytes?: number }> }} film
 */
export async function measureSegments({ count, make, warmUp = WARM_UP, measured = MEASURED }) {
  let seed = 42
  const next = () => (seed = (seed * 48271) % 2147483647) % (count - 1)
  for (let i = 0; i < warmUp; i++) await make(next())
  const seconds = []
  const total = { writtenBytes: 0, readBytes: 0 }
  for (let i = 0; i < measured; i++) {
    const start = performance.now()
    const { writtenBytes, readBytes } = await make(next())
    seconds.push((performance.now() - start) / 1000)
    total.writtenBytes += writtenBytes
    total.readBytes += readBytes ?? Number.NaN
  }
  seconds.sort((a, b) => a - b)
  const at = share => seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))]
  const usage = { writtenBytes: total.writtenBytes / measured }
  if (Number.isFinite(total.readBytes)) usage.readBytes = total.readBytes / measured
  console.log(JSON.stringify({ seconds: { p50: at(0.5), p99: at(0.99) }, usage }))
}
