import { concatBytes } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { element, FEED_ID, openElement, textElement, uintElement } from '../input/ebml-writer.js'
import { MatroskaStream, type StreamFrame } from './matroska-stream.js'

const CLUSTER = 0x1f43b675
const block = (time: number, flags: number, ...data: number[]): Uint8Array =>
  Uint8Array.of(0x81, (time >> 8) & 255, time & 255, flags, ...data)

const STREAM = concatBytes([
  element(FEED_ID.EBML, textElement(FEED_ID.DocType, 'matroska')),
  openElement(FEED_ID.Segment),
  element(FEED_ID.Tracks, element(FEED_ID.TrackEntry, element(FEED_ID.CodecPrivate, Uint8Array.of(1, 100, 0, 31)))),
  openElement(CLUSTER),
  uintElement(0xe7, 1000),
  element(0xa3, block(0, 0x80, 1, 2)),
  element(0xa3, block(-40, 0, 3)),
  element(CLUSTER, uintElement(0xe7, 2000), element(0xa0, element(0xa1, block(5, 0, 4)))),
  element(CLUSTER, uintElement(0xe7, 3000), element(0xa0, element(0xa1, block(5, 0, 5)), uintElement(0xfb, 1))),
])

function read(pieces: readonly Uint8Array[]): [configs: number[][], frames: [number, boolean, number[]][]] {
  const configs: number[][] = []
  const frames: [number, boolean, number[]][] = []
  const stream = new MatroskaStream({
    onConfig: config => configs.push([...config]),
    onFrame: ({ timeMs, isKey, data }: StreamFrame) => frames.push([timeMs, isKey, [...data]]),
  })
  for (const piece of pieces) stream.push(piece)
  stream.end()
  return [configs, frames]
}

const WANTED = [
  [[1, 100, 0, 31]],
  [
    [1000, true, [1, 2]],
    [960, false, [3]],
    [2005, true, [4]],
    [3005, false, [5]],
  ],
]

describe('MatroskaStream', () => {
  it('reads clusters of known and unknown size', () => {
    expect(read([STREAM])).toEqual(WANTED)
  })

  it('reads the same however the bytes come', () => {
    expect(read([...STREAM].map(byte => Uint8Array.of(byte)))).toEqual(WANTED)
  })

  it('refuses what is no such stream, and one that is cut', () => {
    const broken = 'ffmpeg wrote something that is no Matroska stream of video.'
    expect(() => read([new TextEncoder().encode('this is something else')])).toThrow(broken)
    expect(() => read([STREAM.subarray(0, STREAM.length - 1)])).toThrow(broken)
  })

  it('throws nothing but its own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(STREAM.length), (noise, at) => {
        try {
          read([STREAM.subarray(0, at), noise, STREAM.subarray(at)])
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENCODER_FAILED' })
        }
      }),
    )
  })
})
