import { CuemuxError, concatBytes } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlvStream, type StreamFrame, type StreamTracks } from './flv-stream.js'

const HEADER = Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)

function tag(type: number, timeMs: number, ...data: number[]): Uint8Array {
  const { length } = data
  const head = [type, length >> 16, (length >> 8) & 255, length & 255]
  const time = [(timeMs >> 16) & 255, (timeMs >> 8) & 255, timeMs & 255, timeMs >> 24, 0, 0, 0]
  const size = length + 11
  return Uint8Array.of(...head, ...time, ...data, 0, size >> 16, (size >> 8) & 255, size & 255)
}

/** `onMetaData` with a rate of 25: a name, its length before it, and a double behind it. */
const META = tag(18, 0, 2, 0, 9, ...Buffer.from('framerate'), 0, 0x40, 0x39, 0, 0, 0, 0, 0, 0)
const STREAM = [
  HEADER,
  META,
  tag(9, 0, 0x17, 0, 0, 0, 0, 1, 100),
  tag(8, 0, 0xaf, 0), // AAC out of a transport stream: its configuration is not known yet
  tag(9, 0, 0x17, 1, 0, 0, 80, 10, 11),
  tag(8, 5, 0xaf, 0, 0x11, 0x90),
  tag(8, 5, 0xaf, 1, 20),
  tag(9, 40, 0x27, 1, 0xff, 0xff, 0xd8, 12),
  tag(9, 0x1234567, 0x27, 1, 0, 0, 0, 13),
]

function read(pieces: readonly Uint8Array[]): {
  tracks: StreamTracks[]
  frames: [string, number, boolean, number[]][]
} {
  const tracks: StreamTracks[] = []
  const frames: [string, number, boolean, number[]][] = []
  const stream = new FlvStream({
    onTracks: found => {
      expect(frames).toEqual([])
      tracks.push(found)
    },
    onFrame: ({ kind, timeMs, isKey, data }: StreamFrame) => frames.push([kind, timeMs, isKey, [...data]]),
  })
  for (const piece of pieces) stream.push(piece)
  return { tracks, frames }
}

const WANTED = {
  tracks: [
    { video: { config: Uint8Array.of(1, 100), framesPerSecond: 25 }, audio: { config: Uint8Array.of(0x11, 0x90) } },
  ],
  frames: [
    ['video', 80, true, [10, 11]],
    ['audio', 5, true, [20]],
    ['video', 0, false, [12]],
    ['video', 0x1234567, false, [13]],
  ],
}

describe('FlvStream', () => {
  it('gives frames with their own times, once all configurations are there', () => {
    expect(read(STREAM)).toEqual(WANTED)
  })

  it('reads the same however the bytes come', () => {
    const whole = concatBytes(STREAM)
    expect(read([whole])).toEqual(WANTED)
    expect(read(Array.from(whole, byte => Uint8Array.of(byte)))).toEqual(WANTED)
  })

  it('waits for nothing where there is a picture alone, or sound alone', () => {
    const picture = [HEADER, ...STREAM.slice(2, 3), tag(9, 0, 0x17, 1, 0, 0, 0, 1)]
    expect(read(picture).tracks).toEqual([
      { video: { config: Uint8Array.of(1, 100), framesPerSecond: undefined }, audio: undefined },
    ])
    const sound = [HEADER, tag(8, 0, 0xaf, 0, 0x11, 0x90), tag(8, 0, 0xaf, 1, 1)]
    expect(read(sound).tracks).toEqual([{ video: undefined, audio: { config: Uint8Array.of(0x11, 0x90) } }])
  })

  it('refuses what is no such stream', () => {
    const broken = 'ffmpeg wrote something that is no FLV stream of H.264 and AAC.'
    expect(() => read([new TextEncoder().encode('this is something else')])).toThrow(broken)
    // Sorenson's H.263, MP3, a tag of an unknown kind.
    for (const odd of [tag(9, 0, 0x12, 0, 0, 0, 0), tag(8, 0, 0x2f, 0), tag(7, 0, 0)]) {
      expect(() => read([HEADER, odd])).toThrow(broken)
    }
    const endless = Array.from({ length: 3000 }, () => tag(9, 0, 0x17, 1, 0, 0, 0, 1))
    expect(() => read([HEADER, tag(8, 0, 0xaf, 0), ...endless])).toThrow(broken)
  })

  it('throws nothing but its own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), pieces => {
        try {
          read([HEADER, ...pieces])
        } catch (error) {
          expect(error).toBeInstanceOf(CuemuxError)
        }
      }),
    )
  })
})
