// Mediabunny: opens a film at an http address and asks for what a playlist's first segment needs: tracks, configurations,
// duration, and the first keyframes. It has no list of all keyframes: to find them it reads the whole of a Matroska film.
import { ALL_FORMATS, EncodedPacketSink, Input, UrlSource } from 'mediabunny'

const start = performance.now()
const input = new Input({ formats: ALL_FORMATS, source: new UrlSource(process.argv[2]) })
const track = await input.getPrimaryVideoTrack()
await track.getDecoderConfig()
await input.computeDuration()
const packet = await new EncodedPacketSink(track).getKeyPacket(6)
if (packet === null) throw new Error('Mediabunny found no keyframe.')
console.log(JSON.stringify({ seconds: { open: (performance.now() - start) / 1000 }, usage: {} }))
process.exit()
