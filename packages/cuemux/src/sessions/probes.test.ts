import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RemoteFilm, sampleBytes } from '../../testing/remote-film.js'
import { openMedia } from '../index.js'
import type { MediaInfo } from '../info.js'
import { isLike, ProbeCache } from './probes.js'

let folder: string
let probes: ProbeCache
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-probes-'))
  probes = new ProbeCache(folder)
})
afterEach(async () => {
  vi.useRealTimers()
  await probes.close()
  await rm(folder, { recursive: true, force: true })
})

/** Opens bytes as the film of an address, and tells whether by an index that was known. */
async function isKnown(bytes: Uint8Array): Promise<boolean> {
  let known = false
  await probes.demuxer(
    new RemoteFilm(bytes),
    async index => {
      known = index !== undefined
      return (await openMedia(bytes)).demuxer
    },
    undefined,
  )
  return known
}

describe('what is known of a film', () => {
  test('is used again for an hour, by whatever process', async () => {
    const film = sampleBytes()
    expect([await isKnown(film), await isKnown(film)]).toEqual([false, true])
    await probes.close()
    probes = new ProbeCache(folder)
    expect(await isKnown(film)).toBe(true)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_001 })
    expect(await isKnown(film)).toBe(false)
  })

  test('is not used for another film at the same address', async () => {
    expect(await isKnown(sampleBytes('mkv'))).toBe(false)
    expect(await isKnown(sampleBytes('mp4'))).toBe(false)
    expect(await isKnown(sampleBytes('mp4'))).toBe(true)
  })
})

describe('what an episode is like', () => {
  let info: MediaInfo
  beforeEach(async () => {
    info = (await openMedia(sampleBytes())).info
  })

  test('is a hint for the others of its series for a week', async () => {
    await probes.learn('series', info)
    expect((await probes.hint('series'))?.tracks).toEqual(JSON.parse(JSON.stringify(info.tracks)))
    expect(await probes.hint('another')).toBeUndefined()
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: now + 6 * 24 * 3_600_000 })
    expect(await probes.hint('series')).toBeDefined()
    vi.setSystemTime(now + 7 * 24 * 3_600_000 + 1)
    expect(await probes.hint('series')).toBeUndefined()
  })

  test.each([{ videoRange: 'PQ' as const }, { interlaced: true }, { bitDepth: 10 }, { codecString: 'avc1.640028' }])(
    'is wrong where one is %o',
    change => {
      const [video, ...others] = info.tracks
      expect(isLike(JSON.parse(JSON.stringify(info)), info)).toBe(true)
      expect(isLike(info, { ...info, tracks: [{ ...(video as (typeof info.tracks)[0]), ...change }, ...others] })).toBe(
        false,
      )
    },
  )
})
