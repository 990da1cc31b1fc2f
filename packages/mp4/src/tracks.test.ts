import { describe, expect, it } from 'vitest'
import { AUDIO, open, VIDEO } from '../testing/films.js'
import {
  ascii,
  avc1,
  box,
  esds,
  fullBox,
  memorySource,
  soundEntry,
  words,
  writeMovie,
} from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

/** Of x265, with its three parameter sets. */
const HVCC =
  '0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003c95' +
  '9809210001002b42010101600000030090000003000003003ca00a080c1f3e595992930bc05a020000030002000003003010' +
  '22000100064401c073c189'

describe('what else a track says', () => {
  it('reads language, title, default, rotation, colour, aspect and clean aperture', async () => {
    const clap = words(1900, 1, 1060, 1, 0, 1, 0, 1)
    const colr = box('colr', ascii('nclx'), Uint8Array.of(0, 9, 0, 16, 0, 9, 0x80))
    const entries = [avc1(colr, box('pasp', words(4, 3)), box('clap', clap), box('clli', words(0x03e80190)))]
    const matrix = [0, 65536, 0, -65536, 0, 0, 0, 0, 1073741824]
    const demuxer = await open({
      tracks: [
        { ...VIDEO, entries, matrix, name: 'VideoHandler', language: 'eng' },
        { ...AUDIO, isDisabled: true, language: 'ger', name: 'Kommentar' },
        { ...AUDIO, language: 'haw', name: 'Core Media Audio' },
      ],
    })
    expect(demuxer.index.tracks[0]).toMatchObject({
      language: 'en',
      title: undefined,
      isDefault: true,
      rotation: 90,
      pixelAspect: [4, 3],
      cleanAperture: clap,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: true },
      hdr: { clli: Uint8Array.of(3, 232, 1, 144) },
    })
    expect(demuxer.index.tracks[1]).toMatchObject({ language: 'de', title: 'Kommentar', isDefault: false })
    expect(demuxer.index.tracks[2]).toMatchObject({ language: 'haw', title: undefined, isDefault: true })
  })

  it.each([
    ['mp4a', [esds(0x6b)], 'mp3'],
    ['mp4a', [esds(0x69)], 'mp3'],
    ['.mp3', [], 'mp3'],
    ['ms\0U', [], 'mp3'],
    ['sowt', [], 'pcm'],
    ['dtsc', [], 'dts'],
    ['samr', [], 'unknown'],
  ])('knows the sound of %s', async (type, boxes, codec) => {
    const demuxer = await open({ tracks: [{ ...AUDIO, entries: [soundEntry(type, ...boxes)] }] })
    expect(demuxer.index.tracks[0]).toMatchObject({ codec, containerCodec: type })
  })

  it('reads QuickTime sound of version 1 with its wave box', async () => {
    const entry = soundEntry('mp4a', words(1024, 0, 0, 2), box('wave', box('frma', ascii('mp4a')), esds()))
    entry[17] = 1
    const demuxer = await open({ brand: 'qt  ', tracks: [{ ...AUDIO, entries: [entry] }] })
    expect(demuxer.index.container).toBe('mov')
    expect(demuxer.index.tracks[0]).toMatchObject({ codec: 'aac', descriptions: [{ codecString: 'mp4a.40.2' }] })
  })

  it.each([
    ['hev1', HVCC, 'hvc1'],
    ['hev1', `${HVCC.slice(0, 44)}00`, 'hev1'],
    ['hvc1', HVCC, 'hvc1'],
    ['dvhe', HVCC, 'hev1'],
  ])('names %s by where its parameter sets are', async (type, hvcC, name) => {
    const entry = box(type, avc1().subarray(8, 86), box('hvcC', Uint8Array.from(Buffer.from(hvcC, 'hex'))))
    const { index } = await open({ tracks: [{ ...VIDEO, entries: [entry] }] })
    expect(index.tracks[0]).toMatchObject({ codec: 'hevc', containerCodec: type })
    expect(index.tracks[0]!.descriptions[0].codecString).toMatch(new RegExp(`^${name}\\.1\\.`))
  })

  it('reads what a track is for', async () => {
    const kind = (scheme: string, value: string): Uint8Array => fullBox('kind', 0, 0, ascii(`${scheme}\0${value}\0`))
    const role = (value: string): Uint8Array => kind('urn:mpeg:dash:role:2011', value)
    const text = (flags: number): Uint8Array => {
      const fields = new Uint8Array(30)
      fields[0] = flags
      return box('tx3g', new Uint8Array(8), fields)
    }
    const { kind: _, ctts: __, stss: ___, ...rest } = VIDEO
    const TEXT = { ...rest, kind: 'text' } as const
    const demuxer = await open({
      tracks: [
        VIDEO,
        { ...AUDIO, extra: [box('udta', role('commentary'), role('main'))] },
        { ...AUDIO, extra: [box('udta', kind('about:html-kind', 'main-desc'), kind('urn:other', 'caption'))] },
        { ...TEXT, entries: [text(0)], extra: [box('udta', role('caption'), role('forced-subtitle'))] },
        { ...TEXT, entries: [text(0x80)] },
        { ...TEXT, entries: [text(0x40)], extra: [box('udta', box('kind', words(0)), box('kind'))] },
      ],
    })
    expect(demuxer.index.tracks.map(({ isForced, roles }) => [isForced, ...roles])).toEqual([
      [false],
      [false, 'commentary'],
      [false, 'visual-impaired'],
      [true, 'hearing-impaired'],
      [true],
      [false],
    ])
  })

  it('lists encrypted tracks and refuses to read them', async () => {
    const sinf = box('sinf', box('frma', ascii('mp4a')))
    const demuxer = await open({ tracks: [{ ...AUDIO, entries: [soundEntry('enca', esds(), sinf)] }] })
    expect(demuxer.index.tracks[0]).toMatchObject({ codec: 'aac' })
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [1])).rejects.toMatchObject({ code: 'ENCRYPTED' })
  })

  it('reads title, cover and chapters of the film', async () => {
    const data = (type: number, value: Uint8Array): Uint8Array => box('data', words(type, 0), value)
    const ilst = box('ilst', box('©nam', data(1, ascii('A film'))), box('covr', data(14, ascii('PNG!'))))
    const chapter = (hundredNs: number, title: string): Uint8Array[] => [
      words(0, hundredNs),
      Uint8Array.of(title.length),
      ascii(title),
    ]
    const chpl = fullBox('chpl', 1, 0, words(0), Uint8Array.of(2), ...chapter(0, 'One'), ...chapter(5_000_000, 'Two'))
    const meta = fullBox('meta', 0, 0, fullBox('hdlr', 0, 0, new Uint8Array(20)), ilst)
    const bytes = writeMovie({ tracks: [VIDEO], extra: [box('udta', meta, chpl)] })
    const { index } = await openMp4(memorySource(bytes))
    expect(index.title).toBe('A film')
    expect(index.chapters).toEqual([
      { startMs: 0, endMs: 500, title: 'One' },
      { startMs: 500, endMs: undefined, title: 'Two' },
    ])
    const [cover] = index.attachments
    expect(cover).toMatchObject({ name: 'cover.png', mimeType: 'image/png', sizeBytes: 4 })
    expect(Buffer.from(bytes.subarray(cover!.offsetBytes, cover!.offsetBytes + 4)).toString()).toBe('PNG!')
  })
})
