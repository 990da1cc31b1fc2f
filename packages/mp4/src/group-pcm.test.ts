import { describe, expect, it } from 'vitest'
import { open, VIDEO } from '../testing/films.js'
import { sampleBytes, soundEntry, type TrackSpec } from '../testing/movie-writer.js'
import { groupPcm } from './group-pcm.js'
import type { SampleTables } from './tables.js'

/** PCM at 1000 frames a second, of which 20 are a block: chunks of 50, 12 and 25 frames of four bytes. */
const FRAMES = [50, 12, 25]
const PCM: TrackSpec = {
  kind: 'audio',
  timescale: 1000,
  stts: [[87, 1]],
  sizes: Array.from({ length: 87 }, () => 4),
  constantSize: true,
  chunks: FRAMES.map(count => [count, 1]),
  entries: [soundEntry('sowt')],
}

describe('PCM with a sample for each frame', () => {
  it('is read in blocks of about 20 ms, which end where chunks do', async () => {
    const demuxer = await open({ tracks: [VIDEO, PCM] })
    expect(demuxer.index.tracks[1]).toMatchObject({ codec: 'pcm', sampleCount: 5, start: 0, end: 87 })
    const [batch] = await demuxer.readSpan({ first: 0, end: 2 }, [2])
    expect([...batch!.dts]).toEqual([0, 16, 33, 50, 62])
    expect([...batch!.duration]).toEqual([16, 17, 17, 12, 25])
    expect([...batch!.size]).toEqual([64, 68, 68, 48, 100])
    const frames = (first: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => [...sampleBytes(1, first + i, 4)]).flat()
    expect([...batch!.data[1]!]).toEqual(frames(16, 17))
    expect([...batch!.data[3]!]).toEqual(frames(50, 12))
  })

  it('knows the size that old QuickTime files do not write', () => {
    const words = (...values: number[]): Uint8Array => Uint8Array.from(values.flatMap(v => [0, 0, v >> 8, v & 255]))
    const tables: SampleTables = {
      stts: words(40, 1),
      ctts: new Uint8Array(0),
      stsc: words(1, 40, 1),
      stsz: new Uint8Array(0),
      sizeBits: 32,
      constantSize: 1,
      sizeCount: 40,
      chunks: words(100),
      chunkBits: 32,
      stss: undefined,
    }
    expect(groupPcm(tables, 4, 1000)).toMatchObject({ constantSize: 80, sizeCount: 2, stts: words(2, 20) })
    // What is a block already, or has sizes of its own, stays as it is.
    expect(groupPcm(tables, 4, 100)).toBe(tables)
    const listed = { ...tables, constantSize: 0, stsz: words(...new Array<number>(40).fill(4)) }
    expect(groupPcm(listed, 4, 1000)).toBe(listed)
  })
})
