// mp4box: INPUT.mp4 to segments of fragmented MP4, thrown away. Reads as mp4box asks: the moov first, then in order.
import { open } from 'node:fs/promises'
import { createFile } from 'mp4box'

const PIECE_BYTES = 1024 * 1024
const film = createFile()
const file = await open(process.argv[2])
const { size } = await file.stat()
let written = 0
let isReady = false
film.onError = (module, message) => {
  throw new Error(`${module}: ${message}`)
}
film.onReady = info => {
  isReady = true
  for (const track of info.tracks) film.setSegmentOptions(track.id, null, { nbSamples: 144 })
  film.onSegment = (id, _user, buffer, nextSample) => {
    written += buffer.byteLength
    film.releaseUsedSamples(id, nextSample)
  }
  written += film.initializeSegmentation().buffer.byteLength
  film.start()
}

/** Feeds from an offset on; `until` says when it is enough. */
async function feed(offset, until) {
  while (offset < size && !until()) {
    const { buffer, bytesRead } = await file.read(new Uint8Array(PIECE_BYTES), 0, PIECE_BYTES, offset)
    const piece = bytesRead === PIECE_BYTES ? buffer.buffer : buffer.buffer.slice(0, bytesRead)
    piece.fileStart = offset
    const next = film.appendBuffer(piece, offset + bytesRead >= size)
    offset = isReady ? offset + bytesRead : (next ?? offset + bytesRead)
  }
}

await feed(0, () => isReady)
await feed(0, () => false)
film.flush()
await file.close()
if (written < size * 0.9) throw new Error(`mp4box wrote only ${written} of ${size} bytes.`)
