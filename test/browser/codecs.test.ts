// Films of other codecs, and what this browser records itself, played to their end and back in Chromium.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { readShownFrame, SAMPLE_RATE } from './clock.js'
import { bufferedRanges, decodedSound, openAddress, openFilm, playTo, seek } from './film-page.js'

const CODECS = ['clock_av1_opus.mkv', 'clock_vp9_opus.mkv', 'clock_h264_flac.mkv', 'clock_h264_mp3.mkv'] as const
const LANGUAGES = { 'two_sounds.mkv': 'en', 'second_sound_first.mkv': 'fr' } as const

let films: ServedFilms
let folder = ''
const files = new Map<string, string>()
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-recorded-'))
  for (const name of [...CODECS, ...Object.keys(LANGUAGES)]) files.set(name, await makeMedia(name))
  films = await serveFilms(...files.values(), folder)
})
afterAll(async () => {
  await films?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The page with a film of the recipes. */
const open = (page: Page, name: string): Promise<string[]> =>
  openFilm(page, films, path.basename(files.get(name) ?? ''))

describe.each(CODECS)('%s in Chromium', name => {
  let browser: OpenPage
  let errors: string[]
  /** Time of the film's frame 0 on the presentation's timeline, s. */
  let zero = 0
  beforeAll(async () => {
    browser = await openBrowser(1280, 800)
    errors = await open(browser.page, name)
  })
  afterAll(() => browser?.close())

  /** Frames between the one on screen and the one that is due there. */
  async function framesOff(): Promise<number> {
    const { frame, mediaTime } = await readShownFrame(browser.page)
    return Math.abs(frame - (mediaTime - zero) * SAMPLE_RATE)
  }

  test('starts with picture and sound', async () => {
    const { page } = browser
    await playTo(page, 1.5)
    const { frame, mediaTime } = await readShownFrame(page)
    zero = mediaTime - frame / SAMPLE_RATE
    expect(frame).toBeGreaterThan(24)
    expect(zero).toBeGreaterThanOrEqual(-0.001)
    expect(zero).toBeLessThan(0.2)
    expect(await decodedSound(page)).toBeGreaterThan(1000)
  })

  test('seeks to the end − 3 s and back, and shows those frames', async () => {
    const { page } = browser
    const end = await page.evaluate(() => window.cuemux.video.duration)
    expect(end).toBeGreaterThan(15.9)
    expect(end).toBeLessThan(16.3)
    for (const target of [end - 3, 2]) {
      await seek(page, target)
      await playTo(page, target + 0.6)
      expect(await framesOff()).toBeLessThan(1)
      expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
    }
  })

  test('met no error', () => {
    expect(errors).toEqual([])
    expect(browser.complaints).toEqual([])
  })
})

describe.each(Object.entries(LANGUAGES))('%s', (name, language) => {
  test(`begins with its default sound, ${language}`, async () => {
    const browser = await openBrowser(1280, 800)
    try {
      await open(browser.page, name)
      await playTo(browser.page, 1)
      const chosen = await browser.page.evaluate(() => {
        const { audioTracks, audioTrack } = window.cuemux.hls
        return audioTracks[audioTrack]?.lang
      })
      expect(chosen).toBe(language)
    } finally {
      await browser.close()
    }
  })
})

/** Records a moving picture and a tone in the page; undefined where this browser records no such type. */
function record(page: Page, mimeType: string, seconds: number): Promise<string | undefined> {
  return page.evaluate(
    async ([type, length]) => {
      if (!MediaRecorder.isTypeSupported(type)) return undefined
      const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 })
      const brush = canvas.getContext('2d')
      if (brush === null) throw new Error('no canvas')
      const drawing = setInterval(() => {
        brush.fillStyle = `hsl(${performance.now() / 10} 80% 50%)`
        brush.fillRect(0, 0, 320, 180)
      }, 40)
      const audio = new AudioContext()
      const tone = audio.createOscillator()
      const sink = audio.createMediaStreamDestination()
      tone.connect(sink)
      tone.start()
      const tracks = [...canvas.captureStream(25).getTracks(), ...sink.stream.getTracks()]
      const recorder = new MediaRecorder(new MediaStream(tracks), { mimeType: type })
      const parts: Blob[] = []
      recorder.ondataavailable = ({ data }) => void parts.push(data)
      const stopped = new Promise(resolve => recorder.addEventListener('stop', resolve))
      recorder.start(500)
      await new Promise(resolve => setTimeout(resolve, length * 1000))
      recorder.stop()
      await stopped
      clearInterval(drawing)
      await audio.close()
      const reader = new FileReader()
      const read = new Promise(resolve => reader.addEventListener('load', resolve))
      reader.readAsDataURL(new Blob(parts))
      await read
      return String(reader.result).split(',')[1]
    },
    [mimeType, seconds] as const,
  )
}

describe('what the browser records', () => {
  test.each([
    ['WebM with VP9', 'video/webm;codecs=vp9,opus', 'recorded.webm'],
    ['MP4 with VP9', 'video/mp4;codecs=vp9,opus', 'recorded.mp4'],
    ['Matroska with H.264', 'video/x-matroska;codecs=avc1,opus', 'recorded.mkv'],
  ])('as %s plays', async (_, mimeType, name) => {
    const browser = await openBrowser(1280, 800)
    try {
      const { page } = browser
      await page.goto(films.url)
      const recorded = await record(page, mimeType, 4)
      expect(recorded).toBeDefined()
      await writeFile(path.join(folder, name), Buffer.from(recorded ?? '', 'base64'))
      // The server looks at its folders once a second at most.
      await page.waitForTimeout(1100)
      const list = await page.evaluate(async () => (await fetch('/api/media')).json())
      const film = (list as { media: { id: string; name: string }[] }).media.find(entry => entry.name === name)
      expect(film).toBeDefined()
      await page.goto('about:blank')
      const errors = await openAddress(page, `${films.url}#${film?.id}`)
      await playTo(page, 1)
      expect(await decodedSound(page)).toBeGreaterThan(500)
      await seek(page, 3)
      await playTo(page, 3.4)
      await seek(page, 0.5)
      await playTo(page, 1)
      const end = await page.evaluate(() => window.cuemux.video.duration)
      expect(end).toBeGreaterThan(3.5)
      expect(end).toBeLessThan(5)
      expect((await bufferedRanges(page)).length).toBeLessThanOrEqual(2)
      expect(errors).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
