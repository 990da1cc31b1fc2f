import { type AudioTrack, createSampleBatch, type SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { exactTimes } from './exact-times.js'

const TRACK: AudioTrack = {
  kind: 'audio',
  codec: 'truehd',
  id: 1,
  timescale: 48_000,
  descriptions: [{ config: new Uint8Array(0), codecString: undefined }],
  containerCodec: 'A_TRUEHD',
  language: 'und',
  title: undefined,
  isDefault: true,
  isForced: false,
  roles: [],
  start: 0,
  end: undefined,
  bitrateBps: undefined,
  sampleCount: undefined,
  sampleRate: 48_000,
  channels: 2,
  frameDuration: 40,
  priming: 0,
  bitDepth: 24,
  hasJoc: false,
}

/** A batch whose presentation times are rounded to a millisecond. */
function rounded(times: readonly number[]): SampleBatch {
  const batch = createSampleBatch(1, 48_000, times.length)
  times.forEach((time, i) => {
    const pts = Math.round(time / 48) * 48
    const isTwin = i > 0 && Math.round(times[i - 1]! / 48) * 48 === pts
    batch.dts[i] = isTwin ? pts : pts - (i % 2)
    batch.compositionOffset[i] = isTwin ? 0 : i % 2
  })
  return batch
}

describe('exactTimes', () => {
  it("finds TrueHD's frames again, also behind a gap", () => {
    const times = [...Array(300).keys()].map(i => (i + 77) * 40 + (i < 150 ? 0 : 4000))
    const { dts, compositionOffset } = exactTimes(TRACK, rounded(times))
    expect([...dts]).toEqual(times)
    expect(compositionOffset.every(offset => offset === 0)).toBe(true)
  })

  it("finds Vorbis's packets again, with the track's start as it is", () => {
    // An identification header with blocks of 256 and 2048.
    const config = Uint8Array.from([1, 0x76, 0x6f, 0x72, 0x62, 0x69, 0x73, ...Array(21).fill(0), 0xb8, 1])
    const track: AudioTrack = {
      ...TRACK,
      codec: 'vorbis',
      frameDuration: undefined,
      descriptions: [{ config, codecString: undefined }],
    }
    const lengths = [128, 576, 1024, 1024, 576, 128, 128, 576, 1024, 1024, 1024]
    const times = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 6400))
    // The film's first packet lies at 0.3 ms, which the container says to be 0.
    expect([...exactTimes(track, rounded(times.map(time => time + 15))).dts]).toEqual(times)
  })

  it('leaves other codecs alone', () => {
    const batch = rounded([0, 1536])
    expect(exactTimes({ ...TRACK, codec: 'ac3', frameDuration: 1536 }, batch)).toBe(batch)
  })
})
