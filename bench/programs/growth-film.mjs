// Cuemux: what INPUT takes in a process in which all code is compiled, by WARM, a small film: to open it, its playlists, a
// segment in its middle; and the memory that it holds once it is open and its playlists were made.
import { openMedia } from '../../packages/cuemux/dist/index.js'
import { countedFile } from './counted-file.mjs'

const WARM_UP = 25
const PASSES = 5
const SEGMENTS = 9

const [path, warm] = process.argv.slice(2)
for (let i = 0; i < WARM_UP; i++) await (await pass(warm)).close()
const before = await heldBytes()
const first = await pass(path)
const held = Math.max(0, (await heldBytes()) - before)
const passes = [first]
while (passes.length < PASSES) {
  await passes.at(-1).close()
  passes.push(await pass(path))
}
console.log(JSON.stringify({ seconds: medians('seconds'), usage: { ...medians('usage'), heldBytes: held } }))
process.exit()

async function pass(film) {
  const { source, counted } = await countedFile(film)
  const opened = await time(() => openMedia(source))
  const openBytes = counted.bytes
  const media = opened.result
  // Nothing that was read is kept: each segment is what it takes alone.
  const planned = await time(async () => {
    const presentation = await media.hls({ cacheBytes: 0 })
    const { byteLength } = await presentation.resource('video-1/playlist.m3u8')
    return { presentation, byteLength }
  })
  const { presentation, byteLength: playlistBytes } = planned.result
  const master = await time(() => presentation.resource('master.m3u8'))
  const planBytes = counted.bytes - openBytes
  const picture = await segmentsOf(presentation, 'video', counted)
  const sound = await segmentsOf(presentation, 'audio', counted)
  return {
    seconds: {
      open: opened.seconds,
      playlist: planned.seconds,
      master: master.seconds,
      picture: picture.seconds,
      ...(sound === undefined ? {} : { sound: sound.seconds }),
    },
    usage: {
      openBytes,
      planBytes,
      playlistBytes,
      masterBytes: master.result.byteLength,
      segments: presentation.plan.segments.cuts.length,
      pictureBytes: picture.bytes,
      soundBytes: sound?.bytes ?? 0,
    },
    close: () => media.close(),
  }
}

/** The median of some segments around the middle of the film, of the last rendition of a kind. */
async function segmentsOf(presentation, kind, counted) {
  const name = presentation.plan.renditions.filter(rendition => rendition.kind === kind).at(-1)?.name
  if (name === undefined) return undefined
  const { length } = presentation.plan.segments.cuts
  const made = []
  for (let i = 0; i < Math.min(SEGMENTS, length - 1); i++) {
    const n = Math.max(0, (length >> 1) - (SEGMENTS >> 1)) + i
    const before = counted.bytes
    const { seconds } = await time(() => presentation.resource(`${name}/${n % length}.m4s`))
    made.push({ seconds, bytes: counted.bytes - before })
  }
  return { seconds: median(made.map(one => one.seconds)), bytes: median(made.map(one => one.bytes)) }
}

async function time(work) {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}

/** Heap and buffers that are in use after a collection. */
async function heldBytes() {
  for (let i = 0; i < 2; i++) {
    globalThis.gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function medians(part) {
  return Object.fromEntries(Object.keys(passes[0][part]).map(key => [key, median(passes.map(one => one[part][key]))]))
}

function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1]
}
