import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, filled, type SampleSpec } from '../test-support/batches.js'
import { hex } from '../test-support/box-tree.js'
import { joined, type ReadFragment, readSegment } from '../test-support/segment-reader.js'
import { keyframeRangeBytes, type TrackFragment, writeMediaSegment, writeVideoSegment } from './segment.js'

const SYNC = 0x02000000
const NON_SYNC = 0x01010000
const DATA = filled(3, 7)
const plain: SampleSpec = { duration: 1000, sync: true, data: DATA }

/** What the one fragment of these samples says. */
function fragmentOf(samples: readonly SampleSpec[], more: Parameters<typeof batchOf>[1] = {}): ReadFragment {
  const segment = writeMediaSegment(1, [{ batch: batchOf(samples, more), shift: 0 }])
  const [fragment] = readSegment(joined(segment.pieces)).fragments
  return fragment as ReadFragment
}

/** Flags of `tfhd` without default-base-is-moof, of `trun` without the data offset, and the `trun`'s version. */
const choicesOf = (samples: readonly SampleSpec[]): string => {
  const { tfhdFlags, trunFlags, trunVersion } = fragmentOf(samples)
  expect(tfhdFlags & 0x20000).toBe(0x20000)
  expect(trunFlags & 1).toBe(1)
  return `tfhd ${(tfhdFlags & ~0x20000).toString(16)} trun ${(trunFlags & ~1).toString(16)} v${trunVersion}`
}

describe('writeMediaSegment', () => {
  it('writes these bytes for two tracks', () => {
    const video = batchOf(
      [
        { duration: 1000, offset: 2000, sync: true, data: filled(2, 0xaa) },
        { duration: 1000, offset: 0, data: filled(1, 0xbb) },
      ],
      { dts: -2000 },
    )
    const audio = batchOf([{ duration: 1024, sync: true, data: filled(2, 0xcc) }], { dts: 2 ** 33, trackId: 2 })
    const segment = writeMediaSegment(9, [
      { batch: video, shift: 2000 },
      { batch: audio, trackId: 5, shift: 1 },
    ])
    const expected = [
      '000000c0 6d6f6f66', // moof
      '00000010 6d666864 00000000 00000009', // mfhd
      '0000005c 74726166', // traf
      '00000018 74666864 00020028 00000001 000003e8 01010000', // tfhd: default duration and flags
      '00000014 74666474 01000000 0000000000000000', // tfdt
      '00000028 7472756e 00000a05 00000002 000000c8 02000000', // trun: first flags, size, offset
      '00000002 000007d0 00000001 00000000',
      '0000004c 74726166',
      '0000001c 74666864 00020038 00000005 00000400 00000002 02000000', // default size too
      '00000014 74666474 01000000 0000000200000001',
      '00000014 7472756e 00000001 00000001 000000cb',
      '0000000d 6d646174 aaaabbcccc',
    ]
    expect(hex(joined(segment.pieces))).toBe(expected.join('').replaceAll(' ', ''))
    expect(segment.headerLength).toBe(0xc8)
    expect(segment.byteLength).toBe(0xcd)
  })

  it.each<[string, SampleSpec[], string]>([
    ['all alike', [plain, plain, plain], 'tfhd 38 trun 0 v0'],
    ['a sample alone', [plain], 'tfhd 38 trun 0 v0'],
    ['other durations', [plain, { ...plain, duration: 1001 }], 'tfhd 30 trun 100 v0'],
    ['other sizes', [plain, { ...plain, data: filled(4) }], 'tfhd 28 trun 200 v0'],
    [
      'only the first is a sync sample',
      [plain, { ...plain, sync: false }, { ...plain, sync: false }],
      'tfhd 38 trun 4 v0',
    ],
    ['only the first is none', [{ ...plain, sync: false }, plain, plain], 'tfhd 38 trun 4 v0'],
    ['sync samples in between', [plain, { ...plain, sync: false }, plain], 'tfhd 18 trun 400 v0'],
    ['composition offsets', [plain, { ...plain, offset: 5 }], 'tfhd 38 trun 800 v0'],
    ['one below zero', [plain, { ...plain, offset: -5 }], 'tfhd 38 trun 800 v1'],
    ['all of it', [plain, { duration: 1, offset: 2, data: DATA }, { ...plain, data: filled(1) }], 'tfhd 0 trun f00 v0'],
  ])('%s', (_what, samples, choices) => {
    expect(choicesOf(samples)).toBe(choices)
  })

  it('says which of several descriptions', () => {
    expect(fragmentOf([plain], { descriptionIndex: 2 })).toMatchObject({ descriptionIndex: 3, tfhdFlags: 0x2003a })
    expect(fragmentOf([plain])).toMatchObject({ descriptionIndex: 1, tfhdFlags: 0x20038 })
  })

  it('leaves out fragments without samples', () => {
    const empty = { batch: batchOf([]), shift: 0 }
    const some = { batch: batchOf([plain], { trackId: 4 }), shift: 0 }
    expect(writeMediaSegment(1, [empty, some])).toEqual(writeMediaSegment(1, [some]))
    expect(hex(joined(writeMediaSegment(1, [empty]).pieces))).toBe(
      '000000186d6f6f66000000106d666864000000000000000100000008 6d646174'.replace(' ', ''),
    )
  })

  it('copies small samples behind the header, and hands larger ones on as views', () => {
    const large = filled(512, 1)
    const views = writeMediaSegment(1, [{ batch: batchOf([plain, { ...plain, data: filled(1021, 1) }]), shift: 0 }])
    const copied = writeMediaSegment(1, [{ batch: batchOf([plain, { ...plain, data: filled(1020, 1) }]), shift: 0 }])
    const kept = writeMediaSegment(1, [{ batch: batchOf([{ ...plain, data: large }]), shift: 0 }])
    expect(views.pieces.map(piece => piece.byteLength)).toEqual([views.headerLength, 3, 1021])
    expect(copied.pieces.map(piece => piece.byteLength)).toEqual([copied.headerLength + 1023])
    expect(kept.pieces[1]).toBe(large)
  })

  it('has a 64-bit mdat for more than 4 GiB', () => {
    const data = new Uint8Array(2 ** 26) // the same bytes 64 times: 4 GiB without taking them
    const samples = Array.from({ length: 64 }, () => ({ ...plain, data }))
    const segment = writeMediaSegment(1, [{ batch: batchOf(samples), shift: 0 }])
    const head = segment.pieces[0] as Uint8Array
    expect(hex(head.subarray(-16))).toBe('000000016d6461740000000100000010')
    expect(segment.byteLength).toBe(segment.headerLength + 2 ** 32)
    // the data offset, last in trun, is the header with all 16 bytes
    expect(new DataView(head.buffer).getInt32(head.length - 20)).toBe(segment.headerLength)
  })
})

describe('what a media segment refuses', () => {
  const codeOf = (sequenceNumber: number, fragments: TrackFragment[]): string => {
    try {
      writeMediaSegment(sequenceNumber, fragments)
    } catch (error) {
      if (error instanceof CuemuxError) return error.code
      throw error
    }
    return 'no error'
  }
  const batch = batchOf([plain])
  const wrongSize = { ...batch, size: Uint32Array.of(4) }
  const huge = batchOf(Array.from({ length: 32 }, () => ({ ...plain, data: new Uint8Array(2 ** 26) })))

  it.each<[string, string, number, TrackFragment[]]>([
    ['a negative decode time', 'CORRUPT_MEDIA', 1, [{ batch, shift: -1 }]],
    ['half a tick', 'CORRUPT_MEDIA', 1, [{ batch, shift: 0.5 }]],
    ['no time', 'CORRUPT_MEDIA', 1, [{ batch, shift: Number.NaN }]],
    ['sizes that are not the data', 'CORRUPT_MEDIA', 1, [{ batch: wrongSize, shift: 0 }]],
    ['data that is missing', 'CORRUPT_MEDIA', 1, [{ batch: { ...batch, data: [] }, shift: 0 }]],
    ['a sequence number over 32 bits', 'BAD_REQUEST', 2 ** 32, [{ batch, shift: 0 }]],
    ['a broken track id', 'BAD_REQUEST', 1, [{ batch, trackId: -1, shift: 0 }]],
    [
      'a second fragment beyond 2 GiB',
      'LIMIT_EXCEEDED',
      1,
      [
        { batch: huge, shift: 0 },
        { batch, shift: 0 },
      ],
    ],
  ])('%s', (_what, code, sequenceNumber, fragments) => {
    expect(codeOf(sequenceNumber, fragments)).toBe(code)
  })
})

describe('any batches', () => {
  const few = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
  const sample = fc.record({
    duration: fc.oneof(few(0, 1000, 2 ** 32 - 1), fc.nat()),
    offset: fc.oneof(few(0, 2 ** 31 - 1), fc.integer({ min: -5, max: 5000 })),
    sync: fc.boolean(),
    data: fc.oneof(fc.uint8Array({ maxLength: 5 }), few(filled(1200, 3), filled(2000, 4))),
  })
  const fragment = fc.record({
    samples: fc.oneof(
      fc.array(sample, { maxLength: 12 }),
      fc.tuple(sample, fc.nat({ max: 12 })).map(([one, times]) => Array.from({ length: times }, () => one)),
    ),
    dts: fc.nat({ max: 2 ** 45 }),
    shift: fc.nat(),
    trackId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    descriptionIndex: few(0, 0, 1, 7),
  })

  it('come back with the same columns and bytes', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 4 }), fc.nat(), (specs, sequenceNumber) => {
        const fragments = specs.map(({ samples, shift, ...more }) => ({ batch: batchOf(samples, more), shift }))
        const segment = writeMediaSegment(sequenceNumber, fragments)
        const all = joined(segment.pieces)
        const read = readSegment(all)
        expect(read.top).toEqual(['moof', 'mdat'])
        expect(read.sequenceNumber).toBe(sequenceNumber)
        expect(all.byteLength).toBe(segment.byteLength)
        const payload = specs.flatMap(spec => spec.samples.map(({ data }) => data))
        expect(hex(all.subarray(segment.headerLength))).toBe(payload.map(hex).join(''))
        const expected = specs
          .filter(spec => spec.samples.length > 0)
          .map(({ samples, dts, shift, trackId, descriptionIndex }) => ({
            trackId,
            descriptionIndex: descriptionIndex + 1,
            decodeTime: dts + shift,
            samples: samples.map(({ duration, offset, sync, data }, i) => ({
              dts: samples.slice(0, i).reduce((at, before) => at + before.duration, dts + shift),
              duration,
              size: data.byteLength,
              flags: sync ? SYNC : NON_SYNC,
              offset,
              data: hex(data),
            })),
          }))
        const got = read.fragments.map(({ tfhdFlags: _a, trunFlags: _b, trunVersion: _c, samples, ...rest }) => ({
          ...rest,
          samples: samples.map(one => ({ ...one, data: hex(one.data) })),
        }))
        expect(got).toEqual(expected)
      }),
    )
  })
})

describe('writeVideoSegment', () => {
  const picture = (offset: number, sync = false): SampleSpec => ({ duration: 1000, offset, sync, data: filled(700, 1) })

  it.each([0, 2000])('gives the keyframe a fragment of its own, with a composition offset of %i', offset => {
    const batch = batchOf([picture(offset, true), picture(0), picture(1000)], { dts: 5000 })
    const { pieces, byteLength } = writeVideoSegment(7, [{ batch, shift: 0 }])
    const bytes = joined(pieces)
    expect(bytes.byteLength).toBe(byteLength)
    const alone = readSegment(bytes.subarray(0, keyframeRangeBytes(700)))
    expect(alone.fragments.map(({ samples }) => samples.length)).toEqual([1])
    const rest = readSegment(bytes.subarray(keyframeRangeBytes(700)))
    expect(rest.fragments.map(({ samples, decodeTime }) => [samples.length, decodeTime])).toEqual([[2, 6000]])
  })

  it('needs no second fragment for a keyframe alone', () => {
    const { pieces, byteLength } = writeVideoSegment(1, [{ batch: batchOf([picture(0, true)]), shift: 0 }])
    expect(joined(pieces).byteLength).toBe(byteLength)
    expect(byteLength).toBe(keyframeRangeBytes(700))
  })
})
