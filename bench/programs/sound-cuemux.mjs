// Cuemux: segments of encoded sound of INPUT. First is one in the middle of the film that nobody led up to, each run from
// another place; next are those that follow it.
import { openMedia } from '../../packages/cuemux/dist/index.js'

const STARTS = [3, 15, 9, 21]
const NEXT = 4
const media = await openMedia(process.argv[2])
const presentation = await media.hls()
const segments = (await presentation.resources()).filter(({ path }) => /^audio-.*\/\d+\.m4s$/.test(path))
if (segments.length < 25) throw new Error(`There are only ${segments.length} segments of sound.`)
const time = async n => {
  const start = performance.now()
  const { byteLength } = await presentation.resource(segments[n].path)
  if (byteLength < 50_000) throw new Error(`Segment ${n} has only ${byteLength} bytes.`)
  return (performance.now() - start) / 1000
}
const first = []
const next = []
// Finding ffmpeg and what it can is done once.
await time(0)
for (const start of STARTS) {
  first.push(await time(start))
  for (let n = 1; n <= NEXT; n++) next.push(await time(start + n))
}
await presentation.close?.()
await media.close()
const median = list => list.sort((a, b) => a - b)[list.length >> 1]
console.log(JSON.stringify({ seconds: { first: median(first), next: median(next) }, usage: {} }))
process.exit()
