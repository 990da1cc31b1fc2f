import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'

const CLOCK = 90_000
/** Time stamps that were rounded to a millisecond are put back on the grid of their rate. */
const ROUNDING_SECONDS = 0.0011

/** A stage of mux.js: what is pushed into the first one comes out of the last one as events. */
interface Stage {
  pipe<T extends Stage>(next: T): T
  on<T>(event: 'data', listener: (data: T) => void): void
  push(bytes: Uint8Array): void
  flush(): void
}
type StageClass = new (...options: unknown[]) => Stage

const require = createRequire(import.meta.url)
const { TransportPacketStream, TransportParseStream, ElementaryStream } = require('mux.js/lib/m2ts/m2ts.js') as {
  readonly [name in 'TransportPacketStream' | 'TransportParseStream' | 'ElementaryStream']: StageClass
}
const { H264Stream } = require('mux.js/lib/codecs/h264.js') as { readonly H264Stream: StageClass }
const AdtsStream = require('mux.js/lib/codecs/adts.js') as StageClass

/** A sample: times in seconds, and its bytes. */
interface Sample {
  readonly pts: number
  readonly dts: number
  readonly bytes: Buffer
}

interface Unit {
  readonly data: Uint8Array
  readonly nalUnitType: string
  readonly pts: number
  readonly dts: number
}

/** Pictures with length-prefixed NAL units and raw frames of AAC, by mux.js; the time of the first picture's decoding is 0. */
async function demuxWithMux(file: string): Promise<{ readonly pictures: Sample[]; readonly frames: Sample[] }> {
  const packets = new TransportPacketStream()
  const elementary = packets.pipe(new TransportParseStream()).pipe(new ElementaryStream())
  const pictures: { pts: number; dts: number; parts: Buffer[] }[] = []
  const frames: { pts: number; dts: number; data: Uint8Array }[] = []
  elementary.pipe(new H264Stream()).on('data', ({ data, nalUnitType, pts, dts }: Unit) => {
    if (nalUnitType === 'access_unit_delimiter_rbsp') pictures.push({ pts, dts, parts: [] })
    else if (!/^(seq|pic)_parameter_set_rbsp$/.test(nalUnitType)) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(data.length)
      pictures.at(-1)?.parts.push(length, Buffer.from(data))
    }
  })
  elementary.pipe(new AdtsStream(false)).on('data', (frame: (typeof frames)[number] | { readonly data: undefined }) => {
    if (frame.data !== undefined) frames.push(frame)
  })
  packets.push(await readFile(file))
  packets.flush()
  const zero = pictures[0]?.dts ?? 0
  const toSample = (pts: number, dts: number, bytes: Buffer): Sample => ({
    pts: (pts - zero) / CLOCK,
    dts: (dts - zero) / CLOCK,
    bytes,
  })
  return {
    pictures: pictures.map(({ pts, dts, parts }) => toSample(pts, dts, Buffer.concat(parts))),
    frames: frames.map(({ pts, dts, data }) => toSample(pts, dts, Buffer.from(data))),
  }
}

/** The same by Cuemux, segment by segment. */
async function demux(file: string): Promise<{ readonly pictures: Sample[]; readonly frames: Sample[] }> {
  const media = await openMedia(file)
  const { tracks, keyframes } = media.index
  const samples = new Map<number, Sample[]>(tracks.map(({ id }) => [id, []]))
  for (let first = 0; first < keyframes.count; first++) {
    const ids = tracks.map(({ id }) => id)
    for (const batch of await media.demuxer.readSpan({ first, end: first + 1 }, ids)) {
      for (const [i, data] of batch.data.entries()) {
        const dts = (batch.dts[i] as number) / batch.timescale
        const pts = dts + (batch.compositionOffset[i] as number) / batch.timescale
        samples.get(batch.trackId)?.push({ pts, dts, bytes: Buffer.from(data) })
      }
    }
  }
  await media.close()
  const of = (kind: string): Sample[] => samples.get(tracks.find(track => track.kind === kind)?.id ?? -1) ?? []
  return { pictures: of('video'), frames: of('audio') }
}

describe.each(['h264_aac.ts'])('%s beside mux.js', name => {
  test.each(['pictures', 'frames'] as const)('has the same %s, byte by byte, at the same times', async kind => {
    const file = await makeMedia(name)
    const own = (await demux(file))[kind]
    const theirs = (await demuxWithMux(file))[kind]
    expect(own.length).toBe(theirs.length)
    expect(own.length).toBeGreaterThan(700)
    for (const [i, { pts, dts, bytes }] of own.entries()) {
      const other = theirs[i] as Sample
      expect(Buffer.compare(bytes, other.bytes), `bytes of ${i}`).toBe(0)
      expect(Math.abs(pts - other.pts), `presentation time of ${i}`).toBeLessThan(ROUNDING_SECONDS)
      expect(Math.abs(dts - other.dts), `decode time of ${i}`).toBeLessThan(ROUNDING_SECONDS)
    }
  })
})
