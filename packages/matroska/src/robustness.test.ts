import { type ByteSource, CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  audioEntry,
  type Bytes,
  cluster,
  concat,
  ebmlHeader,
  element,
  film,
  frame,
  openElement,
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

/** Where the texts lie in their clusters: behind the timestamp and three blocks. */
const TEXT_AT =
  uint(Id.Timestamp, 0).length +
  [40, 12, 20].reduce((sum, size) => sum + simpleBlock(1, 0, true, frame(size, 0)).length, 0)

const sample = film({
  tracks: [videoEntry(), audioEntry(), textEntry()],
  clusters: [0, 80, 160].map(time =>
    cluster(
      time,
      simpleBlock(1, 0, true, frame(40, time)),
      simpleBlock(2, 0, true, frame(12, time)),
      simpleBlock(1, 40, false, frame(20, time)),
      textBlock(41, 30, 'text'),
    ),
  ),
  cues: [0, 80, 160].flatMap((time, i) => [
    { time, cluster: i, relative: 17 },
    { time: time + 41, cluster: i, track: 3, relative: TEXT_AT, duration: 30 },
  ]),
  atEnd: [element(Id.Tags), element(Id.Chapters)],
})

/** Opens and reads all; the error that ends it, if any. More reads than any such file needs are an error of their own. */
async function readAll(bytes: Bytes): Promise<unknown> {
  const source = sourceOf(bytes)
  const bounded: ByteSource = {
    ...source,
    read(offset, length) {
      if (source.reads.length > 500) throw new Error('too many reads')
      return source.read(offset, length)
    },
  }
  try {
    const demuxer = await openMatroska(bounded)
    const { index, readSpan, readTrackStart } = bind(demuxer)
    const ids = index.tracks.map(track => track.id)
    for (const id of ids) await readTrackStart(id)
    const { count } = index.keyframes
    for (let first = 0; first < Math.min(count, 5); first++) await readSpan({ first, end: first + 1 }, ids)
    for (const { id, kind } of index.tracks) {
      if (kind === 'text') await demuxer.readText(id, 0, Number.POSITIVE_INFINITY)
    }
    await demuxer.readGroupStarts([0])
    if (count > 0 && index.tracks.some(({ kind }) => kind === 'video')) await demuxer.readKeyframe(count - 1)
    return undefined
  } catch (error) {
    return error
  }
}

function bind(demuxer: Awaited<ReturnType<typeof openMatroska>>) {
  return {
    index: demuxer.index,
    readSpan: demuxer.readSpan.bind(demuxer),
    readTrackStart: demuxer.readTrackStart.bind(demuxer),
  }
}

const codeOf = async (bytes: Bytes): Promise<string | undefined> => {
  const error = await readAll(bytes)
  if (error === undefined) return undefined
  expect(error).toBeInstanceOf(CuemuxError)
  expect(error).not.toMatchObject({ message: expect.stringContaining('too many reads') })
  return (error as CuemuxError).code
}

describe('the sample that is damaged', () => {
  it('is whole before, its texts by their cues included', async () => {
    const demuxer = await openMatroska(sourceOf(sample))
    expect((await demuxer.readText(3, 0, 1000))?.count).toBe(3)
  })
})

describe('bad input', () => {
  it.each<[string, Bytes, string]>([
    ['nothing', new Uint8Array(0), 'UNSUPPORTED_CONTAINER'],
    ['one byte', Uint8Array.of(0x1a), 'UNSUPPORTED_CONTAINER'],
    ['zeros', new Uint8Array(5000), 'UNSUPPORTED_CONTAINER'],
    ['a text', new TextEncoder().encode('1\n00:00:01,000 --> 00:00:02,000\nHello\n'), 'UNSUPPORTED_CONTAINER'],
    ['another EBML', concat(ebmlHeader('other'), new Uint8Array(100)), 'UNSUPPORTED_CONTAINER'],
    ['a header alone', ebmlHeader(), 'CORRUPT_INDEX'],
    ['an empty Segment', concat(ebmlHeader(), element(Id.Segment)), 'CORRUPT_INDEX'],
    ['no clusters', film({ tracks: [videoEntry()], clusters: [] }), 'NO_KEYFRAME_INDEX'],
    ['text alone', film({ tracks: [subtitles()], clusters: [] }), 'NO_KEYFRAME_INDEX'],
    ['Tracks beyond all sizes', concat(ebmlHeader(), openElement(Id.Segment, hugeTracks())), 'LIMIT_EXCEEDED'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code)
  })

  it('reads a film whose Cues lead outside of the file', async () => {
    const bytes = film({
      tracks: [videoEntry()],
      clusters: [cluster(0, simpleBlock(1, 0, true, frame(9, 1)))],
      cues: [{ time: 0, cluster: 50 }],
    })
    expect(await codeOf(bytes)).toBeUndefined()
  })

  it('survives masters within masters', async () => {
    let deep: Bytes = new Uint8Array(0)
    for (let i = 0; i < 500; i++) deep = element(Id.ChapterAtom, deep)
    const chapters = element(Id.Chapters, element(Id.EditionEntry, deep))
    expect(await codeOf(film({ tracks: [videoEntry()], clusters: [], atEnd: [chapters] }))).toBe('NO_KEYFRAME_INDEX')
  })

  it('ends any truncation with a film or one error', { timeout: 60_000 }, async () => {
    for (let length = 0; length < sample.length; length++) await codeOf(sample.subarray(0, length))
  })

  it('ends any change of bytes with a film or one error', { timeout: 60_000 }, async () => {
    const change = fc.record({ at: fc.nat(sample.length - 1), value: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async changes => {
        const bytes = sample.slice()
        for (const { at, value } of changes) bytes[at] = value
        await codeOf(bytes)
      }),
      { numRuns: 1500 },
    )
  })

  it('ends any bytes behind a header with one error', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
        await codeOf(concat(ebmlHeader(), openElement(Id.Segment, element(Id.Tracks, videoEntry()), bytes)))
      }),
      { numRuns: 300 },
    )
  })
})

function subtitles(): Bytes {
  return element(Id.TrackEntry, uint(Id.TrackNumber, 1), uint(Id.TrackType, 17), text(Id.CodecID, 'S_TEXT/UTF8'))
}

function hugeTracks(): Bytes {
  const bytes = element(Id.Tracks, new Uint8Array(8))
  // The size is the eight bytes behind the ID of four.
  bytes.set([0x01, 0x10, 0, 0, 0, 0, 0, 0], 4)
  return bytes
}
