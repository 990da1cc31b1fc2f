import type { Page } from 'playwright-core'
import { decodedSound, playTo } from './film-page.js'

/** Chooses from one of the player's menus as a viewer does. */
export async function choose(page: Page, menu: 'audio' | 'text' | 'speed' | 'chapter', label: string): Promise<void> {
  await page.mouse.move(300 + 10 * Math.random(), 300) // the controls come into sight
  await page.click(`#${menu}`)
  await page.locator(`#${menu}-menu`).getByRole('menuitemradio', { name: label }).click()
}

/**
 * Chooses a sound while the film plays, which goes on for a second and a half.
 *
 * @returns how much sound was decoded meanwhile, bytes, and how long the film stood still at the longest, s
 */
export async function switchSound(
  page: Page,
  label: string,
  language: string,
): Promise<{ readonly decodedBytes: number; readonly longestStall: number }> {
  const longestStall = await watchStalls(page)
  const [from, decoded] = [await currentTime(page), await decodedSound(page)]
  await choose(page, 'audio', label)
  await page.waitForFunction(
    lang => window.cuemux.hls.audioTracks[window.cuemux.hls.audioTrack]?.lang === lang,
    language,
  )
  await playTo(page, from + 1.5)
  return { decodedBytes: (await decodedSound(page)) - decoded, longestStall: await longestStall() }
}

/** The words that are shown over the picture. */
export function captionText(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector('#captions')?.textContent ?? '')
}

/** The film's time, s. */
export function currentTime(page: Page): Promise<number> {
  return page.evaluate(() => window.cuemux.video.currentTime)
}

/** Waits until the page's function of the window is true. */
export async function until(page: Page, condition: () => boolean): Promise<void> {
  await page.waitForFunction(condition, undefined, { timeout: 20_000 })
}

/** Begins to watch how long the film stands still while it should play; the function gives the longest time, s. */
async function watchStalls(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const { video } = window.cuemux
    const watch = { longest: 0, at: performance.now(), time: video.currentTime }
    ;(window as unknown as { stalls: typeof watch }).stalls = watch
    setInterval(() => {
      if (video.currentTime !== watch.time || video.paused) {
        watch.at = performance.now()
        watch.time = video.currentTime
      }
      watch.longest = Math.max(watch.longest, performance.now() - watch.at)
    }, 20)
  })
  return () => page.evaluate(() => (window as unknown as { stalls: { longest: number } }).stalls.longest / 1000)
}
