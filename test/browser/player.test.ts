import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { readShownFrame, SAMPLE_RATE } from './clock.js'
import { bufferedRanges, openFilm, seek } from './film-page.js'

let films: ServedFilms
beforeAll(async () => {
  films = await serveFilms()
})
afterAll(() => films?.stop())

describe.each(['cuemux-sample.mkv', 'cuemux-sample.mp4'])('%s in Chromium', name => {
  let browser: OpenPage
  let errors: string[]
  /** Time of the film's frame 0 on the presentation's timeline, s. */
  let zero = 0
  beforeAll(async () => {
    browser = await openBrowser(1280, 800)
    errors = await openFilm(browser.page, films, name)
  })
  afterAll(() => browser?.close())

  /** Frames between the frame on screen and the one that is due at a time. */
  async function framesOff(seconds: number): Promise<number> {
    const { frame } = await readShownFrame(browser.page)
    return Math.abs(frame - Math.floor((seconds - zero) * SAMPLE_RATE + 0.001))
  }

  test('starts and plays', async () => {
    const { page } = browser
    await page.evaluate(() => window.cuemux.video.play())
    await page.waitForFunction(() => window.cuemux.video.currentTime > 1.5)
    const { frame, mediaTime } = await readShownFrame(page)
    zero = mediaTime - frame / SAMPLE_RATE
    expect(frame).toBeGreaterThan(24)
    // Decode times are moved by two frames so that no composition offset is negative, and the sound leads by 21 ms.
    expect(zero).toBeGreaterThanOrEqual(-0.001)
    expect(zero).toBeLessThan(0.2)
    expect(await page.evaluate(() => window.cuemux.video.duration)).toBeCloseTo(48.1, 0)
  })

  test('seeks to the end − 3 s and shows that frame', async () => {
    const { page } = browser
    await page.evaluate(() => window.cuemux.video.pause())
    const target = await page.evaluate(() => window.cuemux.video.duration - 3)
    await seek(page, target)
    expect(await framesOff(target)).toBeLessThanOrEqual(1)
    expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
  })

  test('plays from there to its end', async () => {
    const { page } = browser
    await page.evaluate(() => window.cuemux.video.play())
    await page.waitForFunction(() => window.cuemux.video.ended, undefined, { timeout: 15_000 })
    expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
  })

  test.each([3, 14.02, 29.98, 0.5])('seeks back to %d s and shows that frame', async target => {
    const { page } = browser
    await seek(page, target)
    expect(await framesOff(target)).toBeLessThanOrEqual(1)
    expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
  })

  test('keeps one time in the picture and on the timeline wherever it plays', async () => {
    const { page } = browser
    for (const target of [5.5, 11.8, 23.9, 40]) {
      await seek(page, target)
      await page.evaluate(() => window.cuemux.video.play())
      await page.waitForFunction(from => window.cuemux.video.currentTime > from + 0.6, target)
      const { frame, mediaTime } = await readShownFrame(page)
      expect(Math.abs((mediaTime - zero) * SAMPLE_RATE - frame)).toBeLessThan(1)
      await page.evaluate(() => window.cuemux.video.pause())
    }
  })

  test('met no error and dropped no segment', () => {
    expect(errors).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})

describe('the page', () => {
  test("fits a phone's width", async () => {
    const browser = await openBrowser(390, 844)
    try {
      await openFilm(browser.page, films, 'cuemux-sample.mkv')
      const width = await browser.page.evaluate(() => document.documentElement.scrollWidth)
      expect(width).toBeLessThanOrEqual(390)
      const video = await browser.page.evaluate(() => window.cuemux.video.getBoundingClientRect().width)
      expect(video).toBeGreaterThan(300)
    } finally {
      await browser.close()
    }
  })
})
