// Cuemux: the index of INPUT (by its name's end: .mp4 or .mkv) out of its bytes in memory.
import { readFileSync } from 'node:fs'
import { bytesSource } from '../../packages/source/dist/index.js'
import { measureRepeatedly } from './repeat.mjs'

const path = process.argv[2]
const bytes = new Uint8Array(readFileSync(path))
const open = path.endsWith('.mp4')
  ? (await import('../../packages/mp4/dist/index.js')).openMp4
  : (await import('../../packages/matroska/dist/index.js')).openMatroska
await measureRepeatedly(async () => {
  const { index } = await open(bytesSource(bytes, { key: 'film' }))
  if (index.keyframes.count < 100) throw new Error(`Cuemux found only ${index.keyframes.count} keyframes.`)
})
