import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { parsePlaylist } from '@cuemux/playlist'
import { folderStore, type PublishStore } from '@cuemux/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeEngine, type FakeOptions } from '../../testing/fake-ladder-engine.js'
import type { FrameLadder, LadderEvent, LadderJobProgress, LadderPublishing, LadderUpdate } from './options.js'
import { startLadder } from './start.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = (name: string): string => readFileSync(path.join(folder, 'out', name), 'utf8')

/** A folder that notes what is put, and does as a test wants before. */
class WatchedStore implements PublishStore {
  readonly kind = 'folder'
  readonly put_: string[] = []
  readonly #inner = folderStore({ folder: path.join(folder, 'out') })
  readonly #before: (name: string) => Promise<void> | void

  constructor(before: (name: string) => Promise<void> | void = () => {}) {
    this.#before = before
  }

  /** The segments and init segments that were put. */
  get media(): readonly string[] {
    return this.put_.filter(name => /\.(?:m4s|mp4)$/.test(name))
  }

  put: PublishStore['put'] = async (name, body, options) => {
    await this.#before(name)
    const stored = await this.#inner.put(name, body, options)
    this.put_.push(name)
    return stored
  }
  verify: PublishStore['verify'] = (address, options) => this.#inner.verify(address, options)
  playlistAddress: PublishStore['playlistAddress'] = (file, from) => this.#inner.playlistAddress(file, from)
  close: PublishStore['close'] = () => this.#inner.close()
}

/** A promise that a test resolves. */
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

async function start(
  fake: FakeOptions,
  publishing: Partial<LadderPublishing> = {},
): Promise<{ ladder: FrameLadder; engine: FakeEngine }> {
  const engine = new FakeEngine(fake)
  const ladder = await startLadder({
    engine,
    isPushed: fake.isPushed === true,
    store: new WatchedStore(),
    playlistIntervalMs: 1,
    ...publishing,
    uploads: { firstDelayMs: 1, ...publishing.uploads },
  })
  return { ladder, engine }
}

/** A media playlist as it is stored by now. */
function media(name: string): { uris: string[]; isEnded: boolean; type: string | undefined } {
  const parsed = parsePlaylist(text(name))
  if (parsed.kind !== 'media') throw new Error(`${name} is no media playlist.`)
  expect(parsed.problems).toEqual([])
  const { segments, isEnded, type } = parsed
  return { uris: segments.map(({ uri }) => uri), isEnded: isEnded === true, type }
}

describe('a ladder', () => {
  it('is published whole, with measured rates', async () => {
    const { ladder, engine } = await start({ count: 3 })
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
    const seen: Record<string, ReturnType<typeof media>> = {}
    const store = new WatchedStore(name => (name === 'video-720/1.m4s' ? held.promise : undefined))
    const { ladder } = await start({ count: 6 }, { store, uploads: { concurrency: 8 } })
    for await (const { rungs, isEnded } of ladder) {
      if (isEnded) continue
      for (const name of ['video-720', 'video-360']) seen[name] = media(`${name}/playlist.m3u8`)
      expect(rungs['video-720']?.segments).toBe(1)
      if ((rungs['video-360']?.segments ?? 0) < 3) continue
      expect(store.put_).toContain('video-720/2.m4s')
      expect(seen).toMatchObject({
        'video-720': { uris: ['0.m4s'], isEnded: false, type: 'EVENT' },
        'video-360': { isEnded: false, type: 'EVENT' },
      })
      break
    }
    held.resolve()
    await ladder.done
    expect(media('video-720/playlist.m3u8')).toMatchObject({ uris: six, isEnded: true, type: 'VOD' })
  })

  it('stores a playlist only when it changes, and tells of the newest version who is slow', async () => {
    const updates: LadderUpdate[] = []
    const store = new WatchedStore()
    const { ladder } = await start({ count: 6 }, { store, onPlaylist: update => void updates.push(update) })
    const seen: LadderUpdate[] = []
    for await (const update of ladder) {
      seen.push(update)
      await ladder.done
    }
    expect(seen.length).toBeLessThanOrEqual(2)
    expect(seen.at(-1)).toEqual(updates.at(-1))
    expect(ladder.current).toEqual(updates.at(-1))
    // What encoders are held to stands in it from the first version on.
    expect(store.put_.filter(name => name === 'master.m3u8').length).toBeLessThanOrEqual(2)
  })

  it('with sound that begins late and has a hole goes over both', async () => {
    const { ladder } = await start({ count: 5, holes: { 'audio-stereo': [0, 2, 3] } })
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

  it('of transport streams has no init segments and no manifest, and is resumed all the same', async () => {
    const checkpoint = path.join(folder, 'job.json')
    const { ladder } = await start({ count: 3, format: 'ts' }, { checkpoint })
    const { isComplete, segments, manifest } = await ladder.done
    expect([isComplete, segments, manifest]).toEqual([true, 9, undefined])
    expect(text('video-360/playlist.m3u8')).not.toContain('EXT-X-MAP')
    expect(media('video-360/playlist.m3u8').uris).toEqual(['0.ts', '1.ts', '2.ts'])
    const again = await start({ count: 3, format: 'ts' }, { checkpoint })
    expect(await again.ladder.done).toMatchObject({ resumed: 9 })
    expect(again.engine.made).toEqual([])
  })

  it('of a picture with a hole is no result', async () => {
    const { ladder } = await start({ count: 4, holes: { 'video-360': [3] } })
    await expect(ladder.done).rejects.toMatchObject({
      code: 'ENCODER_FAILED',
      message: 'The encoder ended with 3 of 4 segments of video-360.',
    })
    expect(media('video-360/playlist.m3u8').isEnded).toBe(false)
  })

  it('whose listeners throw goes on', async () => {
    const fail = (): never => {
      throw new Error('mine')
    }
    const { ladder } = await start({ count: 1 }, { onPlaylist: fail, onProgress: fail, onEvent: fail })
    await expect(ladder.done).resolves.toMatchObject({ isComplete: true })
  })

  it('tells how far it is', async () => {
    const told: LadderJobProgress[] = []
    const { ladder } = await start({ count: 3 }, { onProgress: progress => void told.push(progress) })
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

const six = ['0.m4s', '1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s']
const FILES = ['video-720', 'video-360', 'audio-stereo'].map(name => `${name}/playlist.m3u8`)
const PLAYLISTS = [...FILES, 'iframes/video-720.m3u8', 'iframes/video-360.m3u8', 'master.m3u8', 'manifest.mpd']

/** What an uninterrupted run writes. */
async function expectedPlaylists(count: number): Promise<string[]> {
  const { ladder } = await start({ count })
  await ladder.done
  const written = PLAYLISTS.map(text)
  rmSync(path.join(folder, 'out'), { recursive: true })
  return written
}

describe('a ladder that ended early', () => {
  const checkpoint = (): string => path.join(folder, 'job.json')

  it('because an upload kept failing goes on where it was, and ends in the same playlists', async () => {
    const expected = await expectedPlaylists(6)
    const broken = new WatchedStore(name => {
      if (name === 'video-360/3.m4s') throw new Error('the disk is on fire')
    })
    const first = await start({ count: 6 }, { store: broken, checkpoint: checkpoint(), uploads: { retries: 1 } })
    await expect(first.ladder.done).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('video-360/3.m4s could not be stored'),
      hint: expect.stringContaining('can be resumed'),
    })
    expect(first.engine.isClosed).toBe(true)
    expect(first.ladder.isOpen).toBe(false)
    const events: LadderEvent[] = []
    const store = new WatchedStore()
    const second = await start(
      { count: 6 },
      { store, checkpoint: checkpoint(), onEvent: event => void events.push(event) },
    )
    const result = await second.ladder.done
    const stored = broken.media.filter(name => name.endsWith('m4s'))
    expect(events).toEqual([{ type: 'resumed', segments: stored.length, missing: [] }])
    expect(result).toMatchObject({ resumed: stored.length, segments: 18, isComplete: true })
    expect([...broken.media, ...store.media].sort()).toEqual([...new Set([...broken.media, ...store.media])].sort())
    expect(second.engine.made.length).toBe(18 - stored.length)
    expect(PLAYLISTS.map(text)).toEqual(expected)
  })

  it('because the encoder did keeps what was made, playable', async () => {
    const before = (rendition: string, n: number): void => {
      if (n === 4 && rendition === 'video-360') throw new CuemuxError('ENCODER_FAILED', 'ffmpeg ended with 1.')
    }
    const { ladder } = await start({ count: 6, before }, { checkpoint: checkpoint() })
    await expect(ladder.done).rejects.toMatchObject({
      code: 'ENCODER_FAILED',
      hint: expect.stringContaining('resumed'),
    })
    await expect(ladder.close()).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
    expect(media('video-360/playlist.m3u8')).toEqual({ uris: six.slice(0, 4), isEnded: false, type: 'EVENT' })
    expect(media('video-720/playlist.m3u8').uris).toEqual(six.slice(0, 5))
    const again = await start({ count: 6 }, { checkpoint: checkpoint() })
    await again.ladder.done
    expect(again.engine.made).toEqual(['video-360/4', 'audio-stereo/4', 'video-720/5', 'video-360/5', 'audio-stereo/5'])
  })

  it('makes again what is gone or damaged, and an init segment with a segment', async () => {
    const expected = await expectedPlaylists(3)
    await (await start({ count: 3 }, { checkpoint: checkpoint() })).ladder.done
    rmSync(path.join(folder, 'out/video-720/1.m4s'))
    rmSync(path.join(folder, 'out/audio-stereo/init.mp4'))
    writeFileSync(path.join(folder, 'out/video-360/2.m4s'), 'damaged')
    const events: LadderEvent[] = []
    const { ladder, engine } = await start(
      { count: 3 },
      { checkpoint: checkpoint(), onEvent: event => void events.push(event) },
    )
    await ladder.done
    const missing = ['audio-stereo/init.mp4', 'video-360/2.m4s', 'video-720/1.m4s']
    expect(events).toEqual([{ type: 'resumed', segments: 6, missing }])
    expect(engine.made).toEqual(['audio-stereo/0', 'video-720/1', 'video-360/2'])
    expect(PLAYLISTS.map(text)).toEqual(expected)
  })

  it('is not resumed with other settings', async () => {
    await (await start({ count: 1 }, { checkpoint: checkpoint() })).ladder.done
    const engine = new FakeEngine({ count: 1, settings: { rungs: 'other' } })
    const store = new WatchedStore()
    await expect(startLadder({ engine, isPushed: false, store, checkpoint: checkpoint() })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('settings.rungs was "fake", is now "other"'),
    })
    expect(engine.isClosed).toBe(true)
  })

  it('by close has its playlists ended where all renditions are, and can be taken up again', async () => {
    const expected = await expectedPlaylists(6)
    const reached = deferred()
    const before = async (rendition: string, n: number): Promise<void> => {
      if (n < 3 || rendition !== 'video-360') return
      reached.resolve()
      await new Promise(() => {})
    }
    const { ladder, engine } = await start({ count: 6, before }, { checkpoint: checkpoint() })
    await reached.promise
    await ladder.close()
    expect(await ladder.done).toMatchObject({ isComplete: false, segments: 9, isEnded: true })
    expect(engine.isClosed).toBe(true)
    for (const name of FILES) expect(media(name)).toEqual({ uris: six.slice(0, 3), isEnded: true, type: 'VOD' })
    const again = await start({ count: 6 }, { checkpoint: checkpoint() })
    expect(await again.ladder.done).toMatchObject({ isComplete: true, resumed: 10 })
    expect(PLAYLISTS.map(text)).toEqual(expected)
  })
})

describe('the end of a ladder', () => {
  it('of pushed frames comes with close, once', async () => {
    const { ladder } = await start({ count: 100, isPushed: true })
    for (let n = 0; n < 3; n++) await ladder.writeFrame(new Uint8Array(1))
    expect(ladder.isOpen).toBe(true)
    ladder.endFrames()
    expect(ladder.isOpen).toBe(false)
    await Promise.all([ladder.close(), ladder.close()])
    await ladder.close()
    expect(await ladder.done).toMatchObject({ isComplete: true, segments: 9 })
  })

  it('before a segment is an error', async () => {
    const { ladder } = await start({ count: 3, before: () => new Promise(() => {}) })
    await expect(ladder.close()).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('by abort settles though the store and the encoder hang', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const hanging = Object.assign(new WatchedStore(), { put: never })
    const { ladder } = await start({ count: 3 }, { store: hanging })
    await ladder.abort('enough')
    await expect(ladder.done).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
    await expect(ladder.writeFrame(new Uint8Array(1))).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(async () => {
      for await (const _ of ladder);
    }).rejects.toMatchObject({ code: 'ABORTED' })
    const stuck = await start({ count: 3, before: never })
    await stuck.ladder.abort()
    await expect(stuck.ladder.done).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('by a signal is an abort', async () => {
    const abort = new AbortController()
    const { ladder, engine } = await start({ count: 3, before: () => abort.abort() }, { signal: abort.signal })
    await expect(ladder.done).rejects.toMatchObject({ code: 'ABORTED' })
    expect(engine.isClosed).toBe(true)
  })

  it.each(['upload', 'encoder'])('by close settles when the %s hangs', async which => {
    const reached = deferred()
    const hang = async (): Promise<never> => {
      reached.resolve()
      return await new Promise<never>(() => {})
    }
    const store = which === 'upload' ? Object.assign(new WatchedStore(), { put: hang }) : new WatchedStore()
    const fake = { count: 3, isPushed: true, ...(which === 'encoder' ? { before: hang } : {}) }
    const { ladder } = await start(fake, { store, patienceMs: 50 })
    await ladder.writeFrame(new Uint8Array(1))
    await reached.promise
    await expect(ladder.close()).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('Nothing was encoded or stored'),
    })
  })
})
