import { createSampleBatch, type Demuxer, type MediaIndex, type Span } from '@cuemux/core'
import { planPresentation, resolveClient } from '@cuemux/planner'
import { describe, expect, it } from 'vitest'
import { trueExtent, withBounds } from './extents.js'

const common = {
  descriptions: [{ config: new Uint8Array(), codecString: undefined }] as const,
  containerCodec: '',
  language: 'und',
  title: undefined,
  isDefault: true,
  isForced: false,
  roles: [],
  bitrateBps: undefined,
  sampleCount: undefined,
  bitDepth: undefined,
}

/** A minute of picture with a keyframe every 6 s; of its sound the index knows the start, or nothing. */
function film(start: number | undefined, end: number | undefined): MediaIndex {
  const sound = { channels: 2, frameDuration: 1024, priming: 0, hasJoc: false, sampleRate: 48000 }
  const picture = {
    ...{
      width: 640,
      height: 360,
      pixelAspect: [1, 1] as const,
      rotation: 0 as const,
      frameDuration: 1000,
      frameRate: 24,
    },
    ...{ reorderDelay: 2000, colour: undefined, hdr: {}, interlaced: false },
  }
  return {
    container: 'matroska',
    foundBy: 'cues',
    sizeBytes: 1e7,
    durationMs: 60_000,
    title: undefined,
    tracks: [
      { ...common, ...picture, kind: 'video', codec: 'h264', id: 1, timescale: 24000, start: 0, end: 60 * 24000 },
      { ...common, ...sound, kind: 'audio', codec: 'aac', id: 2, timescale: 48000, start, end },
    ],
    keyframes: {
      trackId: 1,
      timescale: 24000,
      count: 10,
      time: Float64Array.from({ length: 10 }, (_, k) => k * 6 * 24000),
      offsetBytes: Float64Array.from({ length: 10 }, (_, k) => k * 1e6),
    },
    chapters: [],
    attachments: [],
    closedGops: true,
    isTruncated: false,
    format: undefined,
  }
}

/** The sound is there from `startS` to `endS`; counts the spans that are read. */
function stub(index: MediaIndex, startS: number, endS: number): { demuxer: Demuxer; reads: Span[] } {
  const reads: Span[] = []
  const demuxer: Partial<Demuxer> = {
    index,
    readTrackStart: async id => ({ ...index.tracks.find(track => track.id === id)!, start: startS * 48000 }),
    readSpan: async span => {
      reads.push(span)
      const [from, to] = [Math.max(startS, span.first * 6), Math.min(endS, span.end * 6)]
      if (from >= to) return []
      const batch = createSampleBatch(2, 48000, 1)
      batch.dts[0] = from * 48000
      batch.duration[0] = (to - from) * 48000
      return [batch]
    },
  }
  return { demuxer: demuxer as Demuxer, reads }
}

async function soundExtent(index: MediaIndex, startS: number, endS: number) {
  const { demuxer, reads } = stub(index, startS, endS)
  const plan = planPresentation(withBounds(index), { targetDurationMs: 6000, client: resolveClient() })
  const { firstSegment, durationsUs } = await trueExtent(demuxer, plan, plan.renditions[1]!)
  return { firstSegment, seconds: [...durationsUs].map(us => us / 1e6), reads: reads.length }
}

describe('trueExtent', () => {
  it('reads nothing where the index knows the start and the end', async () => {
    expect(await soundExtent(film(0, 58 * 48000), 0, 58)).toEqual({
      firstSegment: 0,
      seconds: [6, 6, 6, 6, 6, 6, 6, 6, 6, 4],
      reads: 0,
    })
  })

  it('finds the end in the last segment when the sound goes that far', async () => {
    expect(await soundExtent(film(0, undefined), 0, 59)).toMatchObject({
      seconds: [6, 6, 6, 6, 6, 6, 6, 6, 6, 5],
      reads: 1,
    })
  })

  it('lists no segment behind the end of a sound that ends early, wherever that is', async () => {
    for (let endS = 1; endS <= 54; endS++) {
      const { seconds, reads } = await soundExtent(film(0, undefined), 0, endS)
      expect(seconds.reduce((sum, s) => sum + s, 0)).toBeCloseTo(endS, 6)
      expect(seconds.length).toBe(Math.ceil(endS / 6))
      expect(reads).toBeLessThanOrEqual(6)
    }
  })

  it('begins with the segment in which a late sound begins', async () => {
    expect(await soundExtent(film(undefined, 60 * 48000), 14, 60)).toMatchObject({
      firstSegment: 2,
      seconds: [4, 6, 6, 6, 6, 6, 6, 6],
    })
  })
})
