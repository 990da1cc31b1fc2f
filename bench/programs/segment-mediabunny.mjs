// Mediabunny's primitives: the packets of INPUT's picture from a keyframe to the first one at least six seconds later, into one fragmented MP4 in memory.
import {
  ALL_FORMATS,
  BufferTarget,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  Input,
  Mp4OutputFormat,
  Output,
} from 'mediabunny'
import { measureSegments } from './segments.mjs'

const SEGMENT_SECONDS = 6
const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(process.argv[2]) })
const track = await input.getPrimaryVideoTrack()
const config = await track.getDecoderConfig()
const codec = await track.getCodec()
const sink = new EncodedPacketSink(track)
const count = Math.floor((await input.computeDuration()) / SEGMENT_SECONDS)
await measureSegments({ count, make: makeSegment, warmUp: 5, measured: 100 })

async function makeSegment(number) {
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'fragmented' }), target: new BufferTarget() })
  const video = new EncodedVideoPacketSource(codec)
  output.addVideoTrack(video)
  await output.start()
  // The keyframe before that time, or the film's first.
  let packet = (await sink.getKeyPacket(number * SEGMENT_SECONDS)) ?? (await sink.getFirstPacket())
  const end = packet.timestamp + SEGMENT_SECONDS
  for (let isFirst = true; packet && (packet.type !== 'key' || packet.timestamp < end); isFirst = false) {
    await video.add(packet, isFirst ? { decoderConfig: config } : undefined)
    packet = await sink.getNextPacket(packet)
  }
  await output.finalize()
  return { writtenBytes: output.target.buffer.byteLength }
}
