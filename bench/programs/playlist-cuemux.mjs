// Cuemux: the media playlist of INPUT, whose index is in memory. Cold is a film that was never asked for: the first of the
// process, then (fresh) one with all code compiled; again is the same film's once more.
import { openMedia } from '../../packages/cuemux/dist/index.js'

const RUNS = 30
const [path] = process.argv.slice(2)
const media = await openMedia(path)
const time = async work => {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}
const make = async () => {
  const presentation = await media.hls()
  const { byteLength } = await presentation.resource('video-1/playlist.m3u8')
  if (byteLength < 10_000) throw new Error(`The playlist has only ${byteLength} bytes.`)
  return presentation
}
const cold = await time(make)
const fresh = []
const again = []
for (let run = 0; run < RUNS; run++) {
  const made = await time(make)
  fresh.push(made.seconds)
  again.push((await time(() => made.result.resource('video-1/playlist.m3u8'))).seconds)
  await made.result.close?.()
}
await media.close()
const median = list => list.slice(list.length >> 1).sort((a, b) => a - b)[list.length >> 2]
console.log(JSON.stringify({ seconds: { cold: cold.seconds, fresh: median(fresh), again: median(again) } }))
