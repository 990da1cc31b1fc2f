import { describe, expect, it } from 'vitest'
import {
  audioEntry,
  type Bytes,
  cluster,
  film,
  frame,
  simpleBlock,
  sourceOf,
  videoEntry,
} from '../testing/ebml-writer.js'
import { openMatroska } from './index.js'

/** One cluster of three groups, each of 100 KB: the cues of the later ones lead into its middle. */
function longCluster(relative: boolean): Bytes {
  const group = (base: number): Bytes[] => [
    simpleBlock(1, base, true, frame(90_000, base)),
    simpleBlock(2, base, true, frame(10, base)),
    simpleBlock(1, base + 40, false, frame(10_000, base + 1)),
    simpleBlock(2, base + 21, true, frame(10, base + 1)),
    simpleBlock(2, base + 43, true, frame(10, base + 2)),
    simpleBlock(2, base + 64, true, frame(10, base + 3)),
  ]
  const groups = [0, 80, 160].map(group)
  const bytesBefore = [0, 1, 2].map(n =>
    groups
      .slice(0, n)
      .flat()
      .reduce((sum, part) => sum + part.length, 17),
  )
  return film({
    tracks: [videoEntry(), audioEntry()],
    clusters: [cluster(0, ...groups.flat())],
    cues: [0, 80, 160].map((time, i) => ({ time, cluster: 0, ...(relative ? { relative: bytesBefore[i]! } : {}) })),
  })
}

const summary = async (bytes: Bytes, first: number) => {
  const source = sourceOf(bytes)
  const { index } = await openMatroska(source)
  const demuxer = await openMatroska(source, { index })
  await demuxer.readTrackStart(2)
  source.reads.length = 0
  const batches = await demuxer.readSpan({ first, end: first + 1 }, [1, 2])
  const samples = batches.map(({ trackId, dts, size }) => ({ trackId, dts: [...dts], size: [...size] }))
  return { samples, bytesRead: source.reads.reduce((sum, [, length]) => sum + length, 0) }
}

describe('cues into the middle of a cluster', () => {
  it('gives the same samples with and without CueRelativePosition', async () => {
    for (const first of [0, 1, 2]) {
      const { samples } = await summary(longCluster(true), first)
      expect(samples).toEqual((await summary(longCluster(false), first)).samples)
      expect(samples.map(({ trackId, size }) => [trackId, size])).toEqual([
        [1, [90_000, 10_000]],
        [2, [10, 10, 10, 10]],
      ])
    }
  })

  it('reads no more than the span where CueRelativePosition tells where it begins', async () => {
    const { bytesRead } = await summary(longCluster(true), 2)
    expect(bytesRead).toBeLessThan(140_000)
    expect((await summary(longCluster(false), 2)).bytesRead).toBeGreaterThan(300_000)
  })
})
