// Cuemux: single segments of INPUT in an order by chance, from a warm index, in process.
import { openMedia } from '../../packages/cuemux/dist/index.js'
import { countedFile } from './counted-file.mjs'
import { measureSegments } from './segments.mjs'

const { source, counted } = await countedFile(process.argv[2])
const media = await openMedia(source)
// Nothing that was made is kept: each segment is read and made anew, into the memory of one that was given back.
const presentation = await media.hls({ cacheBytes: 0 })
const isSegment = entry => /^video-1\/\d+\.m4s$/.test(entry.path)
const count = (await presentation.resources()).filter(isSegment).length
await presentation.resource('video-1/init.mp4')
await measureSegments({
  count,
  make: async number => {
    const before = counted.bytes
    const resource = await presentation.resource(`video-1/${number}.m4s`, { reusesMemory: true })
    const { byteLength } = resource
    resource.release()
    return { writtenBytes: byteLength, readBytes: counted.bytes - before }
  },
})
