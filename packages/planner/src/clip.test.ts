import { describe, expect, it } from 'vitest'
import { audio, film, video } from '../fixtures/films.js'
import { resolveClient } from './client.js'
import { planClip } from './clip.js'
import { planPresentation } from './presentation.js'

const plan = (startMs?: number, endMs?: number) => {
  const index = film({ tracks: [video(), audio()] })
  const clip = planClip(index, startMs, endMs)
  return planPresentation(index, { targetDurationMs: 6000, client: resolveClient(), clip })
}
const seconds = (durationsUs: Float64Array | undefined) => Array.from(durationsUs ?? [], us => us / 1e6)

describe('planClip', () => {
  it('goes from the keyframe before its start to the one after its end', () => {
    expect(planClip(film(), 7300, 20_500)).toEqual({
      first: 3,
      end: 11,
      fromUs: 7_300_000,
      toUs: 20_500_000,
      startOffsetMs: 1300,
    })
  })

  it('takes a keyframe that is asked for by its rounded time', () => {
    const index = film({ tracks: [video()], times: [0, 48048, 96096, 144144] }) // every 2.002 s
    expect(planClip(index, 2002, 4004)).toMatchObject({ first: 1, end: 2, startOffsetMs: 0 })
  })

  it('is nothing for the whole film, and refuses what has no length', () => {
    expect(planClip(film())).toBeUndefined()
    expect(planClip(film(), 0)).toBeUndefined()
    expect(() => planClip(film(), 5000, 5000)).toThrow("The clip's end at 5000 ms is not after its start at 5000 ms.")
    expect(() => planClip(film(), 60_000)).toThrow("beyond the film's end")
  })
})

describe('the presentation of a clip', () => {
  it('starts its picture at the keyframe, its sound at the start, and ends both at the end', () => {
    const { renditions, segments, timeline } = plan(7300, 20_500)
    expect([...segments.cuts]).toEqual([3, 6, 9])
    const [picture, sound] = renditions
    expect(seconds(picture?.durationsUs)).toEqual([6, 6, 2.5])
    // Frames of 1024 at 48 kHz: the one that has 7.3 s begins 4 ms before, the last one ends 1.3 ms behind 20.5 s.
    expect(seconds(sound?.durationsUs)).toEqual([4.704, 6, 2.501333])
    expect(timeline.zero).toEqual({ ticks: 6 * 24000, timescale: 24000 })
    expect(timeline.presentationOffset).toEqual({ ticks: 2000, timescale: 24000 })
  })

  it("goes on to the film's end where none is given", () => {
    const { renditions } = plan(54_000)
    expect(seconds(renditions[0]?.durationsUs)).toEqual([6])
    expect(seconds(renditions[1]?.durationsUs)).toEqual([6.005333])
  })

  it('has no segments of sound that ends before it', () => {
    const { renditions } = plan(6000, 12_000)
    expect(renditions.map(({ firstSegment, durationsUs }) => [firstSegment, seconds(durationsUs)])).toEqual([
      [0, [6]],
      [0, [6.016]],
    ])
  })

  it('has the priming of encoded sound before it', () => {
    const index = film({ tracks: [video(), audio({ codec: 'ac3' })] })
    const clip = planClip(index, 7300)
    const outputs = new Map([[2, audio({ start: 7.3 * 48000, priming: 1024 })]])
    const { renditions } = planPresentation(index, { targetDurationMs: 6000, client: resolveClient(), clip, outputs })
    expect(seconds(renditions[1]?.durationsUs).slice(0, 2)).toEqual([4.721333, 6])
    expect(renditions[1]?.startUs).toBe(7_278_667)
  })

  it('of sound alone starts with it, not with the place before it at which the film can be cut', () => {
    const index = film({ tracks: [audio({ id: 1, frameDuration: undefined })] })
    const { renditions } = planPresentation(index, {
      targetDurationMs: 6000,
      client: resolveClient(),
      clip: planClip(index, 7300, 9000),
    })
    expect(renditions.map(({ startUs, durationsUs }) => [startUs, seconds(durationsUs)])).toEqual([[7_300_000, [1.7]]])
  })
})
