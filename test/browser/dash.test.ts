// The DASH manifest in the two players that most pages use: picture, sound, languages and text, from start to end and back.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHandler, toNodeListener } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { readShownFrame, SAMPLE_RATE } from './clock.js'
import { bufferedRanges, decodedSound, playTo, seek } from './film-page.js'

const script = (path: string): URL => new URL(`../node_modules/${path}`, import.meta.url)
const PLAYERS = {
  'dash.js': {
    script: script('dashjs/dist/modern/umd/dash.all.min.js'),
    start: `
      const player = dashjs.MediaPlayer().create()
      player.updateSettings({ debug: { logLevel: 0 } })
      player.initialize(video, address, false)
      player.attachTTMLRenderingDiv(document.createElement('div'))
      window.player = {
        ready: new Promise(resolve => player.on('streamInitialized', resolve)),
        languages: () => player.getTracksFor('audio').map(track => track.lang),
        choose: lang => player.setCurrentTrack(player.getTracksFor('audio').find(track => track.lang === lang)),
        chosen: () => player.getCurrentTrackFor('audio').lang,
        texts: () => player.getTracksFor('text').map(track => track.lang),
        showText: lang => player.setTextTrack(player.getTracksFor('text').findIndex(track => track.lang === lang)),
      }`,
  },
  Shaka: {
    script: script('shaka-player/dist/shaka-player.compiled-es2021.js'),
    start: `
      const player = new shaka.Player()
      window.player = {
        ready: player.attach(video).then(() => player.load(address)),
        languages: () => player.getAudioTracks().map(track => track.language),
        choose: lang => player.selectAudioTrack(player.getAudioTracks().find(track => track.language === lang)),
        chosen: () => player.getAudioTracks().find(track => track.active).language,
        texts: () => player.getTextTracks().map(track => track.language),
        showText: async lang => {
          await player.selectTextTrack(player.getTextTracks().find(track => track.language === lang))
          if (player.setTextTrackVisibility) await player.setTextTrackVisibility(true)
        },
      }`,
  },
} as const

interface TestedPlayer {
  readonly ready: Promise<unknown>
  languages(): string[]
  choose(language: string): void
  chosen(): string
  texts(): string[]
  showText(language: string): unknown
}
type PlayerWindow = Window & { readonly player: TestedPlayer }

let server: Server
let origin = ''
beforeAll(async () => {
  const films = new Map<string, string>()
  for (const name of ['clock_languages.mkv', 'clock_languages.mp4']) films.set(name, await makeMedia(name))
  const handler = toNodeListener(createHandler({ resolve: id => films.get(id), basePath: '/films' }))
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const player = PLAYERS[url.searchParams.get('player') as keyof typeof PLAYERS]
    if (url.pathname.startsWith('/films/')) return handler(request, response)
    if (player === undefined) return response.writeHead(204).end()
    if (url.pathname === '/player.js') return void readFile(player.script).then(script => response.end(script))
    const address = JSON.stringify(`/films/${url.searchParams.get('film')}/manifest.mpd`)
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><title>DASH</title><video width="640"></video><script src="/player.js${url.search}"></script>
      <script type="module">const video = document.querySelector('video'); const address = ${address}
      window.cuemux = { video };${player.start}</script>`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise(resolve => server?.close(resolve)))

const cases = (Object.keys(PLAYERS) as (keyof typeof PLAYERS)[]).flatMap(player =>
  ['clock_languages.mkv', 'clock_languages.mp4'].map(film => [player, film] as const),
)

describe.each(cases)('%s with %s', (player, film) => {
  let browser: OpenPage
  let zero = 0
  beforeAll(async () => {
    browser = await openBrowser(800, 600)
    await browser.page.goto(`${origin}/?player=${player}&film=${film}`)
    await browser.page.evaluate(() => (window as unknown as PlayerWindow).player.ready)
  })
  afterAll(() => browser?.close())

  test('plays picture and sound on one clock, and seeks to where it is told', async () => {
    const { page } = browser
    await playTo(page, 1.5)
    const { frame, mediaTime } = await readShownFrame(page)
    zero = mediaTime - frame / SAMPLE_RATE
    // The presentation's zero is the film's: S is taken off by presentationTimeOffset.
    expect(Math.abs(zero)).toBeLessThan(0.1)
    expect(await decodedSound(page)).toBeGreaterThan(1000)
    const end = await page.evaluate(() => window.cuemux.video.duration)
    expect(Math.abs(end - 16)).toBeLessThan(0.15)
    for (const target of [end - 3, 4]) {
      await seek(page, target)
      await playTo(page, target + 0.6)
      const shown = await readShownFrame(page)
      expect(Math.abs(shown.frame - (shown.mediaTime - zero) * SAMPLE_RATE)).toBeLessThan(1)
    }
    expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
  })

  test('offers the languages, and changes the sound while it plays', async () => {
    const { page } = browser
    const languages = await page.evaluate(() => (window as unknown as PlayerWindow).player.languages())
    expect([...new Set(languages)].sort()).toEqual(['en', 'fr'])
    await page.evaluate(() => (window as unknown as PlayerWindow).player.choose('fr'))
    await page.waitForFunction(() => (window as unknown as PlayerWindow).player.chosen() === 'fr')
    const from = await page.evaluate(() => window.cuemux.video.currentTime)
    await playTo(page, from + 1)
  })

  test('shows the text of the chosen language at its time', async () => {
    const { page } = browser
    const texts = await page.evaluate(() => (window as unknown as PlayerWindow).player.texts())
    expect([...new Set(texts)].sort()).toEqual(['en', 'es'])
    await page.evaluate(() => (window as unknown as PlayerWindow).player.showText('es'))
    await page.waitForFunction(
      () =>
        [...window.cuemux.video.textTracks].some(track =>
          [...(track.cues ?? [])].some(cue => (cue as VTTCue).text.startsWith('Renglón 8')),
        ),
      undefined,
      { timeout: 10_000 },
    )
    const cues = await page.evaluate(() =>
      [...window.cuemux.video.textTracks].flatMap(track =>
        [...(track.cues ?? [])].map(cue => ({ start: cue.startTime, text: (cue as VTTCue).text })),
      ),
    )
    const cue = cues.find(({ text }) => text.startsWith('Renglón 8'))
    expect(cue?.text).toMatch(/^Renglón 8 (<i>)?s(<\/i>)? (&|&amp;) more$/)
    expect(Math.abs((cue?.start ?? 0) - 8.25 - zero)).toBeLessThan(0.06)
  })

  test('met no error', () => {
    expect(browser.complaints.filter(text => !text.includes('favicon'))).toEqual([])
  })
})
