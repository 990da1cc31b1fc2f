import { type Demuxer, deserializeIndex, type SampleBatch, serializeIndex } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AUDIO, open, VIDEO } from '../testing/films.js'
import { writeFragmented } from '../testing/fragment-writer.js'
import {
  ascii,
  avc1,
  box,
  memorySource,
  sampleBytes,
  type TrackSpec,
  words,
  writeMovie,
} from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

const FIELDS = new Uint8Array(30).fill(7)
const TX3G = box('tx3g', new Uint8Array(8), FIELDS, box('ftab', Uint8Array.of(0, 0)))

/** A pause of 200 ms, a text of 300, a pause of 100, a text of 400. */
const TEXT: TrackSpec = {
  kind: 'text',
  timescale: 1000,
  stts: [
    [1, 200],
    [1, 300],
    [1, 100],
    [1, 400],
  ],
  sizes: [2, 9, 2, 12],
  chunks: [
    [2, 1],
    [2, 1],
  ],
  entries: [TX3G],
}

const timesOf = (batch: SampleBatch | undefined): number[][] =>
  Array.from({ length: batch?.count ?? 0 }, (_, i) => [batch!.dts[i]!, batch!.duration[i]!, batch!.size[i]!])

async function spansOf(demuxer: Demuxer): Promise<number[][]> {
  const rows: number[][] = []
  for (let first = 0; first < demuxer.index.keyframes.count; first++) {
    const [batch] = await demuxer.readSpan({ first, end: first + 1 }, [2])
    rows.push(...timesOf(batch))
  }
  return rows
}

const ALL = [
  [200, 300, 9],
  [600, 400, 12],
]

describe('a text track', () => {
  it('is listed with its configuration', async () => {
    const { index } = await open({ tracks: [VIDEO, TEXT] })
    expect(index.tracks[1]).toMatchObject({ kind: 'text', codec: 'tx3g', start: 0, end: 1000 })
    expect(index.tracks[1]!.descriptions[0].config).toEqual(
      Uint8Array.from([...FIELDS, ...box('ftab', Uint8Array.of(0, 0))]),
    )
    const { entries: _, ...plain } = TEXT
    const webvtt = await open({ tracks: [VIDEO, plain] })
    expect(webvtt.index.tracks[1]).toMatchObject({ codec: 'webvtt' })
    expect(webvtt.index.tracks[1]!.descriptions[0].config).toEqual(ascii('WEBVTT'))
    const captions = await open({ tracks: [VIDEO, { ...TEXT, entries: [box('c608', new Uint8Array(8))] }] })
    expect(captions.index.tracks[1]).toMatchObject({ kind: 'text', codec: 'c608' })
  })

  it('is read by its tables, pauses left out', async () => {
    const demuxer = await open({ tracks: [VIDEO, TEXT] })
    const batch = await demuxer.readText(2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(timesOf(batch)).toEqual(ALL)
    expect(batch!.data[1]).toEqual(sampleBytes(1, 3, 12))
    expect(timesOf(await demuxer.readText(2, 400, 600))).toEqual([ALL[0]])
    expect(timesOf(await demuxer.readText(2, 499, 601))).toEqual(ALL)
    expect(timesOf(await demuxer.readText(2, 500, 600))).toEqual([])
    expect(await spansOf(demuxer)).toEqual(ALL)
  })

  it('lies where its edit list says', async () => {
    const moved = ALL.map(([time, ...rest]) => [time! + 500, ...rest])
    const edits: [number, number][] = [
      [500, -1],
      [1000, 0],
    ]
    const late = await open({ tracks: [VIDEO, { ...TEXT, edits }] })
    expect(timesOf(await late.readText(2, 0, 5000))).toEqual(moved)
    expect(timesOf(await late.readText(2, 0, 701))).toEqual([moved[0]])
    const cut = await open({ tracks: [VIDEO, { ...TEXT, edits: [[1000, 300]] }] })
    expect(timesOf(await cut.readText(2, 0, 5000))).toEqual([
      [-100, 300, 9],
      [300, 400, 12],
    ])
  })

  it('is read out of fragments', async () => {
    const moofs = [
      [
        { track: 1, first: 0, end: 6 },
        { track: 2, first: 0, end: 2 },
      ],
      [
        { track: 1, first: 6, end: 12 },
        { track: 2, first: 2, end: 4 },
      ],
    ]
    const walked = await openMp4(memorySource(writeFragmented({ tracks: [VIDEO, TEXT], moofs })))
    expect(timesOf(await walked.readText(2, 0, 5000))).toEqual(ALL)
    expect(await spansOf(walked)).toEqual(ALL)
    const listed = await openMp4(memorySource(writeFragmented({ tracks: [VIDEO, TEXT], moofs, sidx: [0, 1] })))
    expect(listed.index.foundBy).toBe('sidx')
    expect(await listed.readText(2, 0, 5000)).toBeUndefined()
    expect(await spansOf(listed)).toEqual(ALL)
  })

  it('is not what a track of another kind is', async () => {
    const demuxer = await open({ tracks: [VIDEO, AUDIO] })
    await expect(demuxer.readText(2, 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(demuxer.readText(5, 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('chapters whose titles are samples', () => {
  const utf16 = Uint8Array.of(0, 6, 0xfe, 0xff, 0x66, 0x20, 0x75, 0x3b, 0)
  const titles = [Uint8Array.of(0, 3, ...ascii('One')), utf16]
  const chapters: TrackSpec = {
    kind: 'text',
    timescale: 1000,
    stts: [
      [1, 200],
      [1, 800],
    ],
    sizes: titles.map(title => title.length),
    chunks: [
      [1, 1],
      [1, 1],
    ],
    entries: [box('text', new Uint8Array(51))],
  }
  const video = { ...VIDEO, extra: [box('tref', box('chap', words(2)))] }
  const film = (): Uint8Array => {
    const bytes = writeMovie({ tracks: [video, chapters] })
    titles.forEach((title, i) => {
      bytes.set(title, Buffer.from(bytes).indexOf(Buffer.from(sampleBytes(1, i, title.length))))
    })
    return bytes
  }

  it('are read when they are asked for, and are no subtitles', async () => {
    const demuxer = await openMp4(memorySource(film()))
    expect(demuxer.index.tracks.map(track => track.kind)).toEqual(['video'])
    expect(demuxer.index.chapters).toEqual([])
    const expected = [
      { startMs: 0, endMs: 200, title: 'One' },
      { startMs: 200, endMs: 1000, title: '映画' },
    ]
    expect(await demuxer.readChapters()).toEqual(expected)
    const index = deserializeIndex(serializeIndex(demuxer.index))
    expect(await (await openMp4(memorySource(film()), { index })).readChapters()).toEqual(expected)
  })
})

describe('a stored index', () => {
  const moofs = [[{ track: 1, first: 0, end: 6 }], [{ track: 1, first: 6, end: 12 }]]

  it.each([
    ['of a moov', writeMovie({ tracks: [VIDEO, TEXT] })],
    ['of a moov and all fragments', writeFragmented({ tracks: [VIDEO], moofs })],
    ['of listed fragments', writeFragmented({ tracks: [VIDEO], moofs, sidx: [0, 1] })],
  ])('%s opens the film without a read, and gives the same samples', async (_, bytes) => {
    const demuxer = await openMp4(memorySource(bytes))
    const index = deserializeIndex(serializeIndex(demuxer.index))
    expect(index).toStrictEqual(demuxer.index)
    let reads = 0
    const source = memorySource(bytes)
    const counted = {
      key: 'counted',
      name: '',
      sizeBytes: bytes.length,
      seekCostBytes: 0,
      read: (...range: Parameters<typeof source.read>) => {
        reads++
        return source.read(...range)
      },
    }
    const again = await openMp4(counted, { index })
    expect(reads).toBe(0)
    const ids = index.tracks.map(track => track.id)
    const span = { first: 1, end: 2 }
    expect(await again.readSpan(span, ids)).toEqual(await demuxer.readSpan(span, ids))
  })
})

describe('a fragment of another description', () => {
  it('is told by the group of its keyframe', async () => {
    const moofs = [[{ track: 1, first: 0, end: 6 }], [{ track: 1, first: 6, end: 12 }]]
    for (const sidx of [undefined, [0, 1]]) {
      const entries = [avc1(), avc1(box('pasp', words(4, 3)))]
      const spec = { tracks: [{ ...VIDEO, entries }], moofs, ...(sidx === undefined ? {} : { sidx }) }
      const bytes = writeFragmented(spec)
      // default_sample_description_index of trex.
      bytes.set(words(2), Buffer.from(bytes).indexOf('trex') + 12)
      const demuxer = await openMp4(memorySource(bytes))
      const second = demuxer.index.tracks[0]!.descriptions[1]
      expect(await demuxer.readGroupStarts([1])).toMatchObject([{ isClosed: true, lead: 0, description: second }])
    }
  })
})
