import { describe, expect, it } from 'vitest'
import { audio, film, video } from '../fixtures/films.js'
import { planTimeline } from './timeline.js'

describe('planTimeline', () => {
  it('puts the earliest start at S, the largest of reorder delay and priming', () => {
    // picture at 0.021 s with D = 2 frames; sound at 0 with 1024 samples of priming
    const tracks = [video({ start: 504 }), audio({ start: 0, priming: 1024 })] as const
    const timeline = planTimeline(film({ tracks, times: [504] }))
    expect(timeline.zero).toEqual({ ticks: 0, timescale: 48000 })
    expect(timeline.presentationOffset).toEqual({ ticks: 2000, timescale: 24000 })
    expect(tracks.map(track => timeline.shiftFor(track))).toEqual([2000, 4000])
  })

  it('takes the sound for S where its priming is longer', () => {
    const tracks = [video({ reorderDelay: 0 }), audio({ timescale: 44100, priming: 2112 })] as const
    const timeline = planTimeline(film({ tracks }))
    expect(timeline.presentationOffset).toEqual({ ticks: 2112, timescale: 44100 })
    // 2112 × 24000 / 44100 = 1149.39
    expect(tracks.map(track => timeline.shiftFor(track))).toEqual([1149, 2112])
  })

  it('moves a film that begins at 10 s to S', () => {
    const tracks = [video({ start: 240_504 }), audio({ start: 480_000 })] as const
    const timeline = planTimeline(film({ tracks, times: [240_504] }))
    expect(timeline.zero).toEqual({ ticks: 480_000, timescale: 48000 })
    expect(tracks.map(track => timeline.shiftFor(track))).toEqual([2000 - 240_000, 4000 - 480_000])
  })

  it('begins at zero when a start is unknown and the known one lies below a second', () => {
    const tracks = [video({ start: 504 }), audio({ start: undefined })]
    const timeline = planTimeline(film({ tracks, times: [504] }))
    expect(timeline.zero).toEqual({ ticks: 0, timescale: 24000 })
    expect(timeline.shiftFor({ timescale: 48000 })).toBe(4000)
  })

  it('begins a second before the known start where that is later', () => {
    const tracks = [video({ start: 240_504 }), audio({ start: undefined })]
    const timeline = planTimeline(film({ tracks, times: [240_504] }))
    expect(timeline.zero).toEqual({ ticks: 216_504, timescale: 24000 })
    expect(timeline.shiftFor({ timescale: 24000 })).toBe(2000 - 216_504)
  })

  it('makes room for the frames before an edit that starts within a group of pictures', () => {
    // shown from frame 10 on, decoded from frame 0, whose decode time lies at −2000
    const tracks = [video({ start: 10_000 }), audio({ start: 20_000 })] as const
    const timeline = planTimeline(film({ tracks, times: [0] }))
    expect(timeline.zero).toEqual({ ticks: 10_000, timescale: 24000 })
    expect(timeline.presentationOffset).toEqual({ ticks: 12_000, timescale: 24000 })
    expect(timeline.shiftFor(tracks[0])).toBe(2000)
  })

  it('is exact for timescales whose product passes 2^53', () => {
    const tracks = [video({ timescale: 1_000_000_000, start: 7_200_000_000_001, reorderDelay: 41_666_667 })] as const
    const timeline = planTimeline(film({ tracks, times: [7_200_000_000_001] }))
    expect(timeline.shiftFor(tracks[0])).toBe(41_666_667 - 7_200_000_000_001)
    expect(timeline.shiftFor({ timescale: 44100 })).toBe(-317_518_163)
  })

  it('stands for a film of which nothing is known', () => {
    const timeline = planTimeline(film({ tracks: [], times: [] }))
    expect(timeline.zero).toEqual({ ticks: 0, timescale: 1000 })
    expect(timeline.shiftFor({ timescale: 48000 })).toBe(0)
  })
})
