// Films far away whose picture changes its size in mid-film.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type RangeServer, serveRanges } from '../support/range-server.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { openBrowser } from './chromium.js'
import { openAddress, playTo, seek } from './film-page.js'

const FILMS = ['returning.mkv', 'returning.mp4', 'returning.ts'] as const

let servers: RangeServer[] = []
let films: ServedFilms
beforeAll(async () => {
  servers = await Promise.all(FILMS.map(async name => serveRanges(await makeMedia(name))))
  films = await serveFilms(...servers.map(({ url }) => url))
})
afterAll(async () => {
  await films?.stop()
  await Promise.all(servers.map(server => server.close()))
})

describe.each(FILMS.map((name, i) => [name, i] as const))('%s behind HTTP', (_, i) => {
  test('plays over its changes and is sought across them', async () => {
    const browser = await openBrowser(1280, 800)
    try {
      const { page } = browser
      const errors = await openAddress(page, `${films.url}#${films.media[i]?.id}`)
      const width = (): Promise<number> => page.evaluate(() => window.cuemux.video.videoWidth)
      await playTo(page, 1)
      expect(await width()).toBe(640)
      // From the first stretch into the second, and by seeking into the third and back.
      await seek(page, 7)
      await playTo(page, 9)
      expect(await width()).toBe(854)
      await seek(page, 15)
      await playTo(page, 17)
      expect(await width()).toBe(640)
      await seek(page, 12)
      await playTo(page, 12.5)
      expect(await width()).toBe(854)
      expect(errors).toEqual([])
      expect(browser.complaints).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
