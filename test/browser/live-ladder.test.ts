// A ladder plays while it grows, and ends where it ends.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { folderStore } from '@cuemux/store'
import { createLadder, type FrameLadder } from 'cuemux'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { openFilm } from './film-page.js'

const [WIDTH, HEIGHT, RATE] = [160, 90, 24]

let folder: string
let ladder: FrameLadder
let films: ServedFilms | undefined
let browser: OpenPage
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
  ladder = await createLadder({
    frames: { format: 'yuv420p', width: WIDTH, height: HEIGHT, frameRate: [RATE, 1] },
    rungs: '90,60',
    segmentDurationMs: 1000,
    chunkSegments: 2,
    encoder: { encoder: 'x264' },
    store: folderStore({ folder }),
  })
  browser = await openBrowser(1280, 800)
})
afterAll(async () => {
  await browser?.close()
  await films?.stop()
  await ladder?.abort()
  await rm(folder, { recursive: true, force: true })
})

/** Pushes pictures of one grey, brighter by and by. */
async function push(seconds: number): Promise<void> {
  const frame = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128)
  for (let n = 0; n < seconds * RATE; n++) {
    frame.fill(40 + (n % 160), 0, WIDTH * HEIGHT)
    await ladder.writeFrame(frame)
  }
}

/** Resolves with the version in which every rung has so many segments. */
async function grown(segments: number): Promise<void> {
  for await (const { rungs } of ladder) if (Object.values(rungs).every(rung => rung.segments >= segments)) return
}

test('is followed from its beginning to its end', async () => {
  await Promise.all([push(8), grown(4)])
  films = await serveFilms(folder)
  const { page } = browser
  const errors = await openFilm(page, films, path.basename(folder))
  const duration = (): Promise<number> => page.evaluate(() => window.cuemux.video.duration)
  await page.evaluate(() => {
    const { video } = window.cuemux
    video.currentTime = 0
    return video.play()
  })
  const early = await page.evaluate(() => window.cuemux.hls.levels.length)
  expect(early).toBe(2)
  await push(6)
  await page.waitForFunction(() => window.cuemux.video.currentTime > 2, undefined, { timeout: 60_000 })
  await ladder.close()
  expect(await ladder.done).toMatchObject({ isComplete: true })
  // What was live has its end now, and is played to it.
  await page.waitForFunction(() => Math.abs(window.cuemux.video.duration - 14) < 0.3, undefined, { timeout: 60_000 })
  await page.evaluate(() => {
    window.cuemux.video.currentTime = 12.5
    return window.cuemux.video.play()
  })
  await page.waitForFunction(() => window.cuemux.video.ended, undefined, { timeout: 60_000 })
  expect(await duration()).toBeGreaterThan(13.9)
  expect(errors.filter(error => error !== 'aborted')).toEqual([])
  expect(browser.complaints).toEqual([])
})
