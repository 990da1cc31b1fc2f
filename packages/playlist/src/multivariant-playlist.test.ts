import { describe, expect, it } from 'vitest'
import { writeMultivariantPlaylist } from './index.js'

describe('writeMultivariantPlaylist', () => {
  it('writes a variant per group of sound', () => {
    const picture = {
      uri: 'video-1/playlist.m3u8',
      resolution: { width: 1920, height: 1080 },
      frameRate: 24000 / 1001,
      videoRange: 'PQ',
    } as const
    const text = writeMultivariantPlaylist({
      hasIndependentSegments: true,
      renditions: [
        {
          type: 'AUDIO',
          groupId: 'audio-aac',
          name: 'English',
          language: 'en',
          isDefault: true,
          channels: '2',
          uri: 'audio-2/playlist.m3u8',
        },
        {
          type: 'AUDIO',
          groupId: 'audio-aac',
          name: 'English',
          language: '',
          isDefault: true,
          isAutoselect: true,
          channels: '2',
          characteristics: ['public.accessibility.describes-video'],
          uri: 'audio-3/playlist.m3u8',
        },
        {
          type: 'AUDIO',
          groupId: 'audio-eac3',
          name: 'English',
          language: 'en',
          isDefault: true,
          channels: '16/JOC',
          uri: 'audio-4/playlist.m3u8',
        },
      ],
      variants: [
        {
          ...picture,
          bandwidthBps: 8_000_000.4,
          averageBandwidthBps: 6_000_000,
          codecs: ['hvc1.2.4.L120.90', 'mp4a.40.2'],
          audioGroup: 'audio-aac',
        },
        {
          ...picture,
          bandwidthBps: 9_000_000,
          codecs: ['hvc1.2.4.L120.90', 'ec-3'],
          supplementalCodecs: ['dvh1.08.03/db1p'],
          audioGroup: 'audio-eac3',
        },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio-2/playlist.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-aac",NAME="English (2)",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video",CHANNELS="2",URI="audio-3/playlist.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-eac3",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="16/JOC",URI="audio-4/playlist.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=8000000,AVERAGE-BANDWIDTH=6000000,CODECS="hvc1.2.4.L120.90,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=23.976,VIDEO-RANGE=PQ,AUDIO="audio-aac",CLOSED-CAPTIONS=NONE
video-1/playlist.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS="hvc1.2.4.L120.90,ec-3",SUPPLEMENTAL-CODECS="dvh1.08.03/db1p",RESOLUTION=1920x1080,FRAME-RATE=23.976,VIDEO-RANGE=PQ,AUDIO="audio-eac3",CLOSED-CAPTIONS=NONE
video-1/playlist.m3u8
`)
  })

  it('writes sound alone without anything of a picture', () => {
    const text = writeMultivariantPlaylist({
      start: { offsetMs: 1500 },
      variants: [
        { uri: 'audio-1/playlist.m3u8', bandwidthBps: 130_000, averageBandwidthBps: 128_000, codecs: ['opus'] },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-START:TIME-OFFSET=1.5
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="opus"
audio-1/playlist.m3u8
`)
  })

  it('lets no title break out of its attribute', () => {
    const text = writeMultivariantPlaylist({
      renditions: [
        {
          type: 'SUBTITLES',
          groupId: 'text',
          name: 'The "Director",DEFAULT=YES\r\n#EXT-X-ENDLIST',
          language: 'en"',
          isForced: true,
          uri: 'a b"\n.m3u8',
        },
      ],
      variants: [{ uri: 'v.m3u8', bandwidthBps: 1, codecs: [], subtitlesGroup: 'text' }],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="The 'Director',DEFAULT=YES #EXT-X-ENDLIST",LANGUAGE="en'",DEFAULT=NO,AUTOSELECT=NO,FORCED=YES,URI="a%20b%22%0A.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="text"
v.m3u8
`)
  })
})
