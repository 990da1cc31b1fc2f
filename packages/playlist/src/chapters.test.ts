import { describe, expect, it } from 'vitest'
import { chapterDateRanges, writeChaptersJson, writeMediaPlaylist } from './index.js'

const chapters = [
  {
    startMs: 0,
    titles: [
      { language: 'en', title: 'A "birth"\n<b>' },
      { language: 'es', title: 'nacimiento' },
      { language: 'en', title: 'again' },
    ],
  },
  { startMs: 500_100.5, endMs: 600_000, titles: [{ language: '', title: 'life' }] },
  { startMs: 700_000, endMs: 700_000, titles: [] },
]

describe('writeChaptersJson', () => {
  it("writes Apple's format", () => {
    expect(writeChaptersJson(chapters)).toBe(`[
  {
    "chapter": 1,
    "start-time": 0,
    "titles": [
      {
        "language": "en",
        "title": "A \\"birth\\"\\n<b>"
      },
      {
        "language": "es",
        "title": "nacimiento"
      }
    ]
  },
  {
    "chapter": 2,
    "start-time": 500.1005,
    "duration": 99.8995,
    "titles": [
      {
        "language": "und",
        "title": "life"
      }
    ]
  },
  {
    "chapter": 3,
    "start-time": 700
  }
]
`)
  })
})

describe('chapterDateRanges', () => {
  it('gives date ranges for a playlist that starts at a date', () => {
    const epochMs = Date.UTC(2026, 0, 31, 20, 15)
    const text = writeMediaPlaylist({
      targetDuration: 6,
      dateRanges: chapterDateRanges(chapters.slice(0, 2), epochMs),
      segments: [{ uri: '0.m4s', durationUs: 6_000_000, programDateTimeMs: epochMs }],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-DATERANGE:ID="chapter-1",CLASS="chapter",START-DATE="2026-01-31T20:15:00.000Z",X-TITLE="A 'birth' <b>",X-LANGUAGE="en",END-ON-NEXT=YES
#EXT-X-DATERANGE:ID="chapter-2",CLASS="chapter",START-DATE="2026-01-31T20:23:20.101Z",DURATION=99.8995,X-TITLE="life",X-LANGUAGE="und"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T20:15:00.000Z
#EXTINF:6,
0.m4s
`)
  })

  it('needs a date in the playlist', () => {
    const dateRanges = chapterDateRanges(chapters, 0)
    expect(() => writeMediaPlaylist({ targetDuration: 6, dateRanges, segments: [] })).toThrow(
      'dateRanges need a segment with programDateTimeMs.',
    )
    const segments = [{ uri: 'a', durationUs: 1, programDateTimeMs: Number.NaN }]
    expect(() => writeMediaPlaylist({ targetDuration: 6, segments })).toThrow('NaN is no time')
  })
})
