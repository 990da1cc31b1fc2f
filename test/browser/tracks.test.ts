import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { captionText, choose, currentTime, switchSound, until } from './controls.js'
import { openFilm, playTo, seek } from './film-page.js'

const NAMES = ['clock_languages.mkv', 'clock_languages.mp4']

let films: ServedFilms
const paths = new Map<string, string>()
beforeAll(async () => {
  for (const name of [...NAMES, 'clock_forced.mkv']) paths.set(name, await makeMedia(name))
  films = await serveFilms(...paths.values())
})
afterAll(() => films?.stop())

describe.each(NAMES)('the tracks of %s', name => {
  let browser: OpenPage
  let errors: string[]
  beforeAll(async () => {
    browser = await openBrowser(1000, 700)
    errors = await openFilm(browser.page, films, basename(paths.get(name) ?? ''))
    await playTo(browser.page, 0.5)
  })
  afterAll(() => browser?.close())

  test.each([
    ['French', 'fr'],
    ['English', 'en'],
  ])('the sound becomes %s while the film plays on', async (label, language) => {
    const { decodedBytes, longestStall } = await switchSound(browser.page, label, language)
    expect(decodedBytes).toBeGreaterThan(0)
    expect(longestStall).toBeLessThan(1)
  })

  test.each([
    ['English', 'en', 'Line'],
    ['Spanish', 'es', 'Renglón'],
  ])('%s subtitles are shown at their time', async (label, language, word) => {
    const { page } = browser
    await choose(page, 'text', label)
    expect(await page.evaluate(() => window.cuemux.hls.subtitleTracks[window.cuemux.hls.subtitleTrack]?.lang)).toBe(
      language,
    )
    for (const second of [4, 8]) {
      await seek(page, second + 0.6)
      await page.waitForFunction(
        words => document.querySelector('#captions')?.textContent === words,
        `${word} ${second} s & more`,
      )
      expect(await page.evaluate(() => document.querySelector('#captions i')?.textContent)).toBe('s')
    }
    await seek(page, 6.8) // between two cues
    await until(page, () => document.querySelector('#captions')?.textContent === '')
  })

  test('a cue comes and goes by itself while the film plays', async () => {
    const { page } = browser
    await seek(page, 3.7)
    await page.evaluate(() => window.cuemux.video.play())
    expect(await captionText(page)).toBe('')
    await until(page, () => document.querySelector('#captions')?.textContent !== '')
    const shownAt = await currentTime(page)
    expect(shownAt).toBeGreaterThan(4)
    expect(shownAt).toBeLessThan(5)
  })

  test('subtitles are turned off and on by a key', async () => {
    const { page } = browser
    await page.keyboard.press('c')
    expect(await page.evaluate(() => window.cuemux.hls.subtitleTrack)).toBe(-1)
    expect(await captionText(page)).toBe('')
    await page.keyboard.press('c')
    await until(page, () => document.querySelector('#captions')?.textContent?.startsWith('Renglón') === true)
  })

  test('languages and place are remembered', async () => {
    const { page } = browser
    await choose(page, 'audio', 'French')
    await page.evaluate(() => window.cuemux.video.pause())
    await seek(page, 8.6)
    await page.reload()
    await until(page, () => window.cuemux?.video.readyState >= 2)
    expect(await page.textContent('#resume-words')).toBe('Continue at 0:09')
    expect(await currentTime(page)).toBeCloseTo(8.6, 1)
    expect(await page.evaluate(() => window.cuemux.video.paused)).toBe(true)
    await page.click('#resume-continue')
    await playTo(page, 9)
    expect(await page.isVisible('#resume')).toBe(false)
    expect(await page.evaluate(() => window.cuemux.hls.audioTracks[window.cuemux.hls.audioTrack]?.lang)).toBe('fr')
    await until(page, () => document.querySelector('#captions')?.textContent === 'Renglón 8 s & more')
  })

  test('met no error', () => {
    // A seek ends what was on its way.
    expect(errors.filter(error => error !== 'aborted')).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})

describe('forced subtitles', () => {
  let browser: OpenPage
  beforeAll(async () => {
    browser = await openBrowser(1000, 700)
    await openFilm(browser.page, films, basename(paths.get('clock_forced.mkv') ?? ''))
    await browser.page.evaluate(() => window.cuemux.video.pause())
  })
  afterAll(() => browser?.close())

  test('are shown with the sound of their language while others are off, and are no choice', async () => {
    const { page } = browser
    await seek(page, 4.6)
    await until(page, () => document.querySelector('#captions')?.textContent === 'Line 4 s & more')
    await page.click('#text')
    expect(await page.locator('#text-menu').getByRole('menuitemradio').allTextContents()).toEqual(['Off', 'Spanish'])
    await page.keyboard.press('Escape')
    await choose(page, 'text', 'Spanish')
    await until(page, () => document.querySelector('#captions')?.textContent === 'Renglón 4 s & more')
    await choose(page, 'text', 'Off')
    await until(page, () => document.querySelector('#captions')?.textContent === 'Line 4 s & more')
    await choose(page, 'audio', 'French')
    await until(page, () => document.querySelector('#captions')?.textContent === '')
  })
})

describe('two films', () => {
  test('each have a place of their own', async () => {
    const browser = await openBrowser(1000, 700)
    try {
      const { page } = browser
      const [first, second] = NAMES.map(name => basename(paths.get(name) ?? ''))
      await openFilm(page, films, first ?? '')
      await page.evaluate(() => window.cuemux.video.pause())
      await seek(page, 9)
      await page.getByRole('link', { name: second ?? '' }).click()
      await until(page, () => window.cuemux.video.readyState >= 2 && window.cuemux.video.currentTime < 5)
      expect(await page.isVisible('#resume')).toBe(false)
      await page.getByRole('link', { name: first ?? '' }).click()
      await page.waitForSelector('#resume:not([hidden])')
      await until(page, () => Math.abs(window.cuemux.video.currentTime - 9) < 0.1)
      await page.click('#resume-restart')
      await playTo(page, 0.3)
      expect(await currentTime(page)).toBeLessThan(5)
      expect(browser.complaints).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
