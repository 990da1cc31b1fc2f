import type { SampleBatch, VideoTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AUDIO, only, VIDEO } from '../testing/films.js'

const presentation = (batch: SampleBatch): number[] =>
  Array.from(batch.dts, (dts, i) => dts + batch.compositionOffset[i]!)

describe('composition offsets', () => {
  it('shifts decode times earlier where an offset is negative', async () => {
    const ctts: [number, number][] = [
      [1, 0],
      [1, 20],
      [2, -10],
    ]
    const { batch, demuxer } = await only({ ...VIDEO, stts: [[4, 10]], ctts, cttsVersion: 1, edits: [] })
    expect([...batch.compositionOffset]).toEqual([10, 30, 0, 0])
    expect([...batch.dts]).toEqual([-10, 0, 10, 20])
    expect(presentation(batch)).toEqual([0, 30, 10, 20])
    expect((demuxer.index.tracks[0] as VideoTrack).reorderDelay).toBe(10)
  })

  it('reads huge offsets of version 0 as negative ones', async () => {
    const { batch } = await only({
      ...VIDEO,
      stts: [[2, 10]],
      ctts: [
        [1, 0],
        [1, -5],
      ],
      cttsVersion: 0,
      edits: [],
    })
    expect(presentation(batch)).toEqual([0, 5])
  })
})

describe('edit lists', () => {
  it('delays by an empty edit', async () => {
    const { batch, demuxer } = await only({
      ...VIDEO,
      edits: [
        [500, -1],
        [1200, 10],
      ],
    })
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 50, end: 170 })
    expect(demuxer.index.keyframes.time).toEqual(Float64Array.of(50, 110))
    expect(batch.dts[0]).toBe(40)
  })

  it('keeps what has to be decoded before a start in the middle of a GOP, hidden right before it', async () => {
    const { batch, demuxer } = await only({ ...VIDEO, edits: [[400, 90]] })
    const track = demuxer.index.tracks[0] as VideoTrack
    // Sample 7, the keyframe, is presented at 70 of the media, 20 ticks before the start.
    expect(track).toMatchObject({ start: 0, end: 40, sampleCount: 6, reorderDelay: 21 })
    expect(batch.dts[0]).toBe(-21)
    expect(presentation(batch)[0]).toBe(-2)
    expect(demuxer.index.keyframes.time).toEqual(Float64Array.of(0))
  })

  it('keeps one frame of sound before the start', async () => {
    const { batch, demuxer } = await only({ ...AUDIO, edits: [[1000, 200]] })
    // 200 lies in the third frame (160…240): the second is kept.
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 0, end: 1000, priming: 120, sampleCount: 14 })
    expect(batch.dts[0]).toBe(-120)
  })

  it('cuts the end where the edit is shorter than the media', async () => {
    const { batch, demuxer } = await only({ ...AUDIO, edits: [[500, 80]] })
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 0, end: 500, sampleCount: 8 })
    expect(batch.dts[7]).toBe(480)
    const video = await only({ ...VIDEO, edits: [[600, 10]] })
    expect(video.demuxer.index.tracks[0]).toMatchObject({ start: 0, end: 60, sampleCount: 6 })
  })

  it('does not take the rounding of the movie timescale for a cut', async () => {
    const { demuxer } = await only({ ...AUDIO, timescale: 48000, edits: [[26, 0]] })
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 0, end: 1280, sampleCount: 16 })
  })
})
