import { describe, expect, it } from 'vitest'
import { AUDIO, only, open, VIDEO } from '../testing/films.js'
import { avc1, box, memorySource, sampleBytes, words, writeMovie } from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

describe('sample tables', () => {
  it.each([4, 8, 16] as const)('reads stz2 of %i bits', async stz2 => {
    const sizes = [1, 15, 3, 9, 7]
    const { batch } = await only({ ...AUDIO, sizes, stz2, stts: [[5, 80]], chunks: [[5, 1]], edits: [] })
    expect([...batch.size]).toEqual(sizes)
    expect([...batch.data[4]!]).toEqual([...sampleBytes(0, 4, 7)])
  })

  it('reads co64 and a constant size', async () => {
    const sizes = Array.from({ length: 16 }, () => 6)
    const { batch } = await only({ ...AUDIO, sizes, constantSize: true, co64: true, edits: [] })
    expect([...batch.size]).toEqual(sizes)
    expect([...batch.data[15]!]).toEqual([...sampleBytes(0, 15, 6)])
  })

  it('gives a batch for each run of one description', async () => {
    const entries = [avc1(), avc1(box('pasp', words(4, 3)))]
    const chunks: [number, number][] = [
      [3, 1],
      [3, 2],
      [3, 2],
      [3, 1],
    ]
    const demuxer = await open({ tracks: [{ ...VIDEO, entries, chunks }] })
    expect(demuxer.index.tracks[0]!.descriptions).toHaveLength(2)
    const batches = await demuxer.readSpan({ first: 0, end: 2 }, [1])
    expect(batches.map(batch => [batch.descriptionIndex, batch.count])).toEqual([
      [0, 3],
      [1, 6],
      [0, 3],
    ])
    expect([...batches[1]!.flags]).toEqual([0, 0, 0, 1, 0, 0])
  })

  it('tells which description each keyframe has', async () => {
    const entries = [avc1(), avc1(box('pasp', words(4, 3)))]
    const chunks: [number, number][] = [
      [6, 1],
      [6, 2],
    ]
    const demuxer = await open({ tracks: [{ ...VIDEO, entries, chunks }] })
    expect(demuxer.index.keyframes.description).toEqual(Uint16Array.of(0, 1))
    const [first, second] = await demuxer.readGroupStarts([0, 1])
    expect(first).toMatchObject({ isClosed: true, lead: 0 })
    expect(first).not.toHaveProperty('description')
    expect(second).toMatchObject({ isClosed: true, lead: 0, description: demuxer.index.tracks[0]!.descriptions[1] })
    expect((await open({ tracks: [VIDEO] })).index.keyframes.description).toBeUndefined()
  })

  it('leaves empty samples out and lets the one before last longer', async () => {
    const sizes = [5, 0, 6, 7, 0, 0]
    const { batch } = await only({ ...AUDIO, sizes, stts: [[6, 80]], chunks: [[6, 1]], edits: [] })
    expect([...batch.dts]).toEqual([0, 160, 240])
    expect([...batch.duration]).toEqual([160, 80, 240])
    expect([...batch.size]).toEqual([5, 6, 7])
  })

  it('believes no count of samples', async () => {
    const bytes = writeMovie({ tracks: [{ ...AUDIO, sizes: AUDIO.sizes.map(() => 6), constantSize: true, edits: [] }] })
    const at = Buffer.from(bytes).indexOf('stsz') + 12
    bytes.set([255, 255, 255, 255], at)
    const demuxer = await openMp4(memorySource(bytes))
    expect(demuxer.index.tracks[0]!.sampleCount).toBe(16)
  })

  it('says where gops are open', async () => {
    const ctts: [number, number][] = [
      [6, 20],
      [1, 40],
      [2, 0],
      [3, 20],
    ]
    const demuxer = await open({ tracks: [{ ...VIDEO, ctts, edits: [] }] })
    expect(demuxer.index.closedGops).toBe(false)
  })

  it('takes a cut every half second where all samples are sync samples', async () => {
    const demuxer = await open({ tracks: [{ ...AUDIO, edits: [] }] })
    expect(demuxer.index.keyframes).toMatchObject({ trackId: 1, count: 3, time: Float64Array.of(0, 560, 1040) })
  })
})
