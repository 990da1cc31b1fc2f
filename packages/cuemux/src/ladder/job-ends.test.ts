import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeEngine } from '../../testing/fake-ladder-engine.js'
import { deferred, readMedia, startFake, WatchedStore } from '../../testing/fake-ladder-job.js'
import type { LadderEvent } from './options.js'
import { startLadder } from './start.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = (name: string): string => readFileSync(path.join(folder, 'out', name), 'utf8')
const six = ['0.m4s', '1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s']
const FILES = ['video-720', 'video-360', 'audio-stereo'].map(name => `${name}/playlist.m3u8`)
const PLAYLISTS = [...FILES, 'iframes/video-720.m3u8', 'iframes/video-360.m3u8', 'master.m3u8', 'manifest.mpd']

/** What an uninterrupted run writes. */
async function expectedPlaylists(count: number): Promise<string[]> {
  const { ladder } = await startFake(folder, { count })
  await ladder.done
  const written = PLAYLISTS.map(text)
  rmSync(path.join(folder, 'out'), { recursive: true })
  return written
}

describe('a ladder that ended early', () => {
  const checkpoint = (): string => path.join(folder, 'job.json')

  it('because an upload kept failing goes on where it was, and ends in the same playlists', async () => {
    const expected = await expectedPlaylists(6)
    const broken = new WatchedStore(folder, name => {
      if (name === 'video-360/3.m4s') throw new Error('the disk is on fire')
    })
    const first = await startFake(
      folder,
      { count: 6 },
      { store: broken, checkpoint: checkpoint(), uploads: { retries: 1 } },
    )
    await expect(first.ladder.done).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('video-360/3.m4s could not be stored'),
      hint: expect.stringContaining('can be resumed'),
    })
    expect(first.engine.isClosed).toBe(true)
    expect(first.ladder.isOpen).toBe(false)
    const events: LadderEvent[] = []
    const store = new WatchedStore(folder)
    const second = await startFake(
      folder,
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
    const { ladder } = await startFake(folder, { count: 6, before }, { checkpoint: checkpoint() })
    await expect(ladder.done).rejects.toMatchObject({
      code: 'ENCODER_FAILED',
      hint: expect.stringContaining('resumed'),
    })
    await expect(ladder.close()).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
    expect(readMedia(folder, 'video-360/playlist.m3u8')).toEqual({
      uris: six.slice(0, 4),
      isEnded: false,
      type: 'EVENT',
    })
    expect(readMedia(folder, 'video-720/playlist.m3u8').uris).toEqual(six.slice(0, 5))
    const again = await startFake(folder, { count: 6 }, { checkpoint: checkpoint() })
    await again.ladder.done
    expect(again.engine.made).toEqual(['video-360/4', 'audio-stereo/4', 'video-720/5', 'video-360/5', 'audio-stereo/5'])
  })

  it('makes again what is gone or damaged, and an init segment with a segment', async () => {
    const expected = await expectedPlaylists(3)
    await (await startFake(folder, { count: 3 }, { checkpoint: checkpoint() })).ladder.done
    rmSync(path.join(folder, 'out/video-720/1.m4s'))
    rmSync(path.join(folder, 'out/audio-stereo/init.mp4'))
    writeFileSync(path.join(folder, 'out/video-360/2.m4s'), 'damaged')
    const events: LadderEvent[] = []
    const { ladder, engine } = await startFake(
      folder,
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
    await (await startFake(folder, { count: 1 }, { checkpoint: checkpoint() })).ladder.done
    const engine = new FakeEngine({ count: 1, settings: { rungs: 'other' } })
    const store = new WatchedStore(folder)
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
    const { ladder, engine } = await startFake(folder, { count: 6, before }, { checkpoint: checkpoint() })
    await reached.promise
    await ladder.close()
    expect(await ladder.done).toMatchObject({ isComplete: false, segments: 9, isEnded: true })
    expect(engine.isClosed).toBe(true)
    for (const name of FILES)
      expect(readMedia(folder, name)).toEqual({ uris: six.slice(0, 3), isEnded: true, type: 'VOD' })
    const again = await startFake(folder, { count: 6 }, { checkpoint: checkpoint() })
    expect(await again.ladder.done).toMatchObject({ isComplete: true, resumed: 10 })
    expect(PLAYLISTS.map(text)).toEqual(expected)
  })
})

describe('the end of a ladder', () => {
  it('of pushed frames comes with close, once', async () => {
    const { ladder } = await startFake(folder, { count: 100, isPushed: true })
    for (let n = 0; n < 3; n++) await ladder.writeFrame(new Uint8Array(1))
    expect(ladder.isOpen).toBe(true)
    ladder.endFrames()
    expect(ladder.isOpen).toBe(false)
    await Promise.all([ladder.close(), ladder.close()])
    await ladder.close()
    expect(await ladder.done).toMatchObject({ isComplete: true, segments: 9 })
  })

  it('before a segment is an error', async () => {
    const { ladder } = await startFake(folder, { count: 3, before: () => new Promise(() => {}) })
    await expect(ladder.close()).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('by abort settles though the store and the encoder hang', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const hanging = Object.assign(new WatchedStore(folder), { put: never })
    const { ladder } = await startFake(folder, { count: 3 }, { store: hanging })
    await ladder.abort('enough')
    await expect(ladder.done).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
    await expect(ladder.writeFrame(new Uint8Array(1))).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(async () => {
      for await (const _ of ladder);
    }).rejects.toMatchObject({ code: 'ABORTED' })
    const stuck = await startFake(folder, { count: 3, before: never })
    await stuck.ladder.abort()
    await expect(stuck.ladder.done).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('by a signal is an abort', async () => {
    const abort = new AbortController()
    const { ladder, engine } = await startFake(
      folder,
      { count: 3, before: () => abort.abort() },
      { signal: abort.signal },
    )
    await expect(ladder.done).rejects.toMatchObject({ code: 'ABORTED' })
    expect(engine.isClosed).toBe(true)
  })

  it.each(['upload', 'encoder'])('by close settles when the %s hangs', async which => {
    const reached = deferred()
    const hang = async (): Promise<never> => {
      reached.resolve()
      return await new Promise<never>(() => {})
    }
    const store = which === 'upload' ? Object.assign(new WatchedStore(folder), { put: hang }) : new WatchedStore(folder)
    const fake = { count: 3, isPushed: true, ...(which === 'encoder' ? { before: hang } : {}) }
    const { ladder } = await startFake(folder, fake, { store, patienceMs: 50 })
    await ladder.writeFrame(new Uint8Array(1))
    await reached.promise
    await expect(ladder.close()).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('Nothing was encoded or stored'),
    })
  })
})
