// Cuemux: every segment of INPUT's picture and sound in play order.
import { openMedia } from '../../packages/cuemux/dist/index.js'

const media = await openMedia(process.argv[2])
// What ffmpeg can is measured once on a machine, and kept.
await media.encoderStatus()
const start = performance.now()
const presentation = await media.hls()
const segments = (await presentation.resources()).filter(({ kind }) => kind === 'segment')
const byRendition = groupBy(segments)
let bytes = 0
await Promise.all(
  [...byRendition.values()].map(async list => {
    for (const { path } of list) {
      const { byteLength } = await presentation.resource(path)
      bytes += byteLength
    }
  }),
)
const seconds = { whole: (performance.now() - start) / 1000 }
await presentation.close?.()
await media.close()
if (bytes < 1_000_000) throw new Error(`Only ${bytes} bytes were encoded.`)
console.log(JSON.stringify({ seconds, usage: {} }))
process.exit()

function groupBy(entries) {
  const groups = new Map()
  for (const entry of entries) {
    const key = entry.path.split('/')[0]
    groups.set(key, [...(groups.get(key) ?? []), entry])
  }
  return groups
}
