import type { Page } from 'playwright-core'

/** Chooses from one of the player's menus as a viewer does. */
export async function choose(page: Page, menu: 'audio' | 'text' | 'speed' | 'chapter', label: string): Promise<void> {
  await page.mouse.move(300 + 10 * Math.random(), 300) // the controls come into sight
  await page.click(`#${menu}`)
  await page.locator(`#${menu}-menu`).getByRole('menuitemradio', { name: label }).click()
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
export async function watchStalls(page: Page): Promise<() => Promise<number>> {
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
