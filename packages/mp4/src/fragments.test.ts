import type { Demuxer, SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AUDIO, open, VIDEO } from '../testing/films.js'
import { type FragmentedSpec, type FragmentStyle, type TrafSpec, writeFragmented } from '../testing/fragment-writer.js'
import { avc1, box, fullBox, memorySource, type TrackSpec, words } from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

const traf = (track: number, first: number, end: number): TrafSpec => ({ track, first, end })

/** Two groups of pictures; the sound of the second begins before and after its cut. */
const TOGETHER = [
  [traf(1, 0, 6), traf(2, 0, 8)],
  [traf(1, 6, 12), traf(2, 8, 16)],
]
const APART = TOGETHER.flatMap(trafs => trafs.map(one => [one]))
const SOUND_FIRST = TOGETHER.flatMap(trafs => trafs.map(one => [one]).reverse())
const SOUND_AHEAD = [[traf(2, 0, 14)], [traf(1, 0, 6)], [traf(1, 6, 12)], [traf(2, 14, 16)]]
const SOUND_BEHIND = [[traf(1, 0, 6), traf(2, 0, 2)], [traf(1, 6, 12)], [traf(2, 2, 16)]]
const PIECES = [
  [traf(1, 0, 2), traf(2, 0, 3)],
  [traf(1, 2, 8), traf(2, 3, 10)],
  [traf(1, 8, 12), traf(2, 10, 16)],
]
const EVERY_FRAME = Array.from({ length: 16 }, (_, i) => [
  ...(i < 12 ? [[traf(1, i, i + 1)]] : []),
  [traf(2, i, i + 1)],
]).flat()

const film = (spec: Partial<FragmentedSpec>): Uint8Array =>
  writeFragmented({ tracks: [VIDEO, AUDIO], moofs: TOGETHER, ...spec })

const openFilm = (spec: Partial<FragmentedSpec>): Promise<Demuxer> => openMp4(memorySource(film(spec)))

/** Batches of all spans, in an order that isn't the film's. */
async function spansOf(demuxer: Demuxer): Promise<SampleBatch[][]> {
  const second = await demuxer.readSpan({ first: 1, end: 2 }, [1, 2])
  return [
    await demuxer.readSpan({ first: 0, end: 1 }, [1, 2]),
    second,
    await demuxer.readSpan({ first: 0, end: 2 }, [1, 2]),
  ]
}

describe('a fragmented film', () => {
  it.each<[string, Partial<FragmentedSpec>]>([
    ['tracks in one moof', {}],
    ['tracks in moofs of their own', { moofs: APART }],
    ['the sound first', { moofs: SOUND_FIRST }],
    ['the sound far ahead', { moofs: SOUND_AHEAD }],
    ['the sound far behind', { moofs: SOUND_BEHIND }],
    ['fragments that start anywhere', { moofs: PIECES }],
    ['a fragment for every frame', { moofs: EVERY_FRAME }],
    ['data offsets from where tfhd says', { style: { base: 'explicit' } }],
    ['data offsets from the end of the traf before', { style: { base: 'none' } }],
    ['a base that was written before boxes were put before it', { style: { base: 'explicit', baseError: -60 } }],
    ['several truns in a traf', { style: { runLength: 2 } }],
    ['several truns without a base', { style: { runLength: 3, base: 'none' } }],
    ['defaults in trex', { style: { defaults: true } }],
    ['tfdt of version 0', { style: { tfdt: 0 } }],
    ['no tfdt', { style: { tfdt: false } }],
    ['no tfdt, in pieces', { style: { tfdt: false }, moofs: PIECES }],
    ['its first samples in moov', { inMoov: [6, 8], moofs: TOGETHER.slice(1) }],
    ['some samples in moov and no tfdt', { inMoov: [2, 3], moofs: PIECES.slice(1), style: { tfdt: false } }],
  ])('is the same as one without fragments: %s', async (_, spec) => {
    const plain = await open({ tracks: [VIDEO, AUDIO] })
    const demuxer = await openFilm(spec)
    const { tracks, keyframes, ...rest } = demuxer.index
    expect(rest).toMatchObject({ foundBy: 'scan', durationMs: 1200, isTruncated: false, closedGops: true })
    expect(tracks).toEqual(plain.index.tracks)
    expect(keyframes.time).toEqual(plain.index.keyframes.time)
    expect(await spansOf(demuxer)).toEqual(await spansOf(plain))
    expect(demuxer.spanSizes(2, Uint32Array.of(0, 1))).toEqual(plain.spanSizes(2, Uint32Array.of(0, 1)))
  })

  it.each<[string, Partial<FragmentedSpec>]>([
    ['sidx', { sidx: [0, 1] }],
    ['sidx', { sidx: [0, 1], isHierarchical: true }],
    ['sidx', { sidx: [0, 2], moofs: APART }],
    ['sidx', { sidx: [0, 2], moofs: SOUND_FIRST }],
    ['sidx', { sidx: [0, 1], moofs: SOUND_BEHIND }],
    ['mfra', { mfra: [0, 1] }],
    ['mfra', { mfra: [0, 2], moofs: APART }],
    ['mfra', { mfra: [1, 3], moofs: SOUND_FIRST }],
    ['mfra', { mfra: [1, 2], moofs: SOUND_AHEAD }],
    ['mfra', { mfra: [0, 1], style: { base: 'none', tfdt: 0, runLength: 4 } }],
  ])('is read by its %s', async (foundBy, spec) => {
    const plain = await open({ tracks: [VIDEO, AUDIO] })
    const bytes = film(spec)
    const demuxer = await openMp4(memorySource(bytes))
    const { tracks, keyframes, ...rest } = demuxer.index
    expect(rest).toMatchObject({ foundBy, durationMs: 1200, isTruncated: false })
    const exact = plain.index.tracks.map(track => ({ ...track, sampleCount: undefined, bitrateBps: expect.anything() }))
    expect(tracks).toEqual(exact)
    expect(keyframes.time).toEqual(plain.index.keyframes.time)
    expect(demuxer.spanSizes(1, Uint32Array.of(0))).toBeUndefined()
    expect(await spansOf(demuxer)).toEqual(await spansOf(plain))
    const [group] = await demuxer.readGroupStarts([1])
    const [batch] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    expect(group).toEqual({ isClosed: true, lead: 0, keyframeBytes: batch?.size[0] })
    const stored = memorySource(bytes)
    const again = await openMp4(stored, { index: structuredClone(demuxer.index) })
    expect(stored.reads).toEqual([])
    expect(await again.readSpan({ first: 1, end: 2 }, [2])).toEqual(await plain.readSpan({ first: 1, end: 2 }, [2]))
  })

  it('has the same times on a clock that begins late', async () => {
    const { edits: _, ...video } = VIDEO
    const style: FragmentStyle = { timeOffset: 2 ** 40 }
    const demuxer = await openFilm({ tracks: [video], moofs: [[traf(1, 0, 6)], [traf(1, 6, 12)]], style, mfra: [0, 1] })
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 2 ** 40 + 10, end: 2 ** 40 + 130, reorderDelay: 10 })
    const [batch] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    expect([...batch!.dts]).toEqual([60, 70, 80, 90, 100, 110].map(time => time + 2 ** 40))
  })
})

describe('an index that can not be believed', () => {
  it.each<[string, Partial<FragmentedSpec>]>([
    ['mfra lists a fragment that starts in a group of pictures', { moofs: PIECES, mfra: [0, 1, 2] }],
    ['sidx ends before the film', { sidx: [0], moofs: TOGETHER.slice(0, 1) }],
    ['fragments have no decode times', { mfra: [0, 1], style: { tfdt: false } }],
  ])('is left aside: %s', async (_, spec) => {
    const bytes = film(spec)
    const later = film({}).subarray(film({ moofs: TOGETHER.slice(0, 1) }).length)
    const source = memorySource(spec.sidx === undefined ? bytes : Uint8Array.of(...bytes, ...later))
    const demuxer = await openMp4(source)
    expect(demuxer.index).toMatchObject({ foundBy: 'scan', durationMs: 1200 })
  })

  it('is refused when a fragment contradicts it later', async () => {
    const first = await openFilm({ mfra: [0, 1] })
    const index = structuredClone(first.index)
    index.keyframes.time[1]! += 300
    const demuxer = await openMp4(memorySource(film({ mfra: [0, 1] })), { index })
    await expect(demuxer.readSpan({ first: 1, end: 2 }, [1])).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
  })
})

describe('composition offsets', () => {
  /** The first group's offsets go down to -20, the second's to -30. */
  const reordered: TrackSpec = {
    ...VIDEO,
    ctts: [
      [1, 0],
      [1, 20],
      [2, -20],
      [2, 0],
      [1, 0],
      [1, 20],
      [2, -30],
      [2, 0],
    ],
    edits: [],
  }
  const moofs = [[traf(1, 0, 6)], [traf(1, 6, 12)]]

  it('are never negative where the first fragments know how far they go', async () => {
    const demuxer = await openFilm({ tracks: [reordered], moofs, mfra: [0, 1] })
    const [batch] = await demuxer.readSpan({ first: 0, end: 1 }, [1])
    expect([...batch!.dts]).toEqual([-20, -10, 0, 10, 20, 30])
    expect([...batch!.compositionOffset]).toEqual([20, 40, 0, 0, 20, 20])
    expect(demuxer.index.tracks[0]).toMatchObject({ start: 0, reorderDelay: 20 })
  })

  it('are lifted, and decode times moved, where a later fragment goes further', async () => {
    const demuxer = await openFilm({ tracks: [reordered], moofs, mfra: [0, 1] })
    const [batch] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    // Presented at 60, 90, 50, 60, 100, 110: what was decoded after it is shown comes earlier.
    expect([...batch!.dts]).toEqual([40, 50, 50, 60, 80, 90])
    expect([...batch!.compositionOffset]).toEqual([20, 40, 0, 0, 20, 20])
    expect([...batch!.duration]).toEqual([10, 0, 10, 20, 10, 10])
  })
})

describe('a fragmented film that was cut', () => {
  it.each([
    ['scan', {}],
    ['sidx', { sidx: [0, 1] }],
  ])('goes to its last whole sample: %s', async (foundBy, spec) => {
    const bytes = film(spec)
    // The last fragment's sound takes 8 samples of 12 to 19 bytes: 60 bytes are the last four of them, but 10 bytes.
    const demuxer = await openMp4(memorySource(bytes.subarray(0, bytes.length - 60)))
    expect(demuxer.index).toMatchObject({ foundBy, isTruncated: true })
    expect(demuxer.index.tracks.map(({ end }) => end)).toEqual([120, 880])
    const [video, audio] = await demuxer.readSpan({ first: 1, end: 2 }, [1, 2])
    expect([video!.count, audio!.count]).toEqual([6, 3])
  })

  it('goes to its last whole moof', async () => {
    const bytes = film({ sidx: [0, 1] })
    const second = Buffer.from(bytes).lastIndexOf('moof') - 4
    const demuxer = await openMp4(memorySource(bytes.subarray(0, second + 100)))
    expect(demuxer.index).toMatchObject({ isTruncated: true, keyframes: { count: 1 } })
    const batches = await demuxer.readSpan({ first: 0, end: 1 }, [1, 2])
    expect(batches.map(({ count }) => count)).toEqual([6, 8])
  })
})

describe('what else a fragmented film may be', () => {
  it('refuses encrypted samples', async () => {
    const senc = fullBox('senc', 0, 0, words(0))
    for (const spec of [{}, { mfra: [0, 1] }]) {
      const demuxer = await openFilm({ ...spec, style: { extra: [senc] } })
      await expect(demuxer.readSpan({ first: 0, end: 1 }, [1])).rejects.toMatchObject({ code: 'ENCRYPTED' })
    }
    const entry = avc1(
      box(
        'sinf',
        box(
          'frma',
          Uint8Array.from('avc1', letter => letter.charCodeAt(0)),
        ),
      ),
    )
    entry.set(
      Uint8Array.from('encv', letter => letter.charCodeAt(0)),
      4,
    )
    const demuxer = await openFilm({ tracks: [{ ...VIDEO, entries: [entry] }, AUDIO] })
    expect(demuxer.index.tracks[0]).toMatchObject({ codec: 'h264' })
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [1])).rejects.toMatchObject({ code: 'ENCRYPTED' })
  })

  it('spreads sound whose writer knew no durations over the time until the next', async () => {
    const style: FragmentStyle = { defaults: true }
    const odd: TrackSpec = {
      ...AUDIO,
      stts: [
        [1, 0],
        [1, 160],
        [1, 0],
        [1, 160],
        [12, 80],
      ],
      edits: [],
    }
    const demuxer = await openFilm({ tracks: [VIDEO, odd], style: { ...style, defaults: false } })
    const [audio] = await demuxer.readSpan({ first: 0, end: 1 }, [2])
    expect([...audio!.dts].slice(0, 6)).toEqual([0, 80, 160, 240, 320, 400])
  })

  it('opens a remote film by sidx in three round trips', async () => {
    const source = memorySource(film({ sidx: [0, 1] }), true)
    await openMp4(source)
    expect(source.reads.length).toBeLessThanOrEqual(3)
  })

  it('tells how far it has come, and stops when it is told to', async () => {
    const many = Array.from({ length: 40 }, () => TOGETHER).flat()
    const large = { ...VIDEO, sizes: VIDEO.sizes.map(() => 30_000) }
    const bytes = film({ tracks: [large, AUDIO], moofs: many })
    const told: number[] = []
    const controller = new AbortController()
    const opening = openMp4(memorySource(bytes, true), {
      signal: controller.signal,
      onProgress: (done, total) => {
        told.push(done)
        expect(total).toBe(bytes.length)
        if (told.length === 3) controller.abort()
      },
    })
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' })
    expect(told).toHaveLength(3)
  })

  it('refuses fragments that claim more than the film has', async () => {
    // Runs of samples of 9 bytes each that list none, all of the same bytes.
    const greedy = fullBox('trun', 0, 1, words(0x7fffffff, 0))
    const trafs = box('traf', fullBox('tfhd', 0, 0x20010, words(1, 9)), ...Array.from({ length: 40 }, () => greedy))
    const bytes = Uint8Array.of(...film({ moofs: [] }), ...box('moof', trafs), ...box('mdat', new Uint8Array(900)))
    await expect(openMp4(memorySource(bytes))).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
    await expect(openMp4(memorySource(bytes))).rejects.toThrow('claim more bytes')
  })
})
