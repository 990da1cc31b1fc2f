// Cuemux: single segments of INPUT in an order by chance, from a warm index, in process.
import { stat } from 'node:fs/promises'
import { openMedia } from '../../packages/cuemux/dist/index.js'
import { openFile } from '../../packages/source/dist/node.js'
import { measureSegments } from './segments.mjs'

const path = process.argv[2]
const file = await openFile(path)
let readBytes = 0
const counted = {
  key: file.key,
  name: file.name,
  sizeBytes: (await stat(path)).size,
  seekCostBytes: file.seekCostBytes,
  read(offset, length, options) {
    readBytes += Math.max(0, Math.min(length, file.sizeBytes - offset))
    return file.read(offset, length, options)
  },
  async readInto(offset, target, options) {
    const length = await file.readInto(offset, target, options)
    readBytes += length
    return length
  },
}
const media = await openMedia(counted)
// Nothing that was made is kept: each segment is read and made anew, into the memory of one that was given back.
const presentation = await media.hls({ cacheBytes: 0 })
const isSegment = entry => /^video-1\/\d+\.m4s$/.test(entry.path)
const count = (await presentation.resources()).filter(isSegment).length
await presentation.resource('video-1/init.mp4')
await measureSegments({
  count,
  make: async number => {
    const before = readBytes
    const resource = await presentation.resource(`video-1/${number}.m4s`, { reusesMemory: true })
    const { byteLength } = resource
    resource.release()
    return { writtenBytes: byteLength, readBytes: readBytes - before }
  },
})
