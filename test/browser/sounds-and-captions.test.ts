// Every sound of a film whose sounds are of several codecs, and closed captions, switched while the film plays.
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { choose, switchSound } from './controls.js'
import { openFilm, playTo, seek } from './film-page.js'

let films: ServedFilms
const paths = new Map<string, string>()
beforeAll(async () => {
  for (const name of ['clock_three_codecs.mkv', 'captions.mkv']) paths.set(name, await makeMedia(name))
  films = await serveFilms(...paths.values())
})
afterAll(() => films?.stop())

async function open(name: string): Promise<OpenPage & { readonly errors: string[] }> {
  const browser = await openBrowser(1000, 700)
  return { ...browser, errors: await openFilm(browser.page, films, basename(paths.get(name) ?? '')) }
}

describe('sounds in AAC, Opus and AC-3', () => {
  let browser: OpenPage & { readonly errors: string[] }
  beforeAll(async () => {
    browser = await open('clock_three_codecs.mkv')
    await playTo(browser.page, 0.5)
  })
  afterAll(() => browser?.close())

  test.each([
    ['French', 'fr'],
    ['German', 'de'],
    ['English', 'en'],
  ])('become %s while the film plays on', async (label, language) => {
    const { decodedBytes, longestStall } = await switchSound(browser.page, label, language)
    expect(decodedBytes).toBeGreaterThan(0)
    // Another codec needs another decoder.
    expect(longestStall).toBeLessThan(2)
  })

  test('met no error', () => {
    expect(browser.errors).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})

describe('closed captions', () => {
  let browser: OpenPage & { readonly errors: string[] }
  beforeAll(async () => {
    browser = await open('captions.mkv')
    await playTo(browser.page, 0.5)
  })
  afterAll(() => browser?.close())

  test.each([
    ['Closed captions CC1', 5.7, 'Caption at 5 s'],
    ['Closed captions CC3', 6.5, 'A <b> & two\nrows'],
    ['Closed captions CC1', 9.7, 'Caption at 9 s'],
  ])('%s are shown at %d s', async (label, second, words) => {
    const { page } = browser
    await choose(page, 'text', label)
    await seek(page, second)
    await page.waitForFunction(text => document.querySelector('#captions')?.textContent === text, words)
  })

  test('are not shown between two, and met no error', async () => {
    const { page } = browser
    await seek(page, 8.2)
    await page.waitForFunction(() => document.querySelector('#captions')?.textContent === '')
    // A segment of the subtitles before is not waited for.
    expect(browser.errors.filter(error => error !== 'aborted')).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})
