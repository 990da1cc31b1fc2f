import type { MediaIndex, SpanSizes } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { audio, film, text, video } from '../fixtures/films.js'
import { resolveClient } from './client.js'
import { type PresentationOptions, planPresentation } from './presentation.js'

const plan = (index: MediaIndex, options: Partial<PresentationOptions> = {}) =>
  planPresentation(index, { targetDurationMs: 6000, client: resolveClient(), ...options })
const durations = (index: MediaIndex, name: string) => {
  const rendition = plan(index).renditions.find(one => one.name === name)
  return rendition && { first: rendition.firstSegment, us: [...rendition.durationsUs] }
}
const seconds = (...list: number[]) => list.map(s => Math.round(s * 1e6))

describe('renditions', () => {
  it('has one for the picture and one for each sound', () => {
    const { renditions, targetDuration, segments } = plan(
      film({ tracks: [video(), audio(), audio({ id: 5 }), text()] }),
    )
    expect(renditions.map(({ name, kind }) => [name, kind])).toEqual([
      ['video-1', 'video'],
      ['audio-2', 'audio'],
      ['audio-5', 'audio'],
    ])
    expect(targetDuration).toBe(6)
    expect(segments.cuts.length).toBe(10)
    for (const { durationsUs } of renditions) expect([...durationsUs]).toEqual(new Array(10).fill(6_000_000))
  })

  it('shows 24000/1001 in microseconds whose sums do not drift', () => {
    const times = Array.from({ length: 3001 }, (_, k) => k * 48 * 1001)
    const tracks = [video({ frameDuration: 1001, end: 3001 * 48 * 1001 })]
    const { us } = durations(film({ tracks, times, durationMs: undefined }), 'video-1') ?? { us: [] }
    expect(us.slice(0, 3)).toEqual([6_006_000, 6_006_000, 6_006_000])
    const thirty = film({
      tracks: [video({ timescale: 30000, end: 900 * 60 * 1001 })],
      times: Array.from({ length: 900 }, (_, k) => k * 50 * 1001),
    })
    const list = durations(thirty, 'video-1')?.us ?? []
    // 200 frames of 1001/30000 s are 6.673333… s
    expect(list.slice(0, 4)).toEqual([6_673_333, 6_673_334, 6_673_333, 6_673_333])
    expect(list.slice(0, 225).reduce((a, b) => a + b, 0)).toBe(1_801_800_000)
  })

  it('begins the segments of an open group with its leading pictures, and leaves the sound where it is', () => {
    const times = [0, 6, 12, 18].map(s => s * 24000)
    const index = film({ tracks: [video({ end: 24 * 24000 }), audio({ end: 24 * 48000 })], times })
    const [picture, sound] = plan(index, { leads: Float64Array.of(0, 3000, 3000, 1000) }).renditions
    expect([...(picture?.durationsUs ?? [])]).toEqual(seconds(5.875, 6, 6 + 2 / 24, 6 + 1 / 24))
    expect([...(sound?.durationsUs ?? [])]).toEqual(seconds(6, 6, 6, 6))
  })

  it('begins and ends the sound where it begins and ends', () => {
    const times = [0, 6, 12, 18, 24].map(s => s * 24000)
    const picture = video({ end: 30 * 24000 })
    const at = (changes: Parameters<typeof audio>[0]) =>
      durations(film({ tracks: [picture, audio(changes)], times }), 'audio-2')
    expect(at({ start: 35_520, end: 30 * 48000 })).toEqual({ first: 0, us: seconds(5.26, 6, 6, 6, 6) })
    // priming is media too
    expect(at({ start: 0, priming: 960, end: 30 * 48000 })).toEqual({ first: 0, us: seconds(6.02, 6, 6, 6, 6) })
    // late by two segments
    expect(at({ start: 13 * 48000, end: 30 * 48000 })).toEqual({ first: 2, us: seconds(5, 6, 6) })
    // over early; and so near to a boundary that no frame starts behind it
    expect(at({ end: 13 * 48000 })).toEqual({ first: 0, us: seconds(6, 6, 1) })
    expect(at({ end: 12 * 48000 + 480 })).toEqual({ first: 0, us: seconds(6, 6.01) })
    // longer than the picture
    expect(at({ end: 31 * 48000 })).toEqual({ first: 0, us: seconds(6, 6, 6, 6, 7) })
    // nothing known
    expect(at({ start: undefined, end: undefined })).toEqual({ first: 0, us: seconds(6, 6, 6, 6, 6) })
  })

  it('ends the picture at its own end, else the film’s, else a keyframe distance on', () => {
    const times = [0, 6, 12].map(s => s * 24000)
    const last = (end: number | undefined, changes: Partial<MediaIndex>) =>
      durations(film({ tracks: [video({ end })], times, ...changes }), 'video-1')?.us.at(-1)
    expect(last(13 * 24000, { durationMs: 14_000 })).toBe(1_000_000)
    expect(last(undefined, { durationMs: 14_000 })).toBe(2_000_000)
    expect(last(undefined, { durationMs: undefined })).toBe(6_000_000)
    expect(last(5 * 24000, { durationMs: 1 })).toBe(6_000_000)
    expect(last(60 * 24000, { durationMs: 60_000, isTruncated: true })).toBe(6_000_000)
  })

  it('has the same target duration everywhere: the rounded longest', () => {
    const times = [0, 6.4, 12.8].map(s => Math.round(s * 24000))
    const at = (end: number) =>
      plan(film({ tracks: [video({ end: 18 * 24000 }), audio({ end: Math.round(end * 48000) })], times }))
        .targetDuration
    expect(at(18)).toBe(6)
    expect(at(19.4)).toBe(7)
  })

  it('can put picture and the wanted sound together', () => {
    const tracks = [video(), audio({ isDefault: false }), audio({ id: 3 }), audio({ id: 4, language: 'fr-CA' })]
    const name = (...audioLanguages: string[]) =>
      plan(film({ tracks }), { isMuxed: true, audioLanguages }).renditions.map(one => one.name)
    expect(name()).toEqual(['av-1-3'])
    expect(name('fr')).toEqual(['av-1-4'])
    expect(name('de')).toEqual(['av-1-3'])
    expect(name('de', 'fr')).toEqual(['av-1-4'])
  })

  it('lists what is not copied, and fails where that is the picture or all', () => {
    const tracks = [video(), video({ id: 7 }), audio({ codec: 'ac3' }), text()]
    expect(plan(film({ tracks })).decisions.map(({ track, action, reason }) => [track.id, action, reason])).toEqual([
      [1, 'copy', 'H.264 8-bit plays in every browser'],
      [7, 'drop', 'Only the first video track of a film is shown'],
      [2, 'encode', 'AC-3 does not play in this browser: it needs encoding to AAC'],
      [3, 'encode', 'SRT subtitles need conversion to WebVTT'],
    ])
    expect(() => plan(film({ tracks: [video({ bitDepth: 10 }), audio()] }))).toThrow(
      "The film can't be played by this client without encoding: H.264 10-bit does not play in this browser",
    )
    expect(() => plan(film({ tracks: [], times: [0] }))).toThrow('it has no tracks')
  })
})

describe('bit rates', () => {
  const sizes = (bytes: number[], samples: number): SpanSizes => ({
    bytes: Float64Array.from(bytes),
    samples: new Uint32Array(bytes.length).fill(samples),
    starts: new Float64Array(bytes.length),
  })
  const overhead = () => ({ segmentBytes: 100, sampleBytes: 10 })
  const times = [0, 6, 12].map(s => s * 24000)
  const tracks = [video({ end: 18 * 24000 }), audio({ end: 18 * 48000 })]

  it('are exact where the index has sizes', () => {
    const table = new Map([
      [1, sizes([600_000, 900_000, 300_000], 144)],
      [2, sizes([60_000, 60_000, 66_000], 281)],
    ])
    const { variants, renditions } = plan(film({ tracks, times }), { overhead, spanSizes: id => table.get(id) })
    // (900000 + 1440 + 100) × 8 / 6; (1800000 + 3 × 1540) × 8 / 18
    expect(renditions.map(one => [one.peakBps, one.averageBps])).toEqual([
      [1_202_054, 802_054],
      [91_880, 86_547],
    ])
    expect(variants.map(one => [one.main.name, one.audioGroup, one.peakBps, one.averageBps, one.codecs])).toEqual([
      ['video-1', 'audio-aac', 1_293_934, 888_601, ['avc1.64001f', 'mp4a.40.2']],
    ])
  })

  it('come from byte offsets where it has none', () => {
    const index = film({ tracks, times, offsets: [10_000, 610_000, 1_510_000], sizeBytes: 1_810_060 })
    const [variant] = plan(index, { overhead: () => ({ segmentBytes: 0, sampleBytes: 0 }) }).variants
    // the second span: 900000 × 8 / 6 and the margin of 5 %; all: 1800060 × 8 / 18
    expect([variant?.peakBps, variant?.averageBps]).toEqual([1_260_000, 800_027])
  })

  it('leave out what is not in the variant, as far as that is sure', () => {
    const other = audio({ id: 3, codec: 'ac3', bitrateBps: 200_000, end: 18 * 48000 })
    const index = film({
      tracks: [...tracks, other],
      times,
      offsets: [10_000, 610_000, 1_510_000],
      sizeBytes: 1_810_060,
    })
    const [variant] = plan(index, { overhead: () => ({ segmentBytes: 0, sampleBytes: 0 }) }).variants
    // 1.05 × (1200000 − 0.9 × 200000); 800026.7 − 200000
    expect([variant?.peakBps, variant?.averageBps]).toEqual([1_071_000, 600_027])
  })

  it('keep what is not in the variant and lasts a part of the film only', () => {
    const part = audio({ id: 3, codec: 'ac3', bitrateBps: 200_000, start: 12 * 48000, end: 18 * 48000 })
    const index = film({
      tracks: [...tracks, part],
      times,
      offsets: [10_000, 610_000, 1_510_000],
      sizeBytes: 1_810_060,
    })
    const [variant] = plan(index, { overhead: () => ({ segmentBytes: 0, sampleBytes: 0 }) }).variants
    // 1.05 × 1200000; 800026.7 − 200000 / 3
    expect([variant?.peakBps, variant?.averageBps]).toEqual([1_260_000, 733_360])
  })

  it('give one variant for each codec of the sound, the default’s first', () => {
    const many = [
      video(),
      audio({
        id: 2,
        codec: 'opus',
        isDefault: false,
        descriptions: [{ config: new Uint8Array(), codecString: 'opus' }],
      }),
      audio({ id: 3, isDefault: false }),
      audio({ id: 4 }),
    ]
    const { variants } = plan(film({ tracks: many }))
    expect(variants.map(one => [one.audioGroup, one.audio.map(({ name }) => name), one.codecs])).toEqual([
      ['audio-aac', ['audio-4', 'audio-3'], ['avc1.64001f', 'mp4a.40.2']],
      ['audio-opus', ['audio-2'], ['avc1.64001f', 'opus']],
    ])
  })

  it('are those of the sound in a film without picture', () => {
    const index = film({
      tracks: [audio({ end: 18 * 48000 })],
      times: [0, 6, 12].map(s => s * 48000),
      sizeBytes: 305_000,
    })
    const { variants, renditions } = plan(index, { overhead: () => ({ segmentBytes: 0, sampleBytes: 0 }) })
    expect(renditions.map(one => one.name)).toEqual(['audio-2'])
    // 100000 × 8 / 6 with the margin
    expect(variants.map(one => [one.main.name, one.audioGroup, one.audio.length, one.peakBps])).toEqual([
      ['audio-2', undefined, 0, 140_001],
    ])
  })
})
