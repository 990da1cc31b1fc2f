// mux.js: INPUT.ts to segments of fragmented MP4, thrown away; one segment for every 4 MiB, as a player would have them.
import { open } from 'node:fs/promises'
import muxjs from 'mux.js'

const PIECE_BYTES = 188 * 1024
const SEGMENT_PIECES = 22
const file = await open(process.argv[2])
const { size } = await file.stat()
const transmuxer = new muxjs.mp4.Transmuxer({ keepOriginalTimestamps: true })
let written = 0
transmuxer.on('data', ({ data }) => {
  written += data.byteLength
})
const buffer = new Uint8Array(PIECE_BYTES)
for (let at = 0, piece = 1; at < size; at += PIECE_BYTES, piece++) {
  const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, at)
  transmuxer.push(buffer.slice(0, bytesRead))
  if (piece % SEGMENT_PIECES === 0) transmuxer.flush()
}
transmuxer.flush()
await file.close()
if (written < size * 0.8) throw new Error(`mux.js wrote only ${written} of ${size} bytes.`)
