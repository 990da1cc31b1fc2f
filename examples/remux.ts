/**
 * Turns any film into one fragmented MP4 without encoding, or a part of it.
 *
 *     node examples/dist/remux.js film.mkv film.mp4 [START_SECONDS [DURATION_SECONDS]]
 */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openMedia } from 'cuemux'

const [film, output, start = '0', duration] = process.argv.slice(2)
if (film === undefined || output === undefined) {
  console.error('Usage: node examples/dist/remux.js FILM OUTPUT [START_SECONDS [DURATION_SECONDS]]')
  process.exit(2)
}

const media = await openMedia(film)
const stream = await media.stream({
  startMs: Number(start) * 1000,
  ...(duration === undefined ? {} : { durationMs: Number(duration) * 1000 }),
})

// A chunk is a list of pieces; flattened, they are what a Node stream takes. The pipeline holds the film back when the
// disk is slower than we are.
const bytes = Readable.from(stream.chunks()).flatMap((pieces: readonly Uint8Array[]) => pieces)
await pipeline(bytes, createWriteStream(output))
await media.close()

// A film can only start at a keyframe: this is the one at or before the wished time.
const seconds = (ms: number): string => (ms / 1000).toFixed(3)
console.log(
  `Wrote ${output}: ${seconds(stream.durationMs)} s from ${seconds(stream.startMs)} s on (${stream.contentType})`,
)
