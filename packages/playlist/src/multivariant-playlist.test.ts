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

  it('writes captions, trick play, images, chapters and all else of a session', () => {
    const text = writeMultivariantPlaylist({
      hasIndependentSegments: true,
      contentSteering: { serverUri: '/steering?a=b', pathwayId: 'cdn-a' },
      definitions: [
        { name: 'token', value: 'abc' },
        { name: 'user', value: '', from: 'query' },
      ],
      sessionData: [
        { dataId: 'com.apple.hls.chapters', uri: 'chapters.json' },
        { dataId: 'com.example.title', value: 'A "film"', language: 'en' },
      ],
      sessionKeys: [{ method: 'SAMPLE-AES', uri: 'skd://key', keyFormat: 'com.apple.streamingkeydelivery' }],
      renditions: [
        {
          type: 'SUBTITLES',
          groupId: 'text',
          name: 'Deutsch',
          language: 'de',
          isForced: true,
          isAutoselect: true,
          uri: 'text-3/playlist.m3u8',
        },
        {
          type: 'CLOSED-CAPTIONS',
          groupId: 'cc',
          name: 'English',
          language: 'en',
          isDefault: true,
          instreamId: 'CC1',
          uri: 'not-written',
        },
        { type: 'CLOSED-CAPTIONS', groupId: 'cc', name: 'Español', language: 'es', instreamId: 'SERVICE2' },
      ],
      variants: [
        {
          uri: 'video-1/playlist.m3u8',
          bandwidthBps: 5_000_000,
          codecs: ['avc1.64001f'],
          resolution: { width: 1280, height: 720 },
          frameRate: 25,
          score: 1.5,
          pathwayId: 'cdn-a',
          subtitlesGroup: 'text',
          closedCaptionsGroup: 'cc',
        },
        {
          uri: 'video-2/playlist.m3u8',
          bandwidthBps: 900_000,
          codecs: ['avc1.64001f'],
          resolution: { width: 640, height: 360 },
        },
      ],
      iFrameStreams: [
        {
          uri: 'iframes/video-1.m3u8',
          bandwidthBps: 800_000,
          averageBandwidthBps: 500_000,
          codecs: ['hvc1.2.4.L120.90'],
          supplementalCodecs: ['dvh1.08.03/db1p'],
          resolution: { width: 1280, height: 720 },
          videoRange: 'PQ',
        },
      ],
      imageStreams: [
        { uri: 'tiles.m3u8', bandwidthBps: 12_000, codecs: ['jpeg'], resolution: { width: 320, height: 180 } },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:11
#EXT-X-DEFINE:NAME="token",VALUE="abc"
#EXT-X-DEFINE:QUERYPARAM="user"
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-CONTENT-STEERING:SERVER-URI="/steering?a=b",PATHWAY-ID="cdn-a"
#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="chapters.json"
#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="A 'film'",LANGUAGE="en"
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="text-3/playlist.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="Español",LANGUAGE="es",DEFAULT=NO,AUTOSELECT=NO,INSTREAM-ID="SERVICE2"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,CODECS="avc1.64001f",RESOLUTION=1280x720,FRAME-RATE=25.000,SCORE=1.5,PATHWAY-ID="cdn-a",SUBTITLES="text",CLOSED-CAPTIONS="cc"
video-1/playlist.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f",RESOLUTION=640x360
video-2/playlist.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=800000,AVERAGE-BANDWIDTH=500000,CODECS="hvc1.2.4.L120.90",SUPPLEMENTAL-CODECS="dvh1.08.03/db1p",RESOLUTION=1280x720,VIDEO-RANGE=PQ,URI="iframes/video-1.m3u8"
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=12000,RESOLUTION=320x180,CODECS="jpeg",URI="tiles.m3u8"
`)
  })

  it('numbers many renditions of one name in linear time', () => {
    const renditions = Array.from({ length: 20_000 }, () => ({
      type: 'AUDIO' as const,
      groupId: 'a',
      name: 'English',
      language: 'en',
    }))
    const text = writeMultivariantPlaylist({ renditions, variants: [] })
    expect(text).toContain('NAME="English (20000)"')
  })
})
