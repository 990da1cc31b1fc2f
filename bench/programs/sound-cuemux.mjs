// Cuemux: segments of encoded sound of INPUT. First is one in the middle of the film that nobody led up to; next are those
// that follow it, each asked for as soon as the one before is there; paced are those behind them, asked for every second:
// a player whose buffer is full asks every six.
import { setTimeout as wait } from 'node:timers/promises'
import { openMedia } from '../../packages/cuemux/dist/index.js'

/** Each before the last: no run reaches the next place. */
const STARTS = [24, 15, 6]
const NEXT = 3
const PACED = 2
const PACE_MS = 1000
const media = await openMedia(process.argv[2])
const presentation = await media.hls()
const segments = (await presentation.resources()).filter(({ path }) => /^audio-.*\/\d+\.m4s$/.test(path))
if (segments.length < 30) throw new Error(`There are only ${segments.length} segments of sound.`)
const time = async n => {
  const start = performance.now()
  const { byteLength } = await presentation.resource(segments[n].path)
  if (byteLength < 50_000) throw new Error(`Segment ${n} has only ${byteLength} bytes.`)
  return (performance.now() - start) / 1000
}
const first = []
const next = []
const paced = []
// Finding ffmpeg and what it can is done once.
await time(0)
for (const start of STARTS) {
  // A viewer who seeks has watched before: the processes that wait are there again.
  await wait(PACE_MS)
  first.push(await time(start))
  for (let n = 1; n <= NEXT; n++) next.push(await time(start + n))
  for (let n = NEXT + 1; n <= NEXT + PACED; n++) {
    await wait(PACE_MS)
    paced.push(await time(start + n))
  }
}
await presentation.close?.()
await media.close()
const median = list => list.sort((a, b) => a - b)[list.length >> 1]
console.log(JSON.stringify({ seconds: { first: median(first), next: median(next), paced: median(paced) }, usage: {} }))
process.exit()
