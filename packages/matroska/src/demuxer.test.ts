import type { Piece, SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import {
  audioEntry,
  type Bytes,
  block,
  cluster,
  element,
  type FilmPlan,
  film,
  frame,
  simpleBlock,
  sourceOf,
  uint,
  videoEntry,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { openMatroska } from './index.js'

const AAC_MS = (n: number): number => Math.round((n * 1024) / 48)

/** Frames of sound n … m - 1 that lie in a cluster which begins at `base`. */
const sounds = (base: number, n: number, m: number): Bytes[] =>
  Array.from({ length: m - n }, (_, i) => simpleBlock(2, AAC_MS(n + i) - base, true, frame(10, n + i)))

/** Four groups of four frames (25 a second; I P B B in decode order), 160 ms each, with the sound that goes with them. */
function fourGroups(extra: Partial<FilmPlan> = {}): Bytes {
  const group = (base: number): Bytes[] => [
    simpleBlock(1, 0, true, frame(50, base)),
    simpleBlock(1, 120, false, frame(30, base + 1)),
    simpleBlock(1, 40, false, frame(20, base + 2)),
    simpleBlock(1, 80, false, frame(20, base + 3)),
  ]
  const split = [0, 8, 15, 23, 30]
  return film({
    tracks: [videoEntry(), audioEntry()],
    clusters: [0, 160, 320, 480].map((base, i) =>
      cluster(base, ...group(base), ...sounds(base, split[i]!, split[i + 1]!)),
    ),
    cues: [0, 160, 320, 480].map((time, i) => ({ time, cluster: i })),
    ...extra,
  })
}

const times = (batch: SampleBatch | undefined) =>
  batch && {
    dts: [...batch.dts],
    offset: [...batch.compositionOffset],
    duration: [...batch.duration],
    sync: [...batch.flags],
  }

const plain = (batches: readonly SampleBatch[]) =>
  batches.map(batch => ({ id: batch.trackId, ...times(batch), data: batch.data.map(data => [...data]) }))

describe('readSpan with pieces', () => {
  const bytes = fourGroups()
  const take = (offsetBytes: number, pieceBytes: number): Piece => {
    const base = Math.floor(offsetBytes / pieceBytes) * pieceBytes
    return { base, bytes: bytes.subarray(base, base + pieceBytes) }
  }

  it.each([1, 3, 10, 64, 300, 100_000])('gives the same samples from pieces of %d bytes', async pieceBytes => {
    const source = sourceOf(bytes)
    const demuxer = await openMatroska(source)
    const pieces = { pieceBytes, take: async (offsetBytes: number) => take(offsetBytes, pieceBytes) }
    for (let first = 0; first < 4; first++) {
      for (let end = first + 1; end <= 4; end++) {
        const reads = source.reads.length
        const batches = await demuxer.readSpan({ first, end }, [1, 2], { pieces })
        expect(source.reads.length).toBe(reads)
        expect(plain(batches)).toEqual(plain(await demuxer.readSpan({ first, end }, [1, 2])))
      }
    }
  })
})

describe('readSpan', () => {
  it('gives a group of pictures with decode times and the sound that starts in it', async () => {
    const demuxer = await openMatroska(sourceOf(fourGroups()))
    const [video, audio] = await demuxer.readSpan({ first: 1, end: 2 }, [1, 2])
    expect(video?.timescale).toBe(25000)
    expect(times(video)).toEqual({
      dts: [3000, 4000, 5000, 6000],
      offset: [1000, 3000, 0, 0],
      duration: [1000, 1000, 1000, 1000],
      sync: [1, 0, 0, 0],
    })
    // 160 ms = 7680 samples: frame 8 starts at 8192, frame 14 at 14336, frame 15 at 15360 = 320 ms.
    expect(times(audio)).toEqual({
      dts: [8192, 9216, 10240, 11264, 12288, 13312, 14336],
      offset: [0, 0, 0, 0, 0, 0, 0],
      duration: [1024, 1024, 1024, 1024, 1024, 1024, 1024],
      sync: [1, 1, 1, 1, 1, 1, 1],
    })
    expect(video?.data.map(data => data.length)).toEqual([50, 30, 20, 20])
    expect(audio?.data[0]).toEqual(frame(10, 8))
  })

  it('joins spans without a gap, in any order the same', async () => {
    const bytes = fourGroups()
    const spans = [0, 1, 2, 3].map(first => ({ first, end: first + 1 }))
    const inOrder = await openMatroska(sourceOf(bytes))
    const expected = []
    for (const span of spans) expected.push(plain(await inOrder.readSpan(span, [1, 2])))
    for (const track of [0, 1]) {
      for (let i = 0; i < 3; i++) {
        const { dts = [], duration = [] } = expected[i]![track]!
        expect(dts[0]! + duration.reduce((a, b) => a + b, 0)).toBe(expected[i + 1]![track]!.dts?.[0])
      }
    }
    for (const i of [2, 0, 3, 1, 1, 2]) {
      const alone = await openMatroska(sourceOf(bytes))
      expect(plain(await alone.readSpan(spans[i]!, [1, 2]))).toEqual(expected[i])
      expect(plain(await inOrder.readSpan(spans[i]!, [1, 2]))).toEqual(expected[i])
    }
    const whole = plain(await inOrder.readSpan({ first: 0, end: 4 }, [1, 2]))
    expect(whole[0]?.data).toEqual(expected.flatMap(batches => batches[0]!.data))
    expect(whole[1]?.dts).toEqual(expected.flatMap(batches => batches[1]!.dts))
  })

  it('finds sound that lies in the cluster before the span', async () => {
    // All the sound of the film lies in the first cluster's end but for the last frames.
    const bytes = film({
      tracks: [videoEntry(), audioEntry()],
      clusters: [
        cluster(0, simpleBlock(1, 0, true, frame(9, 1)), simpleBlock(1, 40, false, frame(9, 2)), ...sounds(0, 0, 6)),
        cluster(80, simpleBlock(1, 0, true, frame(9, 3)), simpleBlock(1, 40, false, frame(9, 4)), ...sounds(80, 6, 8)),
      ],
      cues: [
        { time: 0, cluster: 0 },
        { time: 80, cluster: 1 },
      ],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [first] = await demuxer.readSpan({ first: 0, end: 1 }, [2])
    const [second] = await demuxer.readSpan({ first: 1, end: 2 }, [2])
    // 80 ms = 3840 samples: frames 0…3 start before it, frames 4 and 5 after it but in the first cluster.
    expect([...(first?.dts ?? [])]).toEqual([0, 1024, 2048, 3072])
    expect([...(second?.dts ?? [])]).toEqual([4096, 5120, 6144, 7168])
  })

  it('keeps leading pictures of an open group in the span of their keyframe', async () => {
    // Decode order: I0 P3 B1 B2 | I6 B4 B5 P7; frames of 40 ms.
    const picture = (slot: number, base: number, isKey = false): Bytes =>
      simpleBlock(1, slot * 40 - base, isKey, frame(8, slot))
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [
        cluster(0, picture(0, 0, true), picture(3, 0), picture(1, 0), picture(2, 0)),
        cluster(240, picture(6, 240, true), picture(4, 240), picture(5, 240), picture(7, 240)),
      ],
      cues: [
        { time: 0, cluster: 0 },
        { time: 240, cluster: 1 },
      ],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [first] = await demuxer.readSpan({ first: 0, end: 1 }, [1])
    const [second] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    expect(times(first)).toMatchObject({ dts: [-1000, 0, 1000, 2000], duration: [1000, 1000, 1000, 1000] })
    expect(times(second)).toMatchObject({ dts: [3000, 4000, 5000, 6000], offset: [3000, 0, 0, 1000] })
  })

  it('reads BlockGroups, whose keyframes refer to no other block, and their durations', async () => {
    const group = (time: number, ...more: Bytes[]): Bytes =>
      element(Id.BlockGroup, element(Id.Block, block(1, time, 0, frame(5, time))), ...more)
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [
        cluster(
          0,
          group(0),
          group(40, uint(Id.ReferenceBlock, 40)),
          group(80),
          group(120, uint(Id.BlockDuration, 200)),
        ),
      ],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [video] = await demuxer.readSpan({ first: 0, end: 1 }, [1])
    expect(times(video)).toEqual({
      dts: [0, 1000, 2000, 3000],
      offset: [0, 0, 0, 0],
      duration: [1000, 1000, 1000, 5000],
      sync: [1, 0, 1, 1],
    })
  })

  it('snaps rounded times to 24000/1001 frames a second', async () => {
    const clusters = [0, 1].map(c =>
      cluster(
        c * 250,
        ...[0, 1, 2, 3, 4, 5].map(i => {
          const ms = Math.round(((c * 6 + i) * 1001) / 24)
          return simpleBlock(1, ms - c * 250, i === 0, frame(4, i))
        }),
      ),
    )
    const entry = videoEntry(uint(Id.DefaultDuration, 41_708_333))
    const bytes = film({ tracks: [entry], clusters, cues: [0, 250].map((time, i) => ({ time, cluster: i })) })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect(demuxer.index.tracks[0]).toMatchObject({ timescale: 24000, frameDuration: 1001, start: 0 })
    const [second] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    expect([...(second?.dts ?? [])]).toEqual([6006, 7007, 8008, 9009, 10010, 11011])
    expect([...demuxer.index.keyframes.time]).toEqual([0, 6006])
  })

  it('leaves what is off the grid where it is', async () => {
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [cluster(0, ...[0, 40, 95, 160].map((ms, i) => simpleBlock(1, ms, i === 0, frame(4, i))))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const [video] = await (await openMatroska(sourceOf(bytes))).readSpan({ first: 0, end: 1 }, [1])
    expect(times(video)).toMatchObject({ dts: [0, 1000, 2375, 4000], duration: [1000, 1375, 1625, 1000] })
  })

  it('reads by a stored index without reading anything to open', async () => {
    const bytes = fourGroups()
    const { index } = await openMatroska(sourceOf(bytes))
    const source = sourceOf(bytes)
    const demuxer = await openMatroska(source, { index: structuredClone(index) })
    expect(source.reads).toEqual([])
    const batches = await demuxer.readSpan({ first: 2, end: 3 }, [2, 1])
    expect(batches.map(batch => [batch.trackId, batch.count])).toEqual([
      [2, 8],
      [1, 4],
    ])
  })

  it('refuses spans and tracks that are not there', async () => {
    const demuxer = await openMatroska(sourceOf(fourGroups()))
    await expect(demuxer.readSpan({ first: 3, end: 5 }, [1])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [9])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(demuxer.readTrackStart(9)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('ends with ABORTED when it is told to', async () => {
    const demuxer = await openMatroska(sourceOf(fourGroups()))
    const signal = AbortSignal.abort()
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [1], { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('readGroupStarts', () => {
  const idr = Uint8Array.of(0, 0, 0, 2, 0x65, 0x88)
  const slice = Uint8Array.of(0, 0, 0, 2, 0x41, 0x88)

  it('tells by how much leading pictures come before their keyframe', async () => {
    const picture = (slot: number, base: number, data = slice): Bytes =>
      simpleBlock(1, slot * 40 - base, slot % 6 === 0, data)
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [
        cluster(0, picture(0, 0, idr), picture(3, 0), picture(1, 0), picture(2, 0)),
        cluster(240, picture(6, 240), picture(4, 240), picture(5, 240), picture(7, 240)),
      ],
      cues: [
        { time: 0, cluster: 0 },
        { time: 240, cluster: 1 },
      ],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect(await demuxer.readGroupStarts([1, 0])).toEqual([
      { isClosed: false, lead: 2000, keyframeBytes: 6 },
      { isClosed: true, lead: 0, keyframeBytes: 6 },
    ])
    await expect(demuxer.readGroupStarts([2])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('knows an IDR picture by its bytes, also in a BlockGroup', async () => {
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [cluster(0, element(Id.BlockGroup, element(Id.Block, block(1, 0, 0, idr))))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect(await demuxer.readGroupStarts([0])).toEqual([{ isClosed: true, lead: 0, keyframeBytes: 6 }])
  })
})
