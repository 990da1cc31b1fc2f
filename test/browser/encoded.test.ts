// What this browser doesn't play is encoded: at each place it shows the frame and sounds the tone that belong there.
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { seededRandom } from '../support/random.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { readShownFrame, SAMPLE_RATE, type ShownFrame } from './clock.js'
import { openFilm, playTo, seek } from './film-page.js'
import { hear, heardFrequency } from './sound.js'

const FILMS = ['clock_ac3.mkv', 'clock_10bit.mkv', 'clock_mpeg4.avi'] as const
const SEEKS = 20

let films: ServedFilms
const files = new Map<string, string>()
beforeAll(async () => {
  for (const name of FILMS) files.set(name, await makeMedia(name))
  films = await serveFilms(...files.values())
})
afterAll(() => films?.stop())

/** Hz of the left tone at a time of the film, s: its phase is 2π·t·(310 + 19·t). */
function toneAt(seconds: number): number {
  return 310 + 38 * seconds
}

describe.each(FILMS)('%s in Chromium', name => {
  let browser: OpenPage
  let errors: string[]
  beforeAll(async () => {
    browser = await openBrowser(1280, 800)
    errors = await openFilm(browser.page, films, path.basename(files.get(name) ?? ''))
  })
  afterAll(() => browser?.close())

  /** Time of the film's frame 0 on the presentation's timeline, s. */
  async function zeroOf(page: Page): Promise<number> {
    await playTo(page, 0.5)
    const { frame, mediaTime } = await readStill(page)
    return mediaTime - frame / SAMPLE_RATE
  }

  test('shows the right frames and sounds the right tone wherever it is sent', async () => {
    const { page } = browser
    const random = seededRandom(7)
    const zero = await zeroOf(page)
    expect(zero).toBeGreaterThanOrEqual(-0.001)
    expect(zero).toBeLessThan(0.25)
    await hear(page)
    const end = await page.evaluate(() => window.cuemux.video.duration)
    expect(end).toBeGreaterThan(31.9)
    expect(end).toBeLessThan(32.4)
    for (let i = 0; i < SEEKS; i++) {
      const target = zero + random() * (end - zero - 1.5)
      await seek(page, target)
      await playTo(page, target + 0.3)
      const { frequency, atSeconds } = await heardFrequency(page)
      const expected = toneAt(atSeconds - zero)
      expect({ at: atSeconds, off: Math.abs(frequency / expected - 1) }).toEqual({ at: atSeconds, off: within(0.02) })
      const { frame, mediaTime } = await readStill(page)
      expect(Math.abs(frame - (mediaTime - zero) * SAMPLE_RATE)).toBeLessThan(1.01)
      expect(mediaTime).toBeGreaterThan(target - 0.1)
    }
  })

  test('met no error', () => {
    // A seek gives up what was being loaded, and waits for the encoder.
    expect(errors.filter(error => error !== 'aborted' && error !== 'bufferStalledError')).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})

/** Pauses first: while the picture is read no next one comes. */
async function readStill(page: Page): Promise<ShownFrame> {
  const seconds = await page.evaluate(() => {
    window.cuemux.video.pause()
    return window.cuemux.video.currentTime
  })
  // What was on its way to the screen has been shown by then.
  await seek(page, seconds)
  return readShownFrame(page)
}

function within(limit: number): unknown {
  return expect.toSatisfy((value: number) => value < limit)
}
