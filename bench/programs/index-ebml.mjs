// ebml: the Cues element of INPUT.mkv, decoded out of memory.
import { readFileSync } from 'node:fs'
import ebml from 'ebml'
import { findCues } from './find-cues.mjs'
import { measureRepeatedly } from './repeat.mjs'

const cues = findCues(readFileSync(process.argv[2]))
await measureRepeatedly(async () => {
  const decoder = new ebml.Decoder()
  let points = 0
  decoder.on('data', ([kind, element]) => {
    if (kind === 'start' && element.name === 'CuePoint') points++
  })
  await new Promise((resolve, reject) => decoder.on('finish', resolve).on('error', reject).end(cues))
  if (points < 100) throw new Error(`ebml found only ${points} cue points.`)
})
