import { describe, expect, it } from 'vitest'
import {
  audioEntry,
  type Bytes,
  block,
  cluster,
  concat,
  ebmlHeader,
  element,
  film,
  float,
  frame,
  openElement,
  simpleBlock,
  sourceOf,
  text,
  uint,
  videoEntry,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { isMatroska, openMatroska, walkElements } from './index.js'

const key = (time: number): Bytes => simpleBlock(1, time, true, frame(6, 1))
const picture = (time: number): Bytes => simpleBlock(1, time, false, frame(6, 2))

const simple = {
  tracks: [videoEntry()],
  clusters: [cluster(0, key(0), picture(40)), cluster(80, key(0), picture(40)), cluster(160, key(0), picture(40))],
}
const cues = [0, 80, 160].map((time, i) => ({ time, cluster: i }))

describe('openMatroska', () => {
  it('reads head and Cues, and nothing else', async () => {
    const filler = element(Id.Void, new Uint8Array(200_000))
    const bytes = film({ ...simple, clusters: [...simple.clusters, filler], cues })
    const source = sourceOf(bytes)
    const { index } = await openMatroska(source)
    expect(source.reads.length).toBe(2)
    expect(source.reads[0]).toEqual([0, 65536])
    expect(source.reads[1]![1]).toBeLessThan(1000)
    expect(index).toMatchObject({ container: 'matroska', foundBy: 'cues', isTruncated: false, closedGops: undefined })
    expect([...index.keyframes.time]).toEqual([0, 2000, 4000])
  })

  it('sorts cues, drops doubles, other tracks and those outside of the file', async () => {
    const bytes = film({
      ...simple,
      cues: [
        { time: 160, cluster: 2 },
        { time: 0, cluster: 0, track: 7 },
        { time: 0, cluster: 0 },
        { time: 80, cluster: 1 },
        { time: 80, cluster: 1 },
        { time: 200, cluster: 99 },
      ],
    })
    const { index } = await openMatroska(sourceOf(bytes))
    expect([...index.keyframes.time]).toEqual([0, 2000, 4000])
  })

  it('finds Cues through a second SeekHead', async () => {
    const { index } = await openMatroska(sourceOf(film({ ...simple, cues, withTwoSeekHeads: true })))
    expect([index.foundBy, index.keyframes.count]).toEqual(['cues', 3])
  })

  it('hops over attachments before the first cluster without reading them', async () => {
    const attachments = element(
      Id.Attachments,
      element(
        Id.AttachedFile,
        text(Id.FileName, 'cover.jpg'),
        text(Id.FileMimeType, 'image/jpeg'),
        element(Id.FileData, new Uint8Array(300_000)),
      ),
    )
    const bytes = film({ ...simple, cues, beforeClusters: [attachments] })
    const source = sourceOf(bytes)
    const demuxer = await openMatroska(source)
    expect(source.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(70_000)
    expect(demuxer.index.attachments).toMatchObject([{ name: 'cover.jpg', mimeType: 'image/jpeg', sizeBytes: 300_000 }])
    const [video] = await demuxer.readSpan({ first: 0, end: 3 }, [1])
    expect(video?.count).toBe(6)
  })

  it('lists attachments behind large ones where a seek costs little', async () => {
    const file = (name: string): Bytes =>
      element(
        Id.AttachedFile,
        text(Id.FileName, name),
        text(Id.FileMimeType, 'font/ttf'),
        element(Id.FileData, new Uint8Array(100_000)),
      )
    const attachments = element(Id.Attachments, file('a.ttf'), file('b.ttf'), file('c.ttf'))
    const bytes = film({ ...simple, cues, beforeClusters: [attachments] })
    const names = async (seekCostBytes: number): Promise<string[]> =>
      (await openMatroska(sourceOf(bytes, seekCostBytes))).index.attachments.map(({ name }) => name)
    expect(await names(1000)).toEqual(['a.ttf', 'b.ttf', 'c.ttf'])
    expect(await names(512 * 1024)).toEqual(['a.ttf'])
  })

  it('gives each attachment a name of its own', async () => {
    const file = (type: string, ...name: Bytes[]): Bytes =>
      element(Id.AttachedFile, ...name, text(Id.FileMimeType, type), element(Id.FileData, frame(4, 1)))
    const attachments = element(
      Id.Attachments,
      file('image/jpeg', text(Id.FileName, 'cover.jpg')),
      file('image/jpeg', text(Id.FileName, 'cover.jpg')),
      file('image/png'),
      file('application/octet-stream'),
    )
    const { index } = await openMatroska(sourceOf(film({ ...simple, cues, beforeClusters: [attachments] })))
    expect(index.attachments.map(({ name }) => name)).toEqual([
      'cover.jpg',
      'cover-2.jpg',
      'attachment-3.png',
      'attachment-4',
    ])
  })

  it('finds tracks behind attachments where no SeekHead leads there', async () => {
    const attachments = element(Id.Attachments, element(Id.AttachedFile, element(Id.FileData, new Uint8Array(100_000))))
    const bytes = concat(
      ebmlHeader(),
      element(Id.Segment, attachments, element(Id.Info), element(Id.Tracks, videoEntry()), ...simple.clusters),
    )
    const { index } = await openMatroska(sourceOf(bytes))
    expect([index.foundBy, index.keyframes.count]).toEqual(['scan', 3])
  })

  it('scans a film without Cues', async () => {
    const progress: number[] = []
    const source = sourceOf(film({ ...simple, info: [text(Id.Title, 'A film')] }))
    const { index } = await openMatroska(source, { onProgress: done => progress.push(done) })
    expect(index).toMatchObject({ foundBy: 'scan', title: 'A film', isTruncated: false, durationMs: 240 })
    expect([...index.keyframes.time]).toEqual([0, 2000, 4000])
    expect(progress.length).toBeGreaterThan(0)
  })

  it('plays the sound of a film without any of its pictures', async () => {
    const sound = (time: number): Bytes => simpleBlock(2, time, true, frame(6, 1))
    const bytes = film({
      tracks: [videoEntry(), audioEntry()],
      clusters: [cluster(0, sound(0)), cluster(2000, sound(0))],
    })
    const { index } = await openMatroska(sourceOf(bytes))
    expect(index.tracks.map(({ id }) => id)).toEqual([2])
    expect(index.keyframes).toMatchObject({ trackId: 2, count: 2 })
  })

  it('reads a Segment and clusters of unknown size', async () => {
    const clusters = [0, 80, 160].map(time => openElement(Id.Cluster, uint(Id.Timestamp, time), key(0), picture(40)))
    const bytes = film({ tracks: simple.tracks, clusters, isOpen: true, withoutSeekHead: true })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect([...demuxer.index.keyframes.time]).toEqual([0, 2000, 4000])
    const [video] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
    expect([...(video?.dts ?? [])]).toEqual([2000, 3000])
  })

  it('plays a cut film up to where it ends', async () => {
    const whole = film({ ...simple, cues })
    const last = element(Id.Cues).length
    const bytes = whole.subarray(0, whole.length - last - 300)
    const { index } = await openMatroska(sourceOf(bytes))
    expect(index).toMatchObject({ foundBy: 'scan', isTruncated: true })
    const demuxer = await openMatroska(sourceOf(bytes))
    const count = demuxer.index.keyframes.count
    const [video] = await demuxer.readSpan({ first: 0, end: count }, [1])
    expect(video?.count).toBeGreaterThanOrEqual(count)
    expect(index.tracks[0]?.end).toBe((video?.count ?? 0) * 1000)
  })

  it('takes a TimestampScale other than 1 ms', async () => {
    const bytes = film({
      info: [uint(Id.TimestampScale, 100_000), float(Id.Duration, 2400)],
      tracks: simple.tracks,
      clusters: [cluster(0, key(0), picture(400)), cluster(800, key(0), picture(400))],
      cues: [0, 800].map((time, i) => ({ time, cluster: i })),
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect([...demuxer.index.keyframes.time]).toEqual([0, 2000])
    const [video] = await demuxer.readSpan({ first: 0, end: 2 }, [1])
    expect([...(video?.dts ?? [])]).toEqual([0, 1000, 2000, 3000])
  })

  it('keeps statistics, languages, roles, the codec delay and the preroll of a seek', async () => {
    const tag = (uid: number, ...pairs: [string, string][]): Bytes =>
      element(
        Id.Tag,
        element(Id.Targets, uint(Id.TagTrackUID, uid)),
        ...pairs.map(([name, value]) => element(Id.SimpleTag, text(Id.TagName, name), text(Id.TagString, value))),
      )
    const bytes = film({
      tracks: [
        videoEntry(),
        audioEntry(
          text(Id.Language, 'ger'),
          text(Id.LanguageBCP47, 'de-AT'),
          uint(Id.FlagCommentary, 1),
          uint(Id.CodecDelay, 21_333_333),
          uint(Id.SeekPreRoll, 80_000_000),
        ),
      ],
      clusters: [cluster(0, key(0), simpleBlock(2, 10, true, frame(5, 5)), picture(40))],
      cues: [{ time: 0, cluster: 0 }],
      atEnd: [
        element(
          Id.Tags,
          tag(101, ['BPS', '1500000'], ['DURATION', '00:00:00.080000000'], ['_STATISTICS_TAGS', 'BPS DURATION']),
          tag(102, ['DURATION', '00:00:00.052667000']),
        ),
      ],
    })
    const source = sourceOf(bytes)
    const { index } = await openMatroska(source)
    expect(index.tracks[0]).toMatchObject({ bitrateBps: 1_500_000, start: 0, end: 2000, language: 'en' })
    // Starts at 10 ms on the clock, of which 21 ms are priming; the tag's DURATION is its end.
    expect(index.tracks[1]).toMatchObject({
      language: 'de-AT',
      roles: ['commentary'],
      priming: 1024,
      seekPreroll: 3840,
      start: 480,
      end: 1504,
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [audio] = await demuxer.readSpan({ first: 0, end: 1 }, [2])
    expect([...(audio?.dts ?? [])]).toEqual([480 - 1024])
  })

  it('undoes header stripping and zlib', async () => {
    const compression = (...parts: Bytes[]): Bytes =>
      element(Id.ContentEncodings, element(Id.ContentEncoding, element(Id.ContentCompression, ...parts)))
    const stripped = compression(uint(Id.ContentCompAlgo, 3), element(Id.ContentCompSettings, Uint8Array.of(1, 2)))
    // zlib.deflateSync('aaaaaaaaaa')
    const deflated = Uint8Array.from(atob('eJxLTIQBABThA8s='), char => char.charCodeAt(0))
    const bytes = film({
      tracks: [videoEntry(stripped), audioEntry(compression(uint(Id.ContentCompAlgo, 0)))],
      clusters: [cluster(0, simpleBlock(1, 0, true, Uint8Array.of(3, 4)), simpleBlock(2, 0, true, deflated))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [video, audio] = await demuxer.readSpan({ first: 0, end: 1 }, [1, 2])
    expect(video?.data).toEqual([Uint8Array.of(1, 2, 3, 4)])
    expect([...(video?.size ?? [])]).toEqual([4])
    expect(new TextDecoder().decode(audio?.data[0])).toBe('aaaaaaaaaa')
  })

  it('refuses an encrypted track only when it is asked for', async () => {
    const encrypted = element(
      Id.ContentEncodings,
      element(Id.ContentEncoding, uint(Id.ContentEncodingType, 1), element(Id.ContentEncryption)),
    )
    const bytes = film({
      tracks: [videoEntry(), audioEntry(encrypted)],
      clusters: [cluster(0, key(0), simpleBlock(2, 0, true, frame(5, 5)))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    expect((await demuxer.readSpan({ first: 0, end: 1 }, [1])).length).toBe(1)
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [1, 2])).rejects.toMatchObject({ code: 'ENCRYPTED' })
  })

  it('reads laced sound: frame i lies i frames after its block', async () => {
    const laced = concat(Uint8Array.of(2, 3, 4), frame(3, 1), frame(4, 2), frame(5, 3))
    const bytes = film({
      tracks: [videoEntry(), audioEntry()],
      clusters: [cluster(0, key(0), element(Id.SimpleBlock, block(2, 0, 0x80 | 0x02, laced)))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [audio] = await demuxer.readSpan({ first: 0, end: 1 }, [2])
    expect([...(audio?.dts ?? [])]).toEqual([0, 1024, 2048])
    expect(audio?.data).toEqual([frame(3, 1), frame(4, 2), frame(5, 3)])
  })
})

describe('isMatroska', () => {
  it('knows the EBML header', () => {
    expect(isMatroska(ebmlHeader())).toBe(true)
    expect(isMatroska(new Uint8Array(8))).toBe(false)
    expect(isMatroska(new Uint8Array(2))).toBe(false)
  })
})

describe('walkElements', () => {
  it('tells every element with its level', () => {
    const bytes = film({ ...simple, clusters: [simple.clusters[0]!], withoutSeekHead: true })
    const lines = [...walkElements(bytes)].map(({ level, name, size }) => `${'  '.repeat(level)}${name} ${size}`)
    expect(lines.slice(0, 6)).toEqual([
      'EBML 18',
      '  DocType 8',
      'Segment 257',
      '  Info 19',
      '    TimestampScale 8',
      '  Tracks 147',
    ])
    expect(lines.slice(-4)).toEqual(['  Cluster 55', '    Timestamp 8', '    SimpleBlock 10', '    SimpleBlock 10'])
  })
})
