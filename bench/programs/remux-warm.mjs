// Cuemux: INPUT to fragmented MP4 again and again in one process, thrown away; prints as JSON what a sample takes once all
// code is compiled.
import { fileURLToPath } from 'node:url'
import { openMedia } from '../../packages/cuemux/dist/index.js'

const RUNS = 6
const WARM_UP = 2
const media = await openMedia(process.argv[2])
const samples = media.index.tracks.reduce((sum, track) => sum + (track.sampleCount ?? 0), 0)
const seconds = []
let count = 0
for (let run = 0; run < RUNS; run++) {
  const stream = await media.stream()
  const start = performance.now()
  count = 0
  for await (const pieces of stream.chunks({ reusesMemory: true })) count += samplesOf(pieces[0])
  seconds.push((performance.now() - start) / 1000)
}
await media.close()
if (count === 0 || (samples > 0 && Math.abs(samples - count) > samples / 100))
  throw new Error(`${fileURLToPath(import.meta.url)} saw ${count} samples of ${samples}.`)
const warm = seconds.slice(WARM_UP).sort((a, b) => a - b)
console.log(JSON.stringify({ seconds: { sample: warm[warm.length >> 1] / count }, usage: {} }))

/** Samples that the `trun` boxes of a `moof` say they have. */
function samplesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let total = 0
  if (view.getUint32(4) !== 0x6d6f6f66) return 0
  const end = view.getUint32(0)
  for (let at = 8; at < end; at += view.getUint32(at)) {
    if (view.getUint32(at + 4) !== 0x74726166) continue
    const trafEnd = at + view.getUint32(at)
    for (let box = at + 8; box < trafEnd; box += view.getUint32(box)) {
      if (view.getUint32(box + 4) === 0x7472756e) total += view.getUint32(box + 12)
    }
  }
  return total
}
