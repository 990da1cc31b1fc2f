const WARM_RUNS = 40
const WARM_SECONDS = 4

/**
 * Does a piece of work once (cold: code not compiled yet) and then again and again (warm), and prints as JSON what the
 * first took, the median of the second half of the rest, and by how much the first let the process grow. What `prepare`
 * makes for each run is not counted.
 */
export async function measureRepeatedly(work, prepare = () => undefined) {
  const first = prepare()
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const cold = await time(work, first)
  const memoryBytes = Math.max(0, process.memoryUsage().rss - before)
  const warm = []
  const end = performance.now() + WARM_SECONDS * 1000
  while (warm.length < 6 || (warm.length < WARM_RUNS && performance.now() < end)) warm.push(await time(work, prepare()))
  const settled = warm.slice(warm.length >> 1).sort((a, b) => a - b)
  console.log(JSON.stringify({ seconds: { cold, warm: settled[settled.length >> 1] }, usage: { memoryBytes } }))
}

async function time(work, prepared) {
  const start = performance.now()
  await work(prepared)
  return (performance.now() - start) / 1000
}
