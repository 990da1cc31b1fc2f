import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../testing/safe-payload.js'
import { parseSubtitleFile } from './file.js'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Format, and start ms, end ms, payload and settings of each cue. */
function read(text: string) {
  const { format, cues } = parseSubtitleFile(encode(text))
  return [format, ...cues.map(cue => [cue.startUs / 1000, cue.endUs / 1000, cue.payload, cue.settings ?? ''])]
}

describe('parseSubtitleFile: SRT', () => {
  it('reads a proper file', () => {
    expect(read('1\n00:00:01,000 --> 00:00:02,500\nOne\nline\n\n2\n01:00:03,000 --> 01:00:04,000\nTwo\n')).toEqual([
      'srt',
      [1000, 2500, 'One\nline', ''],
      [3_603_000, 3_604_000, 'Two', ''],
    ])
  })

  it('reads a sloppy one', () => {
    const text = [
      '\ufeff',
      '00:01.5 -> 0:2,75',
      'no number, no hours',
      '7',
      '00:00:03.000 --> 00:00:04:500  X1:10 X2:20',
      'a blank line',
      '',
      'within',
      '',
      '8',
      '',
      '00:00:05,000-->00:00:05,000',
      '42',
      '',
      '00:00:06,000 --> 00:00:07,000',
      '99 problems',
    ].join('\r\n')
    expect(read(text)).toEqual([
      'srt',
      [1500, 2750, 'no number, no hours', ''],
      [3000, 4500, 'a blank line\nwithin', ''],
      [5000, 6000, '42', ''],
      [6000, 7000, '99 problems', ''],
    ])
  })

  it('sorts, keeps overlaps and negative times, and repairs what ends before it begins', () => {
    const text = `1
00:00:10,000 --> 00:00:20,000
late

2
00:00:05,000 --> 00:00:15,000
early

3
-00:00:01,000 --> 00:00:01,000
before

4
00:00:30,000 --> 00:00:29,000
backwards
`
    expect(read(text)).toEqual([
      'srt',
      [-1000, 1000, 'before', ''],
      [5000, 15_000, 'early', ''],
      [10_000, 20_000, 'late', ''],
      [30_000, 35_000, 'backwards', ''],
    ])
  })

  it('tells the encoding', () => {
    const bytes = Uint8Array.from([...encode('1\n00:00:01,000 --> 00:00:02,000\n'), 0xcf, 0xf0, 0xe8])
    const { encoding, cues } = parseSubtitleFile(bytes, { language: 'ru' })
    expect([encoding, cues[0]?.payload]).toEqual(['windows-1251', 'При'])
  })
})

describe('parseSubtitleFile: WebVTT', () => {
  it('reads cues, and neither notes, styles nor regions', () => {
    const text = `WEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

REGION
id:fred

NOTE a note --> with an arrow

intro
00:01.000 --> 00:02.000 line:0 region:fred
<v Ann>Hello</v>
second line

00:00:03.000 --> 00:00:04.000
missing blank line
00:00:05.000 --> 00:00:06.000
next
`
    expect(read(text)).toEqual([
      'webvtt',
      [1000, 2000, '<v Ann>Hello</v>\nsecond line', 'line:0'],
      [3000, 4000, 'missing blank line', ''],
      [5000, 6000, 'next', ''],
    ])
    expect(parseSubtitleFile(encode(text)).cues[0]?.id).toBe('intro')
  })
})

describe('parseSubtitleFile: ASS', () => {
  it('reads events in the order of their own format', () => {
    const text = `[Script Info]
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, PrimaryColour, Italic, Alignment
Style: Default,&H00FFFFFF,0,2
Style: Note,&H00FFFFFF,1,8

[Fonts]
Dialogue: 0,0:00:09.00,0:00:10.00,Default,,0,0,0,,no event

[Events]
Format: Start, End, Style, Text
Comment: 0:00:01.00,0:00:02.00,Default,not shown
Dialogue: 0:00:01.25,0:00:02.90,Default,Well, {\\b1}yes
Dialogue: 0:00:00.50,0:00:01.00,Note,Note
Dialogue: nonsense,0:00:01.00,Note,Note
`
    expect(read(text)).toEqual(['ass', [500, 1000, '<i>Note</i>', 'line:0'], [1250, 2900, 'Well, <b>yes</b>', '']])
  })
})

describe('parseSubtitleFile', () => {
  it('gives no cues where nothing is readable', () => {
    expect(parseSubtitleFile(new Uint8Array())).toEqual({ format: 'srt', encoding: 'utf-8', cues: [] })
    expect(read('{"json": true}\n')).toEqual(['srt'])
  })

  it('reads 200,000 cues at most', () => {
    const file = encode('1\n00:00:01,000 --> 00:00:02,000\nx\n\n'.repeat(200_010))
    expect(parseSubtitleFile(file).cues).toHaveLength(200_000)
  })

  it('takes any text', () => {
    const piece = fc.constantFrom(
      ...[
        '00:00:01,000 --> 00:00:02,000\n',
        '-00:01.5 -> 0:2,75 line:0\n',
        '1\n',
        '\n\n',
        '\r',
        'WEBVTT\n\n',
        'NOTE x\n',
      ],
      ...[
        '[Events]\n',
        '[Script Info]\n',
        'Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,',
        'Format: Text, Start\n',
      ],
      ...['<b>', '-->', '{\\an8}', '[V4 Styles]\nStyle: a,b,c\n', '\0', '99999999999999999999:00:00,000 --> 1:00'],
    )
    const format = fc.constantFrom(undefined, 'srt' as const, 'ass' as const, 'webvtt' as const)
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), format, (pieces, hint) => {
        for (const cue of parseSubtitleFile(encode(pieces.join('')), { format: hint }).cues) {
          expect(faultOf(cue.payload)).toBeUndefined()
          expect(Number.isSafeInteger(cue.startUs) && cue.endUs > cue.startUs).toBe(true)
        }
      }),
    )
  })

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), data => {
        expect(parseSubtitleFile(data).cues).toEqual([])
      }),
    )
  })
})
