// Cuemux: opens a film at an http address and makes its playlists.
import { openMedia } from '../../packages/cuemux/dist/index.js'

const start = performance.now()
const media = await openMedia(process.argv[2])
const presentation = await media.hls()
// What a player asks for before its first segment.
for (const path of ['master.m3u8', 'video-1/playlist.m3u8']) await presentation.resource(path)
const seconds = { open: (performance.now() - start) / 1000 }
await presentation.close?.()
await media.close()
console.log(JSON.stringify({ seconds, usage: {} }))
