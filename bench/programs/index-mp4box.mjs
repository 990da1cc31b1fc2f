// mp4box: sample tables of INPUT.mp4 out of its bytes in memory.
import { readFileSync } from 'node:fs'
import { createFile } from 'mp4box'
import { measureRepeatedly } from './repeat.mjs'

const bytes = new Uint8Array(readFileSync(process.argv[2])).buffer
// It marks the buffers that it is given, so each run gets a copy, which is not counted.
const copy = () => Object.assign(bytes.slice(0), { fileStart: 0 })

await measureRepeatedly(buffer => {
  const film = createFile()
  let samples = 0
  film.onReady = info => {
    for (const track of info.tracks) samples += film.getTrackById(track.id).samples.length
  }
  film.appendBuffer(buffer, true)
  film.flush()
  if (samples < 100_000) throw new Error(`mp4box found only ${samples} samples.`)
}, copy)
