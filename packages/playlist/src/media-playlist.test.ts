import { describe, expect, it } from 'vitest'
import { writeMediaPlaylist } from './index.js'

describe('writeMediaPlaylist', () => {
  it('writes a VOD playlist', () => {
    const text = writeMediaPlaylist({
      targetDuration: 6,
      type: 'VOD',
      hasIndependentSegments: true,
      map: { uri: 'init.mp4' },
      isEnded: true,
      segments: [
        { uri: '0.m4s', durationUs: 6_006_000 },
        { uri: '1.m4s', durationUs: 6_000_000 },
        { uri: '2.m4s', durationUs: 1_033_367 },
        { uri: '3.m4s', durationUs: 1 },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.006,
0.m4s
#EXTINF:6,
1.m4s
#EXTINF:1.033367,
2.m4s
#EXTINF:0.000001,
3.m4s
#EXT-X-ENDLIST
`)
  })

  it('writes everything else that a segment may have, in the order of RFC 8216bis', () => {
    const text = writeMediaPlaylist({
      targetDuration: 4,
      version: 8,
      mediaSequence: 12,
      discontinuitySequence: 3,
      type: 'EVENT',
      start: { offsetMs: -12_500, isPrecise: true },
      map: { uri: 'all.mp4', byteRange: { lengthBytes: 800, offsetBytes: 0 } },
      segments: [
        { uri: 'all.mp4', durationUs: 4_000_000, byteRange: { lengthBytes: 5000, offsetBytes: 800 } },
        { uri: 'ad.m4s', durationUs: 2_500_000, isDiscontinuity: true, map: { uri: 'ad.mp4' } },
        { uri: 'gone.m4s', durationUs: 4_000_000, isGap: true },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:12
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES
#EXT-X-MAP:URI="all.mp4",BYTERANGE="800@0"
#EXTINF:4,
#EXT-X-BYTERANGE:5000@800
all.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="ad.mp4"
#EXTINF:2.5,
ad.m4s
#EXT-X-GAP
#EXTINF:4,
gone.m4s
`)
  })

  it('lets no URI break out of its line or become a tag', () => {
    const text = writeMediaPlaylist({
      targetDuration: 1,
      map: { uri: 'a"\n#EXT-X-ENDLIST' },
      segments: [
        { uri: 'a\r\n#EXT-X-ENDLIST', durationUs: 1_000_000 },
        { uri: '#b', durationUs: 1_000_000 },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-MAP:URI="a%22%0A#EXT-X-ENDLIST"
#EXTINF:1,
a%0D%0A#EXT-X-ENDLIST
#EXTINF:1,
%23b
`)
  })

  it('writes a low-latency playlist', () => {
    const text = writeMediaPlaylist({
      targetDuration: 4,
      version: 9,
      mediaSequence: 266,
      serverControl: {
        canBlockReload: true,
        canSkipUntilUs: 24_000_000,
        holdBackUs: 12_000_000,
        partHoldBackUs: 1_000_000,
      },
      partTargetUs: 333_340,
      map: { uri: 'init.mp4' },
      skip: { skippedSegments: 3, removedDateRanges: ['a', 'b'] },
      segments: [
        {
          uri: '269.m4s',
          durationUs: 4_000_080,
          programDateTimeMs: Date.UTC(2026, 10, 21, 2, 27, 44, 5),
          bitrateKbps: 812,
          parts: [
            { uri: '269.0.m4s', durationUs: 333_340, isIndependent: true },
            { uri: '269.m4s', durationUs: 333_340, byteRange: { lengthBytes: 100, offsetBytes: 20 }, isGap: true },
          ],
        },
      ],
      next: {
        isDiscontinuity: true,
        keys: [{ method: 'AES-128', uri: 'key', iv: '0x00000000000000000000000000000001' }],
        parts: [{ uri: '270.0.m4s', durationUs: 333_340, isIndependent: true }],
      },
      preloadHints: [
        { type: 'PART', uri: '270.1.m4s' },
        { type: 'MAP', uri: 'init2.mp4', offsetBytes: 5, lengthBytes: 800 },
      ],
      renditionReports: [{ uri: '../audio-2/playlist.m3u8', lastSegment: 270, lastPart: 0 }],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,HOLD-BACK=12,PART-HOLD-BACK=1
#EXT-X-PART-INF:PART-TARGET=0.33334
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-MAP:URI="init.mp4"
#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES="a\tb"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T02:27:44.005Z
#EXT-X-BITRATE:812
#EXT-X-PART:DURATION=0.33334,URI="269.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.33334,URI="269.m4s",BYTERANGE="100@20",GAP=YES
#EXTINF:4.00008,
269.m4s
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x00000000000000000000000000000001
#EXT-X-PART:DURATION=0.33334,URI="270.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="270.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="init2.mp4",BYTERANGE-START=5,BYTERANGE-LENGTH=800
#EXT-X-RENDITION-REPORT:URI="../audio-2/playlist.m3u8",LAST-MSN=270,LAST-PART=0
`)
  })
})
