// Cuemux: publishes the first BYTES of INPUT as IPFS blocks to FOLDER.
import { ipfsStore } from '../../packages/store/dist/index.js'
import { beginningOf } from './beginning.mjs'

const [path, bytes, folder] = process.argv.slice(2)
const store = ipfsStore({ folder })
const counted = { bytes: 0 }
const start = performance.now()
const { cid, sizeBytes } = await store.put('film.mkv', beginningOf(path, Number(bytes), counted))
const seconds = { whole: (performance.now() - start) / 1000 }
await store.close()
if (cid === undefined || sizeBytes !== Number(bytes)) throw new Error(`${sizeBytes} of ${bytes} bytes were published.`)
console.log(JSON.stringify({ seconds, usage: { readBytes: counted.bytes } }))
