import { describe, expect, it } from 'vitest'
import {
  type Bytes,
  type CuePlan,
  cluster,
  element,
  film,
  simpleBlock,
  sourceOf,
  videoEntry,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { openMatroska } from './index.js'

// Baseline, made by x264.
const AVCC = Uint8Array.from(Buffer.from('0142c00affe100086742c00ad9079e8801000468ce3c80', 'hex'))
const picture = (time: number, isKey: boolean): Bytes => simpleBlock(1, time, isKey, new Uint8Array(500))
const TIMES = Array.from({ length: 40 }, (_, i) => i * 2000)
/** 80 s with a keyframe and a cluster every 2 s. */
const clusters = TIMES.map(time => cluster(time, picture(0, true), picture(40, false)))
const allCues: CuePlan[] = TIMES.map((time, i) => ({ time, cluster: i }))
const filmOf = (cues: readonly CuePlan[], beforeClusters: Bytes[] = []): Bytes =>
  film({ tracks: [videoEntry(element(Id.CodecPrivate, AVCC))], clusters, cues, beforeClusters })

describe('Cues that can be trusted', () => {
  it('are the index, and what lies between keyframes is not read', async () => {
    const source = sourceOf(filmOf(allCues))
    const { index } = await openMatroska(source)
    expect([index.foundBy, index.keyframes.count]).toEqual(['cues', 40])
  })

  it('cost no read on a far source', async () => {
    const FAR = 512 * 1024
    const source = sourceOf(filmOf(allCues, [element(Id.Void, new Uint8Array(100_000))]), FAR)
    const { index } = await openMatroska(source)
    expect(index.foundBy).toBe('cues')
    expect(source.reads.length).toBe(2)
  })
})

describe('Cues that are sparse', () => {
  it('are filled up with the keyframes between them', async () => {
    const { index } = await openMatroska(sourceOf(filmOf([allCues[0]!, allCues[30]!])))
    expect([index.foundBy, index.keyframes.count]).toEqual(['scan', 40])
  })

  it('stay as they are on a far source, where looking costs more than long segments', async () => {
    const { index } = await openMatroska(sourceOf(filmOf([allCues[0]!, allCues[30]!]), 512 * 1024))
    expect([index.foundBy, index.keyframes.count]).toEqual(['cues', 2])
  })
})

describe('Cues that are broken', () => {
  const shifted = (shiftMs: number): CuePlan[] => allCues.map(cue => ({ ...cue, time: cue.time + shiftMs }))

  it('give way to a scan where their times are not those of blocks', async () => {
    const { index } = await openMatroska(sourceOf(filmOf(shifted(700))))
    expect([index.foundBy, index.keyframes.count]).toEqual(['scan', 40])
    expect(index.keyframes.time[1]).toBe(50_000)
  })

  it('give way to a scan where they lead to clusters of other times', async () => {
    const { index } = await openMatroska(
      sourceOf(filmOf(allCues.map((cue, i) => ({ ...cue, cluster: (39 - (39 - i) / 2) | 0 })))),
    )
    expect([index.foundBy, index.keyframes.count]).toEqual(['scan', 40])
  })

  it('are made up for when a span is read whose own cue is wrong', async () => {
    const bytes = filmOf(allCues)
    const good = await openMatroska(sourceOf(bytes))
    const { keyframes } = good.index
    const offsetBytes = keyframes.offsetBytes.map((offset, i) => (i === 7 ? offset + 3 : offset))
    const misled = await openMatroska(sourceOf(bytes), {
      index: { ...good.index, keyframes: { ...keyframes, offsetBytes } },
    })
    const span = { first: 7, end: 9 }
    expect(await misled.readSpan(span, [1])).toEqual(await good.readSpan(span, [1]))
  })
})

it('measures a rate that the container leaves out', async () => {
  const entry = element(
    Id.TrackEntry,
    element(Id.TrackNumber, Uint8Array.of(1)),
    element(Id.TrackType, Uint8Array.of(1)),
    element(Id.CodecID, new TextEncoder().encode('V_VP8')),
  )
  const pictures = [0, 33, 67, 100, 133, 167, 200].map((time, i) => picture(time, i === 0))
  const { index } = await openMatroska(sourceOf(film({ tracks: [entry], clusters: [cluster(0, ...pictures)] })))
  expect(index.tracks[0]).toMatchObject({ frameDuration: undefined, frameRate: expect.closeTo(30, 0.3) })
})
