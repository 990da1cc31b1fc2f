import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toAdts } from '../../testing/films.js'
import { AdtsReader } from './adts.js'

const FRAMES = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), new Uint8Array(700).fill(5)]
const STREAM = toAdts(FRAMES, 48_000, 2)

describe('AdtsReader', () => {
  it('gives the frames however the bytes come', () => {
    for (const step of [1, 7, 100, STREAM.length]) {
      const reader = new AdtsReader()
      const frames: Uint8Array[] = []
      for (let at = 0; at < STREAM.length; at += step) frames.push(...reader.push(STREAM.subarray(at, at + step)))
      expect(frames).toEqual(FRAMES)
    }
  })

  it('throws nothing but its own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(STREAM.length), (noise, at) => {
        try {
          new AdtsReader().push(Uint8Array.from([...STREAM.subarray(0, at), ...noise, ...STREAM.subarray(at)]))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENCODER_FAILED' })
        }
      }),
    )
  })
})
