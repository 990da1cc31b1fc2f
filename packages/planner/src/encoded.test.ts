import type { AudioTrack, MediaIndex, VideoTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { audio, film, video } from '../fixtures/films.js'
import { resolveClient } from './client.js'
import { planPresentation } from './presentation.js'

const picture = video({ codec: 'mpeg4', descriptions: [{ config: new Uint8Array(), codecString: 'mp4v.20' }] })
const madePicture = video({ bitrateBps: 800_000, reorderDelay: 2000 })
const sound = audio({ codec: 'ac3', start: 480, descriptions: [{ config: new Uint8Array(), codecString: 'ac-3' }] })
const madeSound = audio({ start: 480, priming: 1024, bitrateBps: 192_000 })

function plan(index: MediaIndex, outputs: readonly (VideoTrack | AudioTrack)[]) {
  return planPresentation(index, {
    targetDurationMs: 6000,
    client: resolveClient('browser'),
    outputs: new Map(outputs.map(track => [track.id, track])),
  })
}

describe('a presentation with encoded tracks', () => {
  it('shows them as the encoder makes them, on a timeline that has room for its priming', () => {
    const { renditions, variants, encoded, timeline } = plan(film({ tracks: [video(), sound] }), [madeSound])
    expect([...encoded]).toEqual([2])
    expect(renditions.map(({ name, tracks }) => [name, tracks[0]?.codec])).toEqual([
      ['video-1', 'h264'],
      ['audio-2', 'aac'],
    ])
    expect(variants[0]?.codecs).toEqual(['avc1.64001f', 'mp4a.40.2'])
    expect(timeline.presentationOffset).toEqual({ ticks: 2000, timescale: 24000 })
    // The source's sound is not in the bytes that are sent.
    expect(renditions[1]?.averageBps).toBeGreaterThan(192_000)
    expect(renditions[1]?.averageBps).toBeLessThan(210_000)
  })

  it('rates an encoded picture by what the encoder may spend, not by the bytes of the source', () => {
    const { variants } = plan(film({ tracks: [picture, audio()], sizeBytes: 300_000_000 }), [madePicture])
    const [{ peakBps, averageBps } = { peakBps: 0, averageBps: 0 }] = variants
    expect(averageBps).toBeGreaterThan(800_000 + 128_000)
    expect(averageBps).toBeLessThan(1_000_000)
    expect(peakBps / averageBps).toBeGreaterThan(1.2)
    expect(peakBps / averageBps).toBeLessThan(1.35)
  })

  it('leaves out what could be encoded, but is not', () => {
    expect(plan(film({ tracks: [video(), sound] }), []).renditions.map(({ name }) => name)).toEqual(['video-1'])
    expect(() => plan(film({ tracks: [picture, audio()] }), [])).toThrow("can't be played by this client")
  })

  it('copies nothing out of a container that only an encoder reads', () => {
    const index = film({ tracks: [video(), audio()], foundBy: 'probe', container: 'other' })
    const { decisions, encoded } = plan(index, [madePicture, madeSound])
    expect(decisions.map(({ action, target }) => [action, target])).toEqual([
      ['encode', 'h264'],
      ['encode', 'aac'],
    ])
    expect(encoded.size).toBe(2)
  })
})
