// Walks a Matroska file with `ebml` and prints what it finds as JSON. A process of its own, because importing ebml
// replaces the global Map and Number.parseInt.
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'

const { Decoder } = createRequire(import.meta.url)('ebml')
const found = { elements: [], tracks: [], cues: [], blocks: [] }
const decoder = new Decoder()
let clusterTime = 0
decoder.on('data', ([kind, element]) => {
  const { name, value } = element
  if (kind !== 'end') found.elements.push({ id: element.tagStr, offset: element.start, size: element.dataSize })
  if (kind === 'start' && name === 'TrackEntry') found.tracks.push({})
  if (kind === 'start' && name === 'CuePoint') found.cues.push({})
  if (kind !== 'tag') return
  if (name === 'TrackNumber') found.tracks.at(-1).number = value
  if (name === 'CodecID') found.tracks.at(-1).codecId = value
  if (name === 'CueTime') found.cues.at(-1).time = value
  if (name === 'CueClusterPosition') found.cues.at(-1).position = value
  if (name === 'CueTrack') found.cues.at(-1).track = value
  if (name === 'Timecode') clusterTime = value
  if (name === 'SimpleBlock' || name === 'Block') {
    const head = Buffer.from(element.payload.subarray(0, 16)).toString('hex')
    const { track, keyframe } = element
    found.blocks.push({ track, time: clusterTime + value, size: element.payload.length, head, keyframe })
  }
})
createReadStream(process.argv[2]).pipe(decoder)
decoder.on('end', () => process.stdout.write(JSON.stringify(found)))
decoder.resume()
