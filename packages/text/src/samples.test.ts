import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, box, textTrack } from '../testing/batches.js'
import { faultOf } from '../testing/safe-payload.js'
import { isReadableText, readTextSamples } from './samples.js'

const SRT = textTrack('srt', 'S_TEXT/UTF8')

/** A tx3g sample. */
function tx3g(text: string | Uint8Array, ...boxes: Uint8Array[]): Uint8Array {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const parts = [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes, ...boxes]
  return Uint8Array.from(parts.flatMap(part => [...part]))
}

function styl(...records: readonly (readonly [from: number, to: number, face: number, rgba: number])[]): Uint8Array {
  const payload = new Uint8Array(2 + records.length * 12)
  const view = new DataView(payload.buffer)
  view.setUint16(0, records.length)
  records.forEach(([from, to, face, rgba], i) => {
    view.setUint16(2 + i * 12, from)
    view.setUint16(4 + i * 12, to)
    view.setUint8(8 + i * 12, face)
    view.setUint32(10 + i * 12, rgba)
  })
  return box('styl', payload)
}

describe('readTextSamples: SRT', () => {
  it('gives times in µs on the film’s clock', () => {
    const batch = batchOf([[24024, 48048, 'a <i>b</i>']], 24000)
    batch.compositionOffset[0] = 1001
    expect(readTextSamples(SRT, batch)).toEqual([{ startUs: 1042708, endUs: 3044708, payload: 'a <i>b</i>' }])
  })

  it('shows a sample without a duration until the next one, 5 s at most', () => {
    const cues = readTextSamples(
      SRT,
      batchOf([
        [0, 0, 'a'],
        [2000, 0, 'b'],
        [2000, 1000, 'c'],
        [60_000, 0, 'd'],
      ]),
    )
    expect(cues.map(({ startUs, endUs, payload }) => [payload, startUs / 1000, endUs / 1000])).toEqual([
      ['a', 0, 2000],
      ['b', 2000, 7000],
      ['c', 2000, 3000],
      ['d', 60_000, 65_000],
    ])
  })

  it('drops samples without text and at impossible times', () => {
    expect(
      readTextSamples(
        SRT,
        batchOf([
          [0, 1000, ''],
          [0, 1000, ' \n'],
          [1e15, 1000, 'x'],
        ]),
      ),
    ).toEqual([])
  })

  it('decodes by the language of the track', () => {
    const russian = textTrack('srt', 'S_TEXT/UTF8', '', 'ru')
    const sample = Uint8Array.of(0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2)
    expect(readTextSamples(russian, batchOf([[0, 1000, sample]]))[0]?.payload).toBe('Привет')
  })

  it('cuts 10 MB of text at 64 KiB', () => {
    const [cue] = readTextSamples(SRT, batchOf([[0, 1000, '<b>é</b>'.repeat(1_250_000)]]))
    expect(cue!.payload.length).toBeGreaterThan(7_000)
    expect(faultOf(cue!.payload)).toBeUndefined()
  })
})

describe('readTextSamples: ASS', () => {
  const track = textTrack(
    'ass',
    'S_TEXT/ASS',
    `[V4+ Styles]
Format: Name, PrimaryColour, Bold, Italic, Alignment, MarginL, MarginR, MarginV
Style: Default,&H00FFFFFF,0,0,2,10,10,10
Style: Top,&H00FFFFFF,0,-1,8,10,10,10
`,
  )

  it('reads events as Matroska has them, with commas in the text', () => {
    const cues = readTextSamples(
      track,
      batchOf([
        [1000, 2000, '3,0,Default,Bob,0,0,0,,Well, {\\b1}yes{\\b0}, I think'],
        [1500, 500, '4,0,Top,,0,0,0,,A sign\\Nabove'],
        [2000, 500, '5,0,Default,,0,0,0,,{\\p1}m 0 0 l 9 9'],
      ]),
    )
    expect(cues).toEqual([
      { startUs: 1_000_000, endUs: 3_000_000, payload: 'Well, <b>yes</b>, I think' },
      { startUs: 1_500_000, endUs: 2_000_000, payload: '<i>A sign\nabove</i>', settings: 'line:0' },
    ])
  })

  it('joins the layers of a line, and a sign that moves from picture to picture', () => {
    const cues = readTextSamples(
      track,
      batchOf([
        [0, 1000, '0,0,Top,,0,0,0,,{\\blur3}SIGN'],
        [0, 1000, '1,1,Top,,0,0,0,,SIGN'],
        [1000, 40, '2,0,Top,,0,0,0,,{\\pos(10,10)}SIGN'],
        [1040, 40, '3,0,Top,,0,0,0,,{\\pos(12,10)}SIGN'],
        [5000, 1000, '4,0,Top,,0,0,0,,SIGN'],
      ]),
    )
    expect(cues.map(({ startUs, endUs }) => [startUs / 1000, endUs / 1000])).toEqual([
      [0, 1080],
      [5000, 6000],
    ])
  })
})

describe('readTextSamples: WebVTT', () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('takes settings and identifier from the BlockAddition', () => {
    const track = textTrack('webvtt', 'S_TEXT/WEBVTT')
    const batch = batchOf([
      [0, 1000, 'Hello <b>there</b>'],
      [2000, 1000, 'plain'],
    ])
    const additions = [encode('line:0 align:start\nid-one\nNOTE hello comment'), undefined]
    expect(readTextSamples(track, { ...batch, additions })).toEqual([
      { startUs: 0, endUs: 1_000_000, payload: 'Hello <b>there</b>', settings: 'line:0 align:start', id: 'id-one' },
      { startUs: 2_000_000, endUs: 3_000_000, payload: 'plain' },
    ])
  })

  it('reads MP4: boxes, and joins a cue that is cut into samples', () => {
    const track = textTrack('webvtt', 'wvtt')
    const long = box('vttc', box('iden', 'x'), box('sttg', 'line:10%'), box('payl', 'long & <i>slanted</i>'))
    const cues = readTextSamples(
      track,
      batchOf([
        [0, 1000, box('vtte')],
        [1000, 1000, long],
        [2000, 500, Uint8Array.from([...long, ...box('vttc', box('payl', 'second'))])],
        [2500, 500, long],
      ]),
    )
    expect(cues).toEqual([
      { startUs: 1e6, endUs: 3e6, payload: 'long &amp; <i>slanted</i>', settings: 'line:10%', id: 'x' },
      { startUs: 2e6, endUs: 2.5e6, payload: 'second' },
    ])
  })
})

describe('readTextSamples: tx3g', () => {
  const track = textTrack('tx3g', 'tx3g')

  it('makes tags of style records, counted in characters', () => {
    const sample = tx3g('😀é bold & red', styl([3, 7, 1, 0xffffffff], [10, 13, 2, 0xff0000ff]))
    expect(readTextSamples(track, batchOf([[0, 1000, sample]]))).toEqual([
      { startUs: 0, endUs: 1e6, payload: '😀é <b>bold</b> &amp; <c.red><i>red</i></c>' },
    ])
  })

  it('reads UTF-16, forced samples, and gaps', () => {
    const utf16 = Uint8Array.of(0xfe, 0xff, 0x00, 0xe9, 0x26, 0x3a)
    const cues = readTextSamples(
      track,
      batchOf([
        [0, 1000, tx3g('')],
        [1000, 1000, tx3g(utf16, box('frcd'))],
        [2000, 1000, Uint8Array.of(0)],
      ]),
    )
    expect(cues).toEqual([{ startUs: 1e6, endUs: 2e6, payload: 'é☺', forced: true }])
  })

  it('reads QuickTime text in Mac Roman', () => {
    const sample = tx3g(Uint8Array.of(0x63, 0x61, 0x66, 0x8e))
    expect(readTextSamples(textTrack('tx3g', 'text'), batchOf([[0, 1000, sample]]))[0]?.payload).toBe('café')
  })
})

describe('readTextSamples', () => {
  it('refuses pictures', () => {
    const track = textTrack('pgs', 'S_HDMV/PGS')
    expect(isReadableText(track)).toBe(false)
    expect(() => readTextSamples(track, batchOf([]))).toThrow('Subtitles of codec pgs are not text.')
  })

  it('takes any bytes', () => {
    const tracks = [
      SRT,
      textTrack('ass', 'S_TEXT/ASS'),
      textTrack('webvtt', 'S_TEXT/WEBVTT'),
      textTrack('webvtt', 'wvtt'),
      textTrack('tx3g', 'tx3g'),
    ]
    const part = fc.constantFrom(
      box('vttc', box('payl', 'x<b>')),
      tx3g('ab', styl([0, 9, 7, 1])),
      styl([1, 0, 255, -1]),
    )
    const bytes = fc.array(fc.oneof(part, fc.uint8Array({ maxLength: 30 })), { maxLength: 5 })
    fc.assert(
      fc.property(fc.constantFrom(...tracks), fc.array(bytes, { maxLength: 4 }), (track, samples) => {
        const rows = samples.map((parts, i) => {
          return [i * 500, 700, Uint8Array.from(parts.flatMap(piece => [...piece]))] as const
        })
        const batch = { ...batchOf(rows), additions: rows.map(row => row[2]) }
        for (const cue of readTextSamples(track, batch)) {
          expect(faultOf(cue.payload)).toBeUndefined()
          expect(cue.endUs).toBeGreaterThan(cue.startUs)
        }
      }),
    )
  })
})
