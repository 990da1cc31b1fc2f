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

  describe('of frames that the container does not say to be all alike', () => {
    const mp4: AudioTrack = { ...TRACK, codec: 'aac', frameDuration: undefined, start: 0, priming: 256 }
    const batchOf = (times: readonly number[], timescale = 48_000): SampleBatch => {
      const batch = createSampleBatch(1, timescale, times.length)
      batch.dts.set(times)
      times.forEach((time, i) => {
        batch.duration[i] = (times[i + 1] ?? time + 1024) - time
      })
      return batch
    }
    const lattice = [...Array(12).keys()].map(i => i * 1024 - 256)

    it('undoes one short duration, wherever it begins to read', () => {
      const times = lattice.map((time, i) => (i < 2 ? time : time - 8))
      expect([...exactTimes(mp4, batchOf(times)).dts]).toEqual(lattice)
      expect([...exactTimes(mp4, batchOf(times.slice(5))).dts]).toEqual(lattice.slice(5))
    })

    it('undoes times in milliseconds', () => {
      const times = lattice.map(time => Math.round(time / 44.1))
      const track = { ...mp4, sampleRate: 44_100, timescale: 1000, priming: 256 / 44.1 }
      const exact = lattice.map(time => Math.round(time / 44.1))
      const jittered = times.map((time, i) => time + (i % 3 === 0 ? 1 : 0))
      const batch = { ...batchOf(jittered, 1000), duration: new Uint32Array(12).fill(23) }
      expect([...exactTimes(track, batch).dts]).toEqual(exact)
    })

    it('takes the place of most behind a gap', () => {
      const times = lattice.map((time, i) => (i === 0 ? time : i === 1 ? time + 2991 : time + 2983))
      const exact = lattice.map((time, i) => (i === 0 ? time : time + 2983))
      expect([...exactTimes(mp4, batchOf(times)).dts]).toEqual(exact)
      expect([...exactTimes(mp4, batchOf(times.slice(5))).dts]).toEqual(exact.slice(5))
    })

    it('keeps a real gap, and frames of all lengths', () => {
      const gap = lattice.map((time, i) => (i < 7 ? time : time + 100))
      expect([...exactTimes(mp4, batchOf(gap)).dts]).toEqual(gap)
      const mixed = batchOf([0, 128, 704, 1728, 2752, 2880])
      expect(exactTimes(mp4, mixed)).toBe(mixed)
    })
  })

  it('leaves other codecs alone', () => {
    const batch = rounded([0, 1536])
    expect(exactTimes({ ...TRACK, codec: 'ac3', frameDuration: 1536 }, batch)).toBe(batch)
  })
})
