import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RENDITIONS } from '../../testing/fake-ladder-engine.js'
import { deferred, readMedia, startFake, WatchedStore } from '../../testing/fake-ladder-job.js'
import type { LadderRendition } from './model.js'
import type { LadderJobProgress, LadderUpdate } from './options.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = (name: string): string => readFileSync(path.join(folder, 'out', name), 'utf8')
const six = ['0.m4s', '1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s']

describe('a ladder', () => {
  it('is published whole, with measured rates', async () => {
    const { ladder, engine } = await startFake(folder, { count: 3 })
    const result = await ladder.done
    expect(result).toMatchObject({
      master: { address: 'master.m3u8' },
      manifest: { address: 'manifest.mpd' },
      isEnded: true,
      isComplete: true,
      segments: 9,
      resumed: 0,
      rungs: {
        'video-720': { kind: 'video', address: 'video-720/playlist.m3u8', width: 1280, height: 720, segments: 3 },
        'audio-stereo': { kind: 'audio', segments: 3 },
      },
    })
    expect(result.sizeBytes).toBe(20_568)
    expect(engine.isClosed).toBe(true)
    expect(text('video-360/playlist.m3u8')).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXTINF:4.004,',
        '0.m4s',
        '#EXTINF:4.004,',
        '1.m4s',
        '#EXTINF:4.004,',
        '2.m4s',
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    )
    expect(text('audio-stereo/playlist.m3u8')).toContain('#EXTINF:4.010667,\n0.m4s\n#EXTINF:4.010666,\n1.m4s\n')
    expect(text('iframes/video-720.m3u8')).toContain('#EXT-X-BYTERANGE:301@0\n../video-720/1.m4s\n')
    expect(text('master.m3u8')).toMatchInlineSnapshot(`
      "#EXTM3U
      #EXT-X-VERSION:7
      #EXT-X-INDEPENDENT-SEGMENTS
      #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio-stereo/playlist.m3u8"
      #EXT-X-STREAM-INF:BANDWIDTH=13126,AVERAGE-BANDWIDTH=10501,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=23.976,AUDIO="audio",CLOSED-CAPTIONS=NONE
      video-720/playlist.m3u8
      #EXT-X-STREAM-INF:BANDWIDTH=4635,AVERAGE-BANDWIDTH=3708,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=23.976,AUDIO="audio",CLOSED-CAPTIONS=NONE
      video-360/playlist.m3u8
      #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=604,AVERAGE-BANDWIDTH=602,CODECS="avc1.640028",RESOLUTION=1280x720,URI="iframes/video-720.m3u8"
      #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=604,AVERAGE-BANDWIDTH=602,CODECS="avc1.640028",RESOLUTION=640x360,URI="iframes/video-360.m3u8"
      "
    `)
    expect(text('manifest.mpd')).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" mediaPresentationDuration="PT12.032S" maxSegmentDuration="PT4.010667S" minBufferTime="PT4.010667S">
        <Period id="0" start="PT0S" duration="PT12.032S">
          <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
            <SegmentTemplate timescale="24000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" startNumber="0">
              <SegmentTimeline>
                <S t="0" d="96096" r="2"/>
              </SegmentTimeline>
            </SegmentTemplate>
            <Representation id="video-720" codecs="avc1.640028" bandwidth="12488" width="1280" height="720" frameRate="24000/1001" sar="1:1"/>
            <Representation id="video-360" codecs="avc1.640028" bandwidth="3997" width="640" height="360" frameRate="24000/1001" sar="1:1"/>
          </AdaptationSet>
          <AdaptationSet contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
            <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
            <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
            <SegmentTemplate timescale="48000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" startNumber="0">
              <SegmentTimeline>
                <S t="0" d="192512" r="2"/>
              </SegmentTimeline>
            </SegmentTemplate>
            <Representation id="audio-stereo" codecs="mp4a.40.2" bandwidth="639" audioSamplingRate="48000"/>
          </AdaptationSet>
        </Period>
      </MPD>
      "
    `)
  })

  it('names what is stored and nothing else, in order, while it grows', async () => {
    const held = deferred()
    const seen: Record<string, ReturnType<typeof readMedia>> = {}
    const store = new WatchedStore(folder, name => (name === 'video-720/1.m4s' ? held.promise : undefined))
    const { ladder } = await startFake(folder, { count: 6 }, { store, uploads: { concurrency: 8 } })
    for await (const { rungs, isEnded } of ladder) {
      if (isEnded) continue
      for (const name of ['video-720', 'video-360']) seen[name] = readMedia(folder, `${name}/playlist.m3u8`)
      expect(rungs['video-720']?.segments).toBe(1)
      if ((rungs['video-360']?.segments ?? 0) < 3) continue
      expect(store.putPaths).toContain('video-720/2.m4s')
      expect(seen).toMatchObject({
        'video-720': { uris: ['0.m4s'], isEnded: false, type: 'EVENT' },
        'video-360': { isEnded: false, type: 'EVENT' },
      })
      break
    }
    held.resolve()
    await ladder.done
    expect(readMedia(folder, 'video-720/playlist.m3u8')).toMatchObject({ uris: six, isEnded: true, type: 'VOD' })
  })

  it('stores a playlist only when it changes, and tells of the newest version who is slow', async () => {
    const updates: LadderUpdate[] = []
    const store = new WatchedStore(folder)
    const { ladder } = await startFake(folder, { count: 6 }, { store, onPlaylist: update => void updates.push(update) })
    const seen: LadderUpdate[] = []
    for await (const update of ladder) {
      seen.push(update)
      await ladder.done
    }
    expect(seen.length).toBeLessThanOrEqual(2)
    expect(seen.at(-1)).toEqual(updates.at(-1))
    expect(ladder.current).toEqual(updates.at(-1))
    // What encoders are held to stands in it from the first version on.
    expect(store.putPaths.filter(name => name === 'master.m3u8').length).toBeLessThanOrEqual(2)
  })

  it('with sound that begins late and has a hole goes over both', async () => {
    const { ladder } = await startFake(folder, { count: 5, holes: { 'audio-stereo': [0, 2, 3] } })
    const { manifest, segments } = await ladder.done
    expect(segments).toBe(12)
    expect(manifest).toBeUndefined()
    expect(text('audio-stereo/playlist.m3u8')).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:8',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-MEDIA-SEQUENCE:1',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXTINF:4.010666,',
        '1.m4s',
        '#EXT-X-GAP',
        '#EXTINF:4,',
        '4.m4s',
        '#EXT-X-GAP',
        '#EXTINF:4,',
        '4.m4s',
        '#EXTINF:4.010667,',
        '4.m4s',
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    )
  })

  it('calls its sounds what people call them', async () => {
    const [picture, , stereo] = RENDITIONS
    if (picture === undefined || stereo === undefined) throw new Error('There are too few renditions.')
    const surround = { ...stereo, name: 'audio-5.1', channels: 6 }
    const names = async (...sounds: LadderRendition[]): Promise<(string | undefined)[]> => {
      await (await startFake(folder, { count: 1, renditions: [picture, ...sounds] })).ladder.done
      return [...text('master.m3u8').matchAll(/NAME="([^"]*)"/g)].map(([, name]) => name)
    }
    expect(await names(stereo, surround)).toEqual(['English (Stereo)', 'English (5.1)'])
    expect(await names({ ...stereo, language: 'und' }, { ...surround, language: 'und' })).toEqual(['Stereo', '5.1'])
    expect(await names({ ...stereo, title: 'Director' }, surround)).toEqual(['Director', 'English'])
  })

  it('of transport streams has no init segments and no manifest, and is resumed all the same', async () => {
    const checkpoint = path.join(folder, 'job.json')
    const { ladder } = await startFake(folder, { count: 3, format: 'ts' }, { checkpoint })
    const { isComplete, segments, manifest } = await ladder.done
    expect([isComplete, segments, manifest]).toEqual([true, 9, undefined])
    expect(text('video-360/playlist.m3u8')).not.toContain('EXT-X-MAP')
    expect(readMedia(folder, 'video-360/playlist.m3u8').uris).toEqual(['0.ts', '1.ts', '2.ts'])
    const again = await startFake(folder, { count: 3, format: 'ts' }, { checkpoint })
    expect(await again.ladder.done).toMatchObject({ resumed: 9 })
    expect(again.engine.made).toEqual([])
  })

  it('of a picture with a hole is no result', async () => {
    const { ladder } = await startFake(folder, { count: 4, holes: { 'video-360': [3] } })
    await expect(ladder.done).rejects.toMatchObject({
      code: 'ENCODER_FAILED',
      message: 'The encoder ended with 3 of 4 segments of video-360.',
    })
    expect(readMedia(folder, 'video-360/playlist.m3u8').isEnded).toBe(false)
  })

  it('whose listeners throw goes on', async () => {
    const fail = (): never => {
      throw new Error('mine')
    }
    const { ladder } = await startFake(folder, { count: 1 }, { onPlaylist: fail, onProgress: fail, onEvent: fail })
    await expect(ladder.done).resolves.toMatchObject({ isComplete: true })
  })

  it('tells how far it is', async () => {
    const told: LadderJobProgress[] = []
    const { ladder } = await startFake(folder, { count: 3 }, { onProgress: progress => void told.push(progress) })
    await ladder.done
    expect(told.at(-1)).toEqual({
      encodedMs: 9000,
      durationMs: 12_012,
      speed: 2,
      remainingMs: 1506,
      storedSegments: 9,
      waitingSegments: 0,
      uploadedBytes: told.at(-1)?.uploadedBytes,
    })
    expect(told.at(-1)?.uploadedBytes).toBeGreaterThan(20_568)
  })
})
