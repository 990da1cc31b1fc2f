import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { runOrThrow } from '../support/process.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { captionText, choose, until } from './controls.js'
import { openFilm, seek } from './film-page.js'

const MARKUP =
  '<script>window.harm = 1</script><img src=x onerror="window.harm = 2"><svg onload="window.harm = 3">Harmless</svg>'
/** Cues that all lie over one another, for the whole film. */
const MANY = 100_000
/** A page that answers later than this is held up, even on a slow machine, s. */
const MAX_PAUSE = 2
const LONG = 'word '.repeat(2 << 20)

/** Subtitles with everything in them that could harm a page. */
function hostileText(arrow: (start: string, end: string) => string, header: string): string {
  const cue = (start: string, end: string, text: string, n: number): string => `${n}\n${arrow(start, end)}\n${text}\n\n`
  const many = Array.from({ length: MANY }, (_, n) => cue('00:00:06', '00:00:16', `Over ${n}`, n + 9)).join('')
  const first = [
    cue('-00:00:05', '00:00:01', 'Negative', 1),
    cue('00:00:09', '00:00:02', 'Backwards', 2),
    cue('00:00:01', '00:00:03', MARKUP, 3),
    cue('00:00:03', '00:00:05', LONG, 4),
  ]
  return header + first.join('') + many
}

let folder = ''
let films: ServedFilms
let browser: OpenPage
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-hostile-'))
  const [srt, film] = [join(folder, 'hostile.srt'), join(folder, 'hostile.mkv')]
  await writeFile(
    srt,
    hostileText((start, end) => `${start},000 --> ${end},000`, ''),
  )
  const inputs = [await makeMedia('clock_two_sounds.mkv'), srt, await makeMedia('english.srt')]
  const languages = ['-metadata:s:s:0', 'language=fre', '-metadata:s:s:1', 'language=eng', '-disposition:s', '0']
  await runOrThrow('ffmpeg', [
    ...['-v', 'error', '-nostdin', ...inputs.flatMap(input => ['-i', input])],
    ...['-map', '0', '-map', '1', '-map', '2', '-c', 'copy', ...languages, film],
  ])
  films = await serveFilms(film)
  browser = await openBrowser(1000, 700)
})
afterAll(async () => {
  await browser?.close()
  await films?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Looks at every part of the film with the hostile subtitles on: nothing may run, and the page has to answer. */
async function watchIt(): Promise<void> {
  const { page } = browser
  await choose(page, 'text', 'French')
  await seek(page, 1.6)
  await until(page, () => document.querySelector('#captions')?.textContent?.includes('Harmless') === true)
  for (const time of [3.6, 8, 12]) {
    await seek(page, time)
    await until(page, () => document.querySelector('#captions')?.textContent !== '')
    const { shown, elements } = await page.evaluate(() => ({
      shown: document.querySelector('#captions')?.textContent?.length ?? 0,
      elements: document.querySelectorAll('#captions *').length,
    }))
    expect(shown).toBeLessThan(10_000)
    expect(elements).toBeLessThan(100)
  }
  expect(await page.locator('#captions :is(script, img, svg)').count()).toBe(0)
  expect(await page.evaluate(() => (window as unknown as { harm?: number }).harm)).toBeUndefined()
}

/** Begins to watch how long the page gives no sign of life; the function gives the longest time, s. */
async function watchPauses(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const watch = { longest: 0, at: performance.now() }
    ;(window as unknown as { pauses: typeof watch }).pauses = watch
    setInterval(() => {
      const now = performance.now()
      watch.longest = Math.max(watch.longest, now - watch.at)
      watch.at = now
    }, 10)
  })
  return () => page.evaluate(() => (window as unknown as { pauses: { longest: number } }).pauses.longest / 1000)
}

/** That other subtitles are shown as ever. */
async function watchOthers(): Promise<void> {
  const { page } = browser
  await choose(page, 'text', 'English')
  await seek(page, 4.6)
  await until(page, () => document.querySelector('#captions')?.textContent === 'Line 4 s & more')
  await choose(page, 'text', 'Off')
  expect(await captionText(page)).toBe('')
}

describe('subtitles that mean harm', () => {
  test('in a film', async () => {
    await openFilm(browser.page, films, 'hostile.mkv')
    await browser.page.evaluate(() => window.cuemux.video.pause())
    const longestPause = await watchPauses(browser.page)
    await watchIt()
    await watchOthers()
    expect(await longestPause()).toBeLessThan(MAX_PAUSE)
  })

  test('from a server that lets them through', async () => {
    const { page } = browser
    const body = hostileText(
      (start, end) => `${start}.000 --> ${end}.000`,
      'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n',
    )
    const french = await page.evaluate(
      () => (window.cuemux.hls.subtitleTracks.find(track => track.lang === 'fr') as unknown as { url: string }).url,
    )
    const parent = new URL('.', french).href
    await page.route(
      url => url.href.startsWith(parent) && url.pathname.endsWith('.vtt'),
      route => route.fulfill({ contentType: 'text/vtt', body }),
    )
    await page.reload()
    await until(page, () => window.cuemux?.video.readyState >= 2)
    await page.evaluate(() => window.cuemux.video.pause())
    const longestPause = await watchPauses(page)
    await choose(page, 'text', 'French')
    await seek(page, 1.6)
    await until(page, () => document.querySelector('#captions')?.textContent?.includes('Harmless') === true)
    expect(await page.locator('#captions :is(script, img, svg)').count()).toBe(0)
    expect(await page.evaluate(() => (window as unknown as { harm?: number }).harm)).toBeUndefined()
    await seek(page, 3.6)
    await until(page, () => (document.querySelector('#captions')?.textContent?.length ?? 0) > 500)
    expect((await captionText(page)).length).toBeLessThan(10_000)
    await watchOthers()
    expect(await longestPause()).toBeLessThan(MAX_PAUSE)
  })
})
