import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, textTrack } from '../testing/batches.js'
import type { TextCue } from './cue.js'
import { CueStore } from './cue-store.js'
import { parseSubtitleFile } from './file.js'
import { readTextSamples } from './samples.js'
import { writeStoryboard } from './storyboard.js'
import { writeWebVtt, writeWebVttSegment } from './write.js'

const CUES: readonly TextCue[] = [
  { startUs: 10_000_000, endUs: 11_000_000, payload: 'first', id: '1' },
  { startUs: 15_500_000, endUs: 17_250_000, payload: 'over the <i>boundary</i>', settings: 'line:0', id: '2' },
  { startUs: 16_000_000, endUs: 17_000_000, payload: 'second', id: '2' },
]

describe('writeWebVttSegment', () => {
  const segment = (fromUs: number, toUs: number): string =>
    writeWebVttSegment({ cues: CUES, fromUs, toUs, zeroUs: 10_000_000, mpegTs: 7500 })

  it('repeats a cue with its whole time in each segment that it touches', () => {
    expect(segment(10_000_000, 16_000_000)).toBe(`WEBVTT
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:7500

00:00:00.000 --> 00:00:01.000
first

00:00:05.500 --> 00:00:07.250 line:0
over the <i>boundary</i>
`)
    expect(segment(16_000_000, 22_000_000)).toBe(`WEBVTT
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:7500

00:00:05.500 --> 00:00:07.250 line:0
over the <i>boundary</i>

00:00:06.000 --> 00:00:07.000
second
`)
  })

  it('is a valid file without cues', () => {
    expect(segment(30_000_000, 36_000_000)).toBe('WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:7500\n')
  })

  it('wraps the map at 33 bits', () => {
    const { mpegTs, ...rest } = { cues: [], fromUs: 0, toUs: 1, zeroUs: 0, mpegTs: 2 ** 33 + 5 }
    expect(writeWebVttSegment({ ...rest, mpegTs })).toContain('MPEGTS:5\n')
    expect(writeWebVttSegment({ ...rest, mpegTs: -1 })).toContain('MPEGTS:8589934591\n')
    expect(writeWebVttSegment(rest)).toBe('WEBVTT\n')
  })

  it('has no time below zero, and drops what ends before', () => {
    const cues = [
      { startUs: -2_000_000, endUs: 1_000_000, payload: 'begun' },
      { startUs: -2_000_000, endUs: -1_000_000, payload: 'over' },
    ]
    expect(writeWebVttSegment({ cues, fromUs: -5_000_000, toUs: 6_000_000, zeroUs: 0 })).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nbegun\n',
    )
  })

  it('writes a cue once, in order of its start', () => {
    const text = writeWebVttSegment({ cues: [...CUES].reverse().concat(CUES), fromUs: 0, toUs: 1e9, zeroUs: 0 })
    expect(text.match(/^\w.*$/gm)?.filter(line => !/-->|WEBVTT/.test(line))).toEqual([
      'first',
      'over the <i>boundary</i>',
      'second',
    ])
  })

  it('bounds what a malicious track makes of a segment', () => {
    const cues = Array.from({ length: 100_000 }, (_, i) => {
      return { startUs: i, endUs: 1e10 + i * 1000, payload: `cue ${i}` }
    })
    expect(writeWebVttSegment({ cues, fromUs: 0, toUs: 6e6, zeroUs: 0 }).split('-->')).toHaveLength(1001)
    const large = cues.slice(0, 500).map(cue => ({ ...cue, payload: 'x'.repeat(60_000) }))
    expect(writeWebVttSegment({ cues: large, fromUs: 0, toUs: 6e6, zeroUs: 0 }).length).toBeLessThan(4.2e6)
  })

  it('refuses times that are no integers', () => {
    expect(() => writeWebVttSegment({ cues: [], fromUs: 0.5, toUs: 1, zeroUs: 0 })).toThrow('fromUs is 0.5')
  })
})

describe('writeWebVtt', () => {
  it('writes one file, with the identifiers that are unique', () => {
    expect(writeWebVtt(CUES, { zeroUs: 10_000_000 })).toBe(`WEBVTT

1
00:00:00.000 --> 00:00:01.000
first

00:00:05.500 --> 00:00:07.250 line:0
over the <i>boundary</i>

00:00:06.000 --> 00:00:07.000
second
`)
  })

  it('writes what parseSubtitleFile reads back', () => {
    const text = writeWebVtt([{ startUs: 360_000_123_000, endUs: 360_001_000_000, payload: '<b>a</b> &lt;b&gt;' }])
    expect(text).toBe('WEBVTT\n\n100:00:00.123 --> 100:00:01.000\n<b>a</b> &lt;b&gt;\n')
    expect(parseSubtitleFile(new TextEncoder().encode(text)).cues).toEqual([
      { startUs: 360_000_123_000, endUs: 360_001_000_000, payload: '<b>a</b> &lt;b&gt;' },
    ])
  })

  it('has one cue for each block whatever a sample says', () => {
    const track = textTrack('srt', 'S_TEXT/UTF8')
    const evil = 'a\n\n2\n00:00:05.000 --> 00:00:09.000\n<script>x</script>\n\nNOTE\n'
    expect(writeWebVtt(readTextSamples(track, batchOf([[0, 1000, evil]])))).toBe(`WEBVTT

00:00:00.000 --> 00:00:01.000
a
2
00:00:05.000 --&gt; 00:00:09.000
&lt;script&gt;x&lt;/script&gt;
NOTE
`)
  })
})

describe('CueStore', () => {
  it('keeps each cue once, and finds what overlaps', () => {
    const store = new CueStore()
    store.add(CUES.slice(1))
    expect(store.overlapping(0, 20e6)).toHaveLength(2)
    store.add(CUES)
    expect(store.size).toBe(3)
    expect(store.overlapping(16_500_000, 16_600_000).map(cue => cue.payload)).toEqual([
      'over the <i>boundary</i>',
      'second',
    ])
    expect(store.overlapping(11_000_000, 15_500_000)).toEqual([])
    expect(new CueStore().overlapping(0, 1)).toEqual([])
  })

  it('finds what a search through all cues finds', () => {
    const cue = fc.record({ startUs: fc.integer({ min: -50, max: 50 }), length: fc.integer({ min: 1, max: 60 }) })
    fc.assert(
      fc.property(
        fc.array(cue, { maxLength: 40 }),
        fc.integer({ min: -60, max: 60 }),
        fc.nat(30),
        (drafts, from, long) => {
          const cues = drafts.map(({ startUs, length }, i) => ({ startUs, endUs: startUs + length, payload: `${i}` }))
          const store = new CueStore()
          store.add(cues.slice(0, 7))
          store.overlapping(0, 1)
          store.add(cues)
          const expected = cues.filter(({ startUs, endUs }) => startUs < from + long && endUs > from)
          expect(store.overlapping(from, from + long)).toEqual(expected.sort((a, b) => a.startUs - b.startUs))
        },
      ),
    )
  })
})

describe('writeStoryboard', () => {
  it('writes a part of a picture for each cue', () => {
    const tiles = [
      { startUs: 0, endUs: 10e6, uri: 'tiles-0.jpg', x: 0, y: 0, width: 160, height: 90 },
      { startUs: 10e6, endUs: 20e6, uri: 'a b\n-->.jpg?q=1', x: 160, y: 0, width: 160, height: 90 },
    ]
    expect(writeStoryboard(tiles)).toBe(`WEBVTT

00:00:00.000 --> 00:00:10.000
tiles-0.jpg#xywh=0,0,160,90

00:00:10.000 --> 00:00:20.000
a%20b%0A--%3E.jpg?q=1#xywh=160,0,160,90
`)
    expect(() => writeStoryboard([{ ...tiles[0]!, x: 0.5 }])).toThrow('whole pixels')
  })
})
