import type { Page } from 'playwright-core'
import type { ServedFilms } from '../support/server.js'

/** Opens the player page with a film and waits until its first frame is there; what hls.js complains of comes into the list. */
export async function openFilm(page: Page, films: ServedFilms, name: string): Promise<string[]> {
  const film = films.media.find(entry => entry.name === name)
  if (film === undefined) throw new Error(`${name} is not served: ${films.media.map(entry => entry.name)}`)
  return openAddress(page, `${films.url}#${film.id}`)
}

/** Opens the player page at an address, as {@link openFilm}. */
export async function openAddress(page: Page, address: string): Promise<string[]> {
  await page.goto(address)
  await page.waitForFunction(() => window.cuemux?.video.readyState >= 2, undefined, { timeout: 30_000 })
  const errors: string[] = []
  await page.exposeFunction('noteError', (text: string) => errors.push(text))
  await page.evaluate(() => {
    const note = (window as unknown as { noteError(text: string): void }).noteError
    window.cuemux.hls.on('hlsError', (_, data) => note(`${data.details}${data.fatal ? ' (fatal)' : ''}`))
  })
  return errors
}

/** Seeks and waits until the browser is there. */
export async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate(async to => {
    const { video } = window.cuemux
    const done = new Promise(resolve => video.addEventListener('seeked', resolve, { once: true }))
    video.currentTime = to
    await done
  }, seconds)
}

/** Plays until a time, s. */
export async function playTo(page: Page, seconds: number): Promise<void> {
  await page.evaluate(() => window.cuemux.video.play())
  await page.waitForFunction(to => window.cuemux.video.currentTime > to, seconds, { timeout: 30_000 })
}

/** The buffer's ranges, s. */
export function bufferedRanges(page: Page): Promise<[number, number][]> {
  return page.evaluate(() => {
    const { buffered } = window.cuemux.video
    return Array.from({ length: buffered.length }, (_, i): [number, number] => [buffered.start(i), buffered.end(i)])
  })
}

/** Bytes of sound that the browser has decoded. */
export function decodedSound(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      (window.cuemux.video as HTMLVideoElement & { webkitAudioDecodedByteCount: number }).webkitAudioDecodedByteCount,
  )
}
