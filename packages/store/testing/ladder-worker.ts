// Publishes the segments of a made-up job with a checkpoint, tells of each upload, and ends when all are stored.
import { Checkpoint, folderStore, type PublishStore, uploadQueue } from '../src/index.js'
import { bodyOf } from './bodies.js'

const [folder = '', file = ''] = process.argv.slice(2)
const inner = folderStore({ folder })
const store: PublishStore = {
  ...inner,
  kind: 'folder',
  put: async (path, body, options) => {
    const stored = await inner.put(path, body, options)
    process.send?.({ type: 'put', text: path })
    return stored
  },
  verify: (address, options) => inner.verify(address, options),
  playlistAddress: (stored, from) => inner.playlistAddress(stored, from),
  close: () => inner.close(),
}
const checkpoint = await Checkpoint.resume(file, { settings: { rungs: [720, 360] }, source: { name: 'film.mkv' } })
const queue = uploadQueue({
  store,
  concurrency: 3,
  onStored: async stored => {
    const [rung = '', name = ''] = stored.path.split('/')
    const segment = Number.parseInt(name, 10)
    await checkpoint.record({ ...stored, rung, segment, timescale: 1000, start: segment * 4000, duration: 4000 })
    process.send?.({ type: 'recorded', text: stored.path })
  },
})
process.send?.({ type: 'begun' })
for (const segment of checkpoint.segments) queue.adopt(segment)
const paths = ['720p', '360p'].flatMap(rung => Array.from({ length: 60 }, (_, index) => `${rung}/${index}.m4s`))
for (const path of paths) {
  await queue.room()
  void queue.add(path, () => bodyOf(path))
}
await queue.whenStored(paths)
process.send?.({ type: 'done' })
process.disconnect()
