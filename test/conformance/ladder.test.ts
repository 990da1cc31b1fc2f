// A ladder that was published keeps every rule, is the film, and says the same in HLS and DASH.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { folderStore } from '@cuemux/store'
import { createLadder, openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { makeMedia } from '../media/media.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const FILMS = [
  { name: 'h264_23976.mkv', rate: 23.976, sounds: ['2'] },
  { name: 'eac3_2997.mkv', rate: 29.97, sounds: ['2'] },
  { name: 'ac3_51.mkv', rate: 24, sounds: ['2', '6'] },
  { name: 'h264_lateaudio.mkv', rate: 24, sounds: ['2'] },
  { name: 'h264_latevideo.mkv', rate: 24, sounds: ['2'] },
  { name: 'clock_mpeg4.avi', rate: 24, sounds: ['2'], frames: 1 },
  { name: 'one_second.mp4', rate: 25, sounds: ['2'], frames: 25 },
] as const

describe.each(FILMS)('a ladder of $name', ({ name, rate, sounds, ...film }) => {
  test('keeps every rule', async () => {
    const source = await makeMedia(name)
    const out = path.join(folder, name)
    const store = folderStore({ folder: out })
    const text = (file: string): Promise<string> => readFile(path.join(out, file), 'utf8')
    const rungs = [180, 120, 90].map(height => ({ height }))
    const ladder = await createLadder({ input: source, rungs, store, encoder: { encoder: 'x264' } })
    const targets = new Set<string>()
    for await (const { isEnded, rungs } of ladder) {
      for (const { address } of Object.values(rungs))
        targets.add(/TARGETDURATION:\d+/.exec(await text(address))?.[0] ?? '')
      if (isEnded) expect(Object.keys(rungs).length).toBe(3 + sounds.length)
    }
    await ladder.done
    expect(targets.size).toBe(1)

    const { summary, facts } = await judge(file => readFile(path.join(out, file)), { source, isEncoded: true })
    expect(summary).toEqual([])
    expect(facts.frames).toBeGreaterThanOrEqual('frames' in film ? film.frames : 331)

    const master = parsePlaylist(await text('master.m3u8'), { strict: true })
    if (master.kind !== 'multivariant') throw new Error('That is no multivariant playlist.')
    expect(master.variants.map(({ frameRate, resolution }) => [frameRate, resolution?.height])).toEqual(
      [180, 120, 90].map(height => [rate, height]),
    )
    expect(master.renditions?.map(({ channels }) => channels)).toEqual(sounds)
    expect(master.iFrameStreams?.length).toBe(3)
    // All pictures are cut at the same ticks: one template for their segments in the manifest.
    const [pictures = ''] = (await text('manifest.mpd')).split('</AdaptationSet>')
    expect(pictures.match(/<SegmentTemplate/g)?.length).toBe(1)
    expect(pictures.match(/<Representation/g)?.length).toBe(3)
    // It has all of the film.
    const [, minutes, seconds] =
      /mediaPresentationDuration="PT(?:(\d+)M)?([\d.]+)S"/.exec(await text('manifest.mpd')) ?? []
    const lengthMs = (await openMedia(source)).info.durationMs ?? 0
    expect(Math.abs(Number(minutes ?? 0) * 60_000 + Number(seconds) * 1000 - lengthMs)).toBeLessThan(200)
    await store.close()
  })
})
