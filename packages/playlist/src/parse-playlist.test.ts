import { CuemuxError } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { type ParseOptions, parsePlaylist } from './index.js'

/** What strict reading says of a text. */
function strictError(text: string, options: ParseOptions = {}): string {
  try {
    parsePlaylist(text, { ...options, strict: true })
  } catch (error) {
    if (error instanceof CuemuxError) return error.describe()
  }
  return 'no error'
}

/** What there is, without what is `undefined`. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

describe('parsePlaylist: media', () => {
  it('completes byte ranges, and takes keys and maps where they change', () => {
    const text = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-KEY:METHOD=AES-128,URI="k1",IV=0x01
#EXT-X-MAP:URI="main.mp4",BYTERANGE="720@0"
#EXTINF:9.97667,First, of all
#EXT-X-BYTERANGE:75232@720
main.mp4
#EXTINF:9.97667,
#EXT-X-BYTERANGE:82112
main.mp4
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=NONE
#EXT-X-MAP:URI="ad.mp4"
#EXT-X-CUE-OUT:30
#EXTINF:2,
ad.m4s
#EXT-X-ENDLIST`
    expect(plain(parsePlaylist(text, { strict: true }))).toEqual({
      kind: 'media',
      version: 6,
      targetDuration: 10,
      mediaSequence: 7,
      keys: [{ method: 'AES-128', uri: 'k1', iv: '0x01' }],
      map: { uri: 'main.mp4', byteRange: { lengthBytes: 720, offsetBytes: 0 } },
      segments: [
        {
          uri: 'main.mp4',
          durationUs: 9_976_670,
          title: 'First, of all',
          byteRange: { lengthBytes: 75_232, offsetBytes: 720 },
        },
        { uri: 'main.mp4', durationUs: 9_976_670, byteRange: { lengthBytes: 82_112, offsetBytes: 75_952 } },
        {
          uri: 'ad.m4s',
          durationUs: 2_000_000,
          isDiscontinuity: true,
          keys: [{ method: 'NONE' }],
          map: { uri: 'ad.mp4' },
        },
      ],
      isEnded: true,
      problems: [],
      unknownTags: [{ line: 16, name: 'EXT-X-CUE-OUT', value: '30' }],
    })
  })

  it('takes what is usable of a sloppy list, and says what is wrong', () => {
    const text =
      '\ufeff#EXTM3U url-tvg="http://x/epg.xml"\r\n\r\n# a comment\r\n' +
      '#EXTINF:-1 tvg-id="a,b" group-title="News",Channel One, HD\r\n  http://host/one.ts  \r\n' +
      '#extinf: 9,5\r\nfile name with blanks.ts\r\nbare.ts\r\n#EXT-X-TARGETDURATION: 9.2\r\n#EXTINF:abc,\r\n'
    expect(plain(parsePlaylist(text))).toEqual({
      kind: 'media',
      targetDuration: 10,
      segments: [
        { uri: 'http://host/one.ts', durationUs: 0, title: 'Channel One, HD' },
        { uri: 'file name with blanks.ts', durationUs: 9_000_000, title: '5' },
        { uri: 'bare.ts', durationUs: 0 },
      ],
      problems: [
        { line: 1, message: 'A playlist starts with #EXTM3U, without a byte order mark.' },
        { line: 1, message: 'The first line is "#EXTM3U url-tvg="http://x/epg.xml""; it must be #EXTM3U.' },
        {
          line: 4,
          message: 'EXTINF is "-1 tvg-id="a,b" group-title="News""; it must be a decimal number of seconds.',
        },
        { line: 4, message: 'EXTINF is -1 tvg-id="a,b" group-title="News"; it must not be negative.' },
        { line: 6, message: 'extinf must be written EXTINF.' },
        { line: 8, message: 'A segment needs EXTINF before its address.' },
        { line: 9, message: 'EXT-X-TARGETDURATION is "9.2"; it must be a whole number below 2^53.' },
        { line: 10, message: 'EXTINF is "abc"; it must be a decimal number of seconds.' },
        { line: 10, message: 'EXTINF must be followed by an address.' },
      ],
      unknownTags: [],
    })
  })

  it('measures a missing target, and takes CR alone and dates of other zones', () => {
    const text = '#EXTM3U\r#EXT-X-PROGRAM-DATE-TIME:2026-01-31T21:15:00.1239+0100\r#EXTINF:7.6,\ra.ts\r'
    const playlist = parsePlaylist(text)
    expect(playlist).toMatchObject({
      targetDuration: 8,
      segments: [{ uri: 'a.ts', programDateTimeMs: Date.UTC(2026, 0, 31, 20, 15, 0, 123) }],
    })
    expect(playlist.problems.map(({ message }) => message)).toEqual([
      'A line ends with LF or CR LF, not with CR alone.',
      'EXT-X-TARGETDURATION is missing.',
    ])
  })

  it.each([
    ['#EXTINF:1,\na', 'CORRUPT_INDEX: The first line is "#EXTINF:1,"; it must be #EXTM3U. (at line 1)'],
    ['#EXTM3U\n#EXTINF:1,\na', 'CORRUPT_INDEX: EXT-X-TARGETDURATION is missing. (at line 1)'],
    [
      '#EXTM3U\n#EXT-X-TARGETDURATION:4.5\n',
      'CORRUPT_INDEX: EXT-X-TARGETDURATION is "4.5"; it must be a whole number below 2^53. (at line 2)',
    ],
    [
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.4,\na\n#EXTINF:4.5,\nb\n#EXTINF:1,\nc',
      'CORRUPT_INDEX: A segment lasts 4.5 s; EXT-X-TARGETDURATION allows 4. (at line 6)',
    ],
    ['#EXTM3U\n#EXTINF:1\n', 'CORRUPT_INDEX: EXTINF needs a comma behind the length. (at line 2)'],
    [
      '#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:7\na\n',
      'CORRUPT_INDEX: EXT-X-BYTERANGE needs an offset: the segment before it is no range of the same address. (at line 4)',
    ],
    [
      '#EXTM3U\n#EXT-X-GAP\n#EXT-X-MEDIA:TYPE=AUDIO',
      'CORRUPT_INDEX: EXT-X-MEDIA must not stand in a media playlist. (at line 3)',
    ],
    ['#EXTM3U\n#EXT-X-PLAYLIST-TYPE:vod', 'CORRUPT_INDEX: EXT-X-PLAYLIST-TYPE must be VOD or EVENT. (at line 2)'],
    [
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-TARGETDURATION:1',
      'CORRUPT_INDEX: EXT-X-TARGETDURATION is there twice; once is allowed. (at line 3)',
    ],
    ['#EXTM3U\n#EXT-X-MAP:BYTERANGE="1@0"', 'CORRUPT_INDEX: EXT-X-MAP: URI is missing. (at line 2)'],
    ['#EXTM3U\n#EXT-X-MAP:URI=a', 'CORRUPT_INDEX: EXT-X-MAP: URI=a must be a quoted string. (at line 2)'],
    ['#EXTM3U\n#EXT-X-MAP:URI="a', 'CORRUPT_INDEX: EXT-X-MAP: a quoted string has no end. (at line 2)'],
    [
      '#EXTM3U\n#EXT-X-MAP:uri="a"',
      'CORRUPT_INDEX: EXT-X-MAP: "uri" is no attribute\'s name; allowed are A–Z, 0–9 and the hyphen. (at line 2)',
    ],
    [
      '#EXTM3U\n#EXT-X-PRELOAD-HINT:TYPE=part,URI="a"',
      'CORRUPT_INDEX: EXT-X-PRELOAD-HINT: TYPE is part; allowed are PART, MAP. (at line 2)',
    ],
    [
      '#EXTM3U\n#EXTINF:1,\u0000\n',
      'CORRUPT_INDEX: A playlist must have no control characters but line ends. (at line 2)',
    ],
    ['<html>\n', 'CORRUPT_INDEX: The first line is "<html>"; it must be #EXTM3U. (at line 1)'],
  ])('refuses in strict reading: %j', (text, error) => {
    expect(strictError(text)).toBe(error)
  })

  it('refuses what is no playlist, however it is read', () => {
    for (const text of ['', '<html>\n<p>404</p>', '\n\n# a comment\n']) {
      expect(() => parsePlaylist(text)).toThrow('This is no playlist: it has no tag of HLS.')
    }
  })

  it('has limits', () => {
    const code = (text: string): string => strictError(text).split(':')[0] ?? ''
    expect(code(`#EXTM3U\n${'\n'.repeat(500_001)}`)).toBe('LIMIT_EXCEEDED')
    expect(code(`#EXTM3U\n${'x'.repeat(33 * 1024 * 1024)}`)).toBe('LIMIT_EXCEEDED')
    const bare = parsePlaylist(`#EXTM3U\n${'a\n'.repeat(1000)}`)
    expect(bare.problems).toHaveLength(100)
  })

  it('takes linear time for what makes others slow', () => {
    const million = 1_000_000
    for (const part of ['=', ',', '"', 'A=,', 'A="",', ' ', '{$', '{$a', '-', '1', '\t', '=",']) {
      const run = part.repeat(million / part.length)
      for (const tag of ['EXT-X-MAP:', 'EXTINF:', 'EXT-X-DATERANGE:ID="', 'EXT-X-VERSION:8\n#EXT-X-MAP:URI="', '']) {
        const playlist = parsePlaylist(`#EXTM3U\n#${tag}${run}\n${run}\n`)
        expect(playlist.kind).toBe('media')
      }
    }
  })
})

describe('parsePlaylist: multivariant', () => {
  it("reads a playlist as Apple's examples have it", () => {
    const text = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS

#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=2168183,BANDWIDTH=2177116,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=960x540,FRAME-RATE=60.000,CLOSED-CAPTIONS="cc1",AUDIO="aud1",SUBTITLES="sub1"
v5/prog_index.m3u8
#EXT-X-I-FRAME-STREAM-INF:AVERAGE-BANDWIDTH=182077,BANDWIDTH=188667,CODECS="avc1.64002a",RESOLUTION=1920x1080,URI="v7/iframe_index.m3u8"

#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud1",LANGUAGE="en",NAME="English",AUTOSELECT=YES,DEFAULT=YES,CHANNELS="2",URI="a1/prog_index.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc1",LANGUAGE="en",NAME="English",AUTOSELECT=YES,DEFAULT=YES,INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="sub1",LANGUAGE="en",NAME="English",AUTOSELECT=YES,DEFAULT=YES,FORCED=NO,URI="s1/en/prog_index.m3u8"
`
    expect(plain(parsePlaylist(text, { strict: true }))).toEqual({
      kind: 'multivariant',
      version: 6,
      hasIndependentSegments: true,
      variants: [
        {
          uri: 'v5/prog_index.m3u8',
          bandwidthBps: 2_177_116,
          averageBandwidthBps: 2_168_183,
          codecs: ['avc1.640020', 'mp4a.40.2'],
          resolution: { width: 960, height: 540 },
          frameRate: 60,
          audioGroup: 'aud1',
          subtitlesGroup: 'sub1',
          closedCaptionsGroup: 'cc1',
        },
      ],
      iFrameStreams: [
        {
          uri: 'v7/iframe_index.m3u8',
          bandwidthBps: 188_667,
          averageBandwidthBps: 182_077,
          codecs: ['avc1.64002a'],
          resolution: { width: 1920, height: 1080 },
        },
      ],
      renditions: [
        {
          type: 'AUDIO',
          groupId: 'aud1',
          name: 'English',
          language: 'en',
          isDefault: true,
          isAutoselect: true,
          channels: '2',
          uri: 'a1/prog_index.m3u8',
        },
        {
          type: 'CLOSED-CAPTIONS',
          groupId: 'cc1',
          name: 'English',
          language: 'en',
          isDefault: true,
          isAutoselect: true,
          instreamId: 'CC1',
        },
        {
          type: 'SUBTITLES',
          groupId: 'sub1',
          name: 'English',
          language: 'en',
          isDefault: true,
          isAutoselect: true,
          uri: 's1/en/prog_index.m3u8',
        },
      ],
      problems: [],
      unknownTags: [],
    })
  })

  it('takes what is usable of a sloppy one', () => {
    const text = `#EXTM3U
#EXT-X-TARGETDURATION:10
#EXT-X-STREAM-INF: PROGRAM-ID=1, bandwidth="1280000" , Resolution=1280X720,CODECS=avc1,FRAME-RATE=x,AUDIO="none"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1e6
#EXT-X-STREAM-INF:BANDWIDTH=2560000.5,NAME="HD"junk,CODECS="a
mid.m3u8
lost.m3u8`
    expect(plain(parsePlaylist(text))).toEqual({
      kind: 'multivariant',
      variants: [
        {
          uri: 'low.m3u8',
          bandwidthBps: 1_280_000,
          codecs: ['avc1'],
          resolution: { width: 1280, height: 720 },
          audioGroup: 'none',
        },
        { uri: 'mid.m3u8', bandwidthBps: 2_560_001, codecs: ['a'], name: 'HD' },
      ],
      problems: expect.arrayContaining([
        { line: 2, message: 'EXT-X-TARGETDURATION must not stand in a multivariant playlist.' },
        { line: 3, message: 'EXT-X-STREAM-INF: FRAME-RATE is x; it must be a decimal number that is not negative.' },
        { line: 4, message: 'EXT-X-STREAM-INF: AUDIO="none" names no group of EXT-X-MEDIA.' },
        { line: 6, message: 'EXT-X-STREAM-INF must be followed by an address.' },
        { line: 6, message: 'EXT-X-STREAM-INF: a quoted string has no end.' },
        { line: 8, message: 'lost.m3u8 follows no EXT-X-STREAM-INF; an address must.' },
      ]),
      unknownTags: [{ line: 2, name: 'EXT-X-TARGETDURATION', value: '10' }],
    })
  })

  it.each([
    [
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n"',
      'CORRUPT_INDEX: EXT-X-MEDIA: another rendition of the group is named "n"; names must be unique. (at line 3)',
    ],
    [
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="n",INSTREAM-ID="CC5"',
      'CORRUPT_INDEX: EXT-X-MEDIA: closed captions need INSTREAM-ID: CC1 to CC4, or SERVICE1 to SERVICE63. (at line 2)',
    ],
    ['#EXT-X-SESSION-DATA:DATA-ID="a"', 'CORRUPT_INDEX: EXT-X-SESSION-DATA needs VALUE or URI, not both. (at line 2)'],
    ['#EXT-X-STREAM-INF:CODECS="a"\nb', 'CORRUPT_INDEX: EXT-X-STREAM-INF needs BANDWIDTH, a whole number. (at line 2)'],
    [
      '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1080p\nb',
      'CORRUPT_INDEX: EXT-X-STREAM-INF: RESOLUTION is 1080p; it must be WIDTHxHEIGHT. (at line 2)',
    ],
    [
      '#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=2\nb',
      'CORRUPT_INDEX: EXT-X-STREAM-INF: BANDWIDTH is there twice; each attribute is there once. (at line 2)',
    ],
  ])('refuses in strict reading: %j', (lines, error) => {
    expect(strictError(`#EXTM3U\n${lines}`)).toBe(error)
  })
})

describe('parsePlaylist: variables', () => {
  const text = `#EXTM3U
#EXT-X-VERSION:11
#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example"
#EXT-X-DEFINE:NAME="dir",VALUE="{$host}/film"
#EXT-X-DEFINE:IMPORT="token"
#EXT-X-DEFINE:QUERYPARAM="user"
#EXT-X-TARGETDURATION:4
#EXT-X-MAP:URI="{$dir}/init.mp4"
#EXTINF:4,
{$dir}/0.m4s?t={$token}&u={$user}
`

  it('replaces what is defined, imported or in the address', () => {
    const playlist = parsePlaylist(text, {
      strict: true,
      imports: [{ name: 'token', value: 'abc' }],
      url: 'https://example/playlist.m3u8?a=1&user=me#end',
    })
    expect(playlist).toMatchObject({
      map: { uri: 'https://cdn.example/film/init.mp4' },
      segments: [{ uri: 'https://cdn.example/film/0.m4s?t=abc&u=me' }],
      definitions: [
        { name: 'host', value: 'https://cdn.example' },
        { name: 'dir', value: 'https://cdn.example/film' },
        { name: 'token', value: 'abc', from: 'import' },
        { name: 'user', value: 'me', from: 'query' },
      ],
    })
  })

  it('says which are missing', () => {
    expect(strictError(text)).toBe('CORRUPT_INDEX: EXT-X-DEFINE needs a value for IMPORT="token". (at line 5)')
    expect(strictError('#EXTM3U\n#EXT-X-VERSION:8\n#EXTINF:1,\n{$x}')).toBe(
      'CORRUPT_INDEX: {$x} names no variable that EXT-X-DEFINE has defined before. (at line 4)',
    )
  })

  it('leaves braces alone where there are no variables', () => {
    const old = '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{$x}'
    expect(parsePlaylist(old, { strict: true })).toMatchObject({ segments: [{ uri: '{$x}' }] })
  })

  it('bounds definitions of definitions', () => {
    const lines = ['#EXTM3U', '#EXT-X-DEFINE:NAME="v0",VALUE="0123456789"']
    for (let i = 1; i < 40; i++) lines.push(`#EXT-X-DEFINE:NAME="v${i}",VALUE="{$v${i - 1}}{$v${i - 1}}"`)
    expect(strictError(lines.join('\n'))).toMatch(/^LIMIT_EXCEEDED: The playlist's variables stand for over 4194304/)
  })
})
