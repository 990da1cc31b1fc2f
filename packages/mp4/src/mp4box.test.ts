import fc from 'fast-check'
import { createFile, MP4BoxBuffer } from 'mp4box'
import { expect, it } from 'vitest'
import { memorySource, type TrackSpec, writeMovie } from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

/** A list of small numbers with that sum, or runs of it. */
const split = (sum: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 7 }), { minLength: sum, maxLength: sum }).map(parts => {
    const list: number[] = []
    let rest = sum
    for (const part of parts) {
      if (rest === 0) break
      list.push(Math.min(part, rest))
      rest -= Math.min(part, rest)
    }
    return list
  })

const runs = (sum: number, value: fc.Arbitrary<number>): fc.Arbitrary<[number, number][]> =>
  split(sum).chain(counts =>
    fc
      .array(value, { minLength: counts.length, maxLength: counts.length })
      .map(values => counts.map((count, i): [number, number] => [count, values[i]!])),
  )

const track: fc.Arbitrary<TrackSpec> = fc.integer({ min: 1, max: 200 }).chain(count =>
  fc.record({
    kind: fc.constant('video' as const),
    timescale: fc.constantFrom(1000, 24000, 90000),
    stts: runs(count, fc.integer({ min: 1, max: 3000 })),
    ctts: runs(count, fc.integer({ min: -3000, max: 3000 })),
    cttsVersion: fc.constant(1 as const),
    sizes: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: count, maxLength: count }),
    stz2: fc.constantFrom(8, 16),
    chunks: split(count).map(counts => counts.map((samples): [number, number] => [samples, 1])),
    stss: fc
      .uniqueArray(fc.integer({ min: 2, max: count + 1 }), { maxLength: 20 })
      .map(list => [1, ...list.filter(sample => sample <= count).sort((a, b) => a - b)]),
    co64: fc.boolean(),
  }),
)

/** The film's samples as mp4box lists them. */
function samplesByMp4Box(
  bytes: Uint8Array,
): { dts: number; cts: number; size: number; isSync: boolean; offset: number }[] {
  const file = createFile()
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.slice().buffer as ArrayBuffer, 0), true)
  return file
    .getTrackSamplesInfo(1)
    .map(({ dts, cts, size, is_sync, offset }) => ({ dts, cts, size, isSync: is_sync, offset }))
}

it('lists the samples that mp4box does', async () => {
  await fc.assert(
    fc.asyncProperty(track, async spec => {
      const { stz2, ...plain } = spec
      const reference = samplesByMp4Box(writeMovie({ tracks: [plain] }))
      // The same sizes in both boxes must give the same samples.
      for (const variant of [plain, { ...plain, stz2: stz2! }]) {
        const bytes = writeMovie({ tracks: [variant] })
        const demuxer = await openMp4(memorySource(bytes))
        const span = { first: 0, end: demuxer.index.keyframes.count }
        const [batch] = await demuxer.readSpan(span, [1])
        const shift = Math.max(0, ...spec.ctts!.map(([, offset]) => -offset))
        expect(batch!.count).toBe(reference.length)
        expect([...batch!.dts].map(dts => dts + shift)).toEqual(reference.map(sample => sample.dts))
        const presented = [...batch!.dts].map((dts, i) => dts + batch!.compositionOffset[i]!)
        expect(presented).toEqual(reference.map(sample => sample.cts))
        expect([...batch!.size]).toEqual(reference.map(sample => sample.size))
        expect([...batch!.flags]).toEqual(reference.map(sample => (sample.isSync ? 1 : 0)))
        if (variant === plain) {
          reference.forEach((sample, i) => {
            expect([...batch!.data[i]!]).toEqual([...bytes.subarray(sample.offset, sample.offset + sample.size)])
          })
        }
      }
    }),
    { numRuns: 60 },
  )
})
