import { type Demuxer, deserializeIndex, type SampleBatch, serializeIndex } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import {
  audioEntry,
  type Bytes,
  type CuePlan,
  cluster,
  element,
  type FilmPlan,
  film,
  frame,
  simpleBlock,
  sourceOf,
  text,
  textBlock,
  textEntry,
  uint,
  videoEntry,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { openMatroska } from './index.js'
import { MAX_TEXT_CUES, TextCueRows } from './text-cues.js'

type Row = [time: number, duration: number, text: string, addition?: string]

function rowsOf(batch: SampleBatch | undefined): Row[] | undefined {
  const decoder = new TextDecoder()
  return batch?.data.map((data, i) => {
    const addition = batch.additions?.[i]
    const row: Row = [batch.dts[i]!, batch.duration[i]!, decoder.decode(data)]
    return addition === undefined ? row : [row[0], row[1], row[2], decoder.decode(addition)]
  })
}

/** Texts of all spans, one after another. */
async function spansOf(demuxer: Demuxer): Promise<Row[]> {
  const rows: Row[] = []
  for (let first = 0; first < demuxer.index.keyframes.count; first++) {
    const [batch] = await demuxer.readSpan({ first, end: first + 1 }, [3])
    rows.push(...(rowsOf(batch) ?? []))
  }
  return rows
}

/** Blocks of a cluster, and where each lies in its payload. */
function placed(time: number, ...blocks: Bytes[]): { bytes: Bytes; relative: number[] } {
  const relative: number[] = []
  let at = uint(Id.Timestamp, time).length
  for (const block of blocks) {
    relative.push(at)
    at += block.length
  }
  return { bytes: cluster(time, ...blocks), relative }
}

const picture = (time: number): Bytes => simpleBlock(1, time, true, frame(3000, 1))
const FIRST = placed(0, picture(0), textBlock(10, 100, 'one'), textBlock(20, 2000, 'long'))
const SECOND = placed(1000, picture(0), textBlock(100, 50, 'two'), textBlock(100, 60, 'at the same time'))
const THIRD = placed(2000, picture(0), textBlock(200, 100, 'three'))

const PICTURES: CuePlan[] = [0, 1000, 2000].map((time, i) => ({ time, cluster: i }))
const TEXTS: CuePlan[] = [
  { time: 10, cluster: 0, track: 3, relative: FIRST.relative[1]!, duration: 100 },
  { time: 20, cluster: 0, track: 3, relative: FIRST.relative[2]!, duration: 2000 },
  { time: 1100, cluster: 1, track: 3, relative: SECOND.relative[1]!, duration: 50 },
  { time: 2200, cluster: 2, track: 3, relative: THIRD.relative[1]!, duration: 100 },
]
const ALL: Row[] = [
  [10, 100, 'one'],
  [20, 2000, 'long'],
  [1100, 50, 'two'],
  [1100, 60, 'at the same time'],
  [2200, 100, 'three'],
]

const plan = (texts: readonly CuePlan[], more: Partial<FilmPlan> = {}): FilmPlan => ({
  tracks: [videoEntry(), textEntry()],
  clusters: [FIRST, SECOND, THIRD].map(({ bytes }) => bytes),
  cues: [...PICTURES, ...texts].sort((a, b) => a.time - b.time),
  ...more,
})

const open = (texts: readonly CuePlan[], more?: Partial<FilmPlan>): Promise<Demuxer> =>
  openMatroska(sourceOf(film(plan(texts, more))))

describe('readText', () => {
  it('reads the texts of a window by their cues, those that began before it too', async () => {
    const demuxer = await open(TEXTS)
    expect(rowsOf(await demuxer.readText(3, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY))).toEqual(ALL)
    expect(rowsOf(await demuxer.readText(3, 1150, 2200))).toEqual([ALL[1], ALL[3]])
    expect(rowsOf(await demuxer.readText(3, 2020, 2200))).toEqual([])
    expect(await spansOf(demuxer)).toEqual(ALL)
  })

  it('makes no keyframes of the cues of texts', async () => {
    expect([...(await open(TEXTS)).index.keyframes.time]).toEqual([0, 25_000, 50_000])
  })

  it('reads the texts alone, neighbours together', async () => {
    const far = sourceOf(film(plan(TEXTS)), 1000)
    const demuxer = await openMatroska(far)
    far.reads.length = 0
    await demuxer.readText(3, 0, 3000)
    expect(far.reads.length).toBe(3)
    const near = sourceOf(film(plan(TEXTS)), 10_000)
    const other = await openMatroska(near)
    near.reads.length = 0
    await other.readText(3, 0, 3000)
    expect(near.reads.length).toBe(1)
  })

  it('looks back for texts of which the cues do not say how long they last', async () => {
    const demuxer = await open(TEXTS.map(({ duration: _, ...cue }) => cue))
    expect(rowsOf(await demuxer.readText(3, 1150, 2200))).toEqual([ALL[1], ALL[3]])
  })

  it('takes what lies beside a block, also where it is compressed', async () => {
    const additions = (bytes: Bytes): Bytes =>
      element(
        Id.BlockAdditions,
        element(Id.BlockMore, uint(Id.BlockAddID, 4), text(Id.BlockAdditional, 'other')),
        element(Id.BlockMore, element(Id.BlockAdditional, bytes)),
      )
    const settings = new TextEncoder().encode('align:start\nid\n')
    const blocks = placed(0, picture(0), textBlock(10, 100, 'cue', additions(settings)), textBlock(500, 100, 'plain'))
    const more = {
      clusters: [blocks.bytes],
      tracks: [videoEntry(), textEntry('S_TEXT/WEBVTT')],
      cues: PICTURES.slice(0, 1),
    }
    const demuxer = await open([], more)
    expect(await spansOf(demuxer)).toEqual([
      [10, 100, 'cue', 'align:start\nid\n'],
      [500, 100, 'plain'],
    ])
    const cues = [10, 500].map((time, i) => ({ time, cluster: 0, track: 3, relative: blocks.relative[i + 1]! }))
    const cued = await open([], { ...more, cues: [PICTURES[0]!, ...cues] })
    expect(rowsOf(await cued.readText(3, 0, 1000))).toEqual(await spansOf(demuxer))
  })

  it('puts identifier and settings of WebM cues where Matroska has them', async () => {
    const clusters = [
      cluster(0, picture(0), textBlock(10, 100, 'id\nalign:start\nHi\nthere'), textBlock(500, 100, '\n\nplain')),
    ]
    const demuxer = await open([], { clusters, tracks: [videoEntry(), textEntry('D_WEBVTT/SUBTITLES')] })
    expect(await spansOf(demuxer)).toEqual([
      [10, 100, 'Hi\nthere', 'align:start\nid\n'],
      [500, 100, 'plain'],
    ])
  })

  it('leaves it to readSpan where the cues do not tell', async () => {
    const tag = element(
      Id.Tags,
      element(
        Id.Tag,
        element(Id.Targets, uint(Id.TagTrackUID, 103)),
        element(Id.SimpleTag, text(Id.TagName, 'NUMBER_OF_FRAMES'), text(Id.TagString, '5')),
        element(Id.SimpleTag, text(Id.TagName, '_STATISTICS_TAGS'), text(Id.TagString, 'NUMBER_OF_FRAMES')),
      ),
    )
    const demuxers = [
      await open([]),
      await open(TEXTS.map(({ relative: _, ...cue }) => cue)),
      await open(TEXTS.map(cue => ({ ...cue, relative: cue.relative! + 20 }))),
      await open(TEXTS, { atEnd: [tag] }),
    ]
    for (const demuxer of demuxers) {
      expect(await demuxer.readText(3, 0, 3000)).toBeUndefined()
      expect(await spansOf(demuxer)).toEqual(ALL)
    }
  })

  it('refuses what is no text', async () => {
    const demuxer = await open(TEXTS, { tracks: [videoEntry(), audioEntry(), textEntry()] })
    await expect(demuxer.readText(2, 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(demuxer.readText(9, 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a stored index', () => {
  it('opens the film without a read, and gives the same samples', async () => {
    const demuxer = await open(TEXTS)
    const source = sourceOf(film(plan(TEXTS)))
    const index = deserializeIndex(serializeIndex(demuxer.index))
    expect(index).toStrictEqual(demuxer.index)
    const again = await openMatroska(source, { index })
    expect(source.reads).toEqual([])
    const span = { first: 1, end: 2 }
    expect(await again.readSpan(span, [1, 3])).toEqual(await demuxer.readSpan(span, [1, 3]))
    expect(await again.readText(3, 0, 3000)).toEqual(await demuxer.readText(3, 0, 3000))
    const { format, ...rest } = index
    const other = { ...rest, format: { ...(format as object), version: 1 } }
    await expect(openMatroska(source, { index: other })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('TextCueRows', () => {
  it('holds no more than its limit', () => {
    const rows = new TextCueRows()
    for (let i = 0; i < MAX_TEXT_CUES; i++) rows.add(i, 0, i, 1)
    expect(rows.toColumns(1, 0, 1)?.ticks.length).toBe(MAX_TEXT_CUES)
    rows.add(0, 0, 0, 1)
    expect(rows.toColumns(1, 0, 1)).toBeUndefined()
  })
})
