import { describe, expect, it } from 'vitest'
import { parsePlaylist, writeIFramePlaylist, writeImagePlaylist } from './index.js'

describe('writeIFramePlaylist', () => {
  it('writes ranges into the segments', () => {
    const text = writeIFramePlaylist({
      targetDuration: 4,
      map: { uri: '../video-1/init.mp4' },
      frames: [
        { uri: '../video-1/0.m4s', byteRange: { lengthBytes: 31_234, offsetBytes: 0 }, durationUs: 4_004_000 },
        { uri: '../video-1/1.m4s', byteRange: { lengthBytes: 20_000, offsetBytes: 0 }, durationUs: 2_002_000 },
        { uri: '../video-1/1.m4s', byteRange: { lengthBytes: 900, offsetBytes: 51_000 }, durationUs: 41_708 },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="../video-1/init.mp4"
#EXTINF:4.004,
#EXT-X-BYTERANGE:31234@0
../video-1/0.m4s
#EXTINF:2.002,
#EXT-X-BYTERANGE:20000@0
../video-1/1.m4s
#EXTINF:0.041708,
#EXT-X-BYTERANGE:900@51000
../video-1/1.m4s
#EXT-X-ENDLIST
`)
    expect(parsePlaylist(text, { strict: true })).toMatchObject({ kind: 'media', isIFramesOnly: true, isEnded: true })
  })
})

describe('writeImagePlaylist', () => {
  it('says how the tiles lie before each image', () => {
    const text = writeImagePlaylist({
      targetDuration: 100,
      tiles: { resolution: { width: 320, height: 180 }, columns: 5, rows: 4, tileDurationUs: 5_005_000 },
      images: [
        { uri: '0.jpg', durationUs: 100_100_000 },
        { uri: '1.jpg', durationUs: 12_500_000 },
      ],
    })
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:100
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-IMAGES-ONLY
#EXT-X-TILES:RESOLUTION=320x180,LAYOUT=5x4,DURATION=5.005
#EXTINF:100.1,
0.jpg
#EXT-X-TILES:RESOLUTION=320x180,LAYOUT=5x4,DURATION=5.005
#EXTINF:12.5,
1.jpg
#EXT-X-ENDLIST
`)
    expect(parsePlaylist(text, { strict: true })).toMatchObject({ isImagesOnly: true, unknownTags: [] })
  })
})
