import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { readShownFrame } from './clock.js'
import { choose, currentTime, until } from './controls.js'
import { openFilm, playTo, seek } from './film-page.js'

let films: ServedFilms
let browser: OpenPage
let name = ''
beforeAll(async () => {
  const path = await makeMedia('clock_chapters.mkv')
  name = basename(path)
  films = await serveFilms(path)
  browser = await openBrowser(1000, 700)
  await openFilm(browser.page, films, name)
  await browser.page.evaluate(() => window.cuemux.video.pause())
})
afterAll(async () => {
  await browser?.close()
  await films?.stop()
})

/** Presses a key and waits until the film is where it then should be. */
async function pressTo(key: string, seconds: number): Promise<void> {
  await browser.page.keyboard.press(key)
  await browser.page.waitForFunction(to => Math.abs(window.cuemux.video.currentTime - to) < 0.05, seconds)
}

describe('keys', () => {
  test('move in the film', async () => {
    await seek(browser.page, 1)
    for (const [key, to] of [
      ['ArrowRight', 6],
      ['ArrowLeft', 1],
      ['l', 11],
      ['j', 1],
      ['Home', 0],
    ] as const)
      await pressTo(key, to)
    const end = await browser.page.evaluate(() => window.cuemux.video.duration)
    await pressTo('5', end / 2)
    await pressTo('0', 0)
    await pressTo('End', end)
  })

  test('play and pause, by space too unless a button has the focus', async () => {
    const { page } = browser
    await seek(page, 1)
    const isPaused = (): Promise<boolean> => page.evaluate(() => window.cuemux.video.paused)
    for (const key of ['k', ' ']) {
      await page.keyboard.press(key)
      expect(await isPaused()).toBe(false)
      await page.keyboard.press(key)
      expect(await isPaused()).toBe(true)
    }
    await page.focus('#mute')
    await page.keyboard.press(' ')
    expect(await isPaused()).toBe(true)
    expect(await page.evaluate(() => window.cuemux.video.muted)).toBe(true)
    await page.keyboard.press('m')
    expect(await page.evaluate(() => window.cuemux.video.muted)).toBe(false)
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  })

  test('change volume and speed', async () => {
    const { page } = browser
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    expect(await page.evaluate(() => window.cuemux.video.volume)).toBeCloseTo(0.95)
    await page.keyboard.press('>')
    expect(await page.evaluate(() => window.cuemux.video.playbackRate)).toBe(1.25)
    await page.keyboard.press('<')
    await page.keyboard.press('<')
    expect(await page.evaluate(() => window.cuemux.video.playbackRate)).toBe(0.75)
    await choose(page, 'speed', 'Normal')
    expect(await page.evaluate(() => window.cuemux.video.playbackRate)).toBe(1)
  })

  test('go frame by frame', async () => {
    const { page } = browser
    await seek(page, 3.01)
    const { frame } = await readShownFrame(page)
    const frames: number[] = []
    for (const key of ['.', '.', '.', ',', ',']) {
      await Promise.all([
        page.evaluate(() => new Promise(done => window.cuemux.video.addEventListener('seeked', done, { once: true }))),
        page.keyboard.press(key),
      ])
      frames.push((await readShownFrame(page)).frame - frame)
    }
    expect(frames).toEqual([1, 2, 3, 2, 1])
  })

  test('go as many frames as they are pressed, also faster than pictures come', async () => {
    const { page } = browser
    await seek(page, 3.01)
    const { frame } = await readShownFrame(page)
    const press = (keys: string): Promise<void> =>
      page.evaluate(all => {
        for (const key of all) document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      }, keys)
    await press('.....')
    expect((await readShownFrame(page)).frame - frame).toBe(5)
    await press(',,,.')
    expect((await readShownFrame(page)).frame - frame).toBe(3)
  })

  test('stay on the first frame where there is none before it', async () => {
    const { page } = browser
    await seek(page, 0)
    const { frame } = await readShownFrame(page)
    for (const key of [',', ',', '.']) await page.keyboard.press(key)
    expect((await readShownFrame(page)).frame - frame).toBe(1)
  })

  test('show the picture alone, and the keys', async () => {
    const { page } = browser
    await page.keyboard.press('f')
    await until(page, () => document.fullscreenElement?.id === 'player')
    await page.keyboard.press('f')
    await until(page, () => document.fullscreenElement === null)
    await page.keyboard.press('?')
    expect(await page.isVisible('#help')).toBe(true)
    await page.keyboard.press('k') // not meant for the film
    expect(await page.evaluate(() => window.cuemux.video.paused)).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.isVisible('#help')).toBe(false)
  })
})

describe('a menu', () => {
  test('is used by keys alone, and gives the focus back', async () => {
    const { page } = browser
    await page.focus('#audio')
    await page.keyboard.press('Enter')
    expect(await page.getAttribute('#audio', 'aria-expanded')).toBe('true')
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '')
    expect(await focused()).toBe('Englishstereo')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe('Frenchstereo')
    await page.keyboard.press('Enter')
    await until(page, () => window.cuemux.hls.audioTracks[window.cuemux.hls.audioTrack]?.lang === 'fr')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('audio')
    await page.keyboard.press('Enter')
    expect(await focused()).toBe('Frenchstereo')
    await page.keyboard.press('Escape')
    expect(await page.isVisible('#audio-menu')).toBe(false)
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  })
})

describe('chapters', () => {
  test('are marked on the bar, named at the pointer, and gone to by the menu', async () => {
    const { page } = browser
    expect(await page.locator('.seek-mark').count()).toBe(2)
    const bar = await page.locator('#seek').boundingBox()
    if (bar === null) throw new Error('no bar')
    await page.mouse.move(bar.x + 0.5 * bar.width, bar.y + bar.height / 2)
    expect(await page.textContent('#seek-hint-chapter')).toBe('Down the <b>river')
    await choose(page, 'chapter', 'The end')
    await until(page, () => Math.abs(window.cuemux.video.currentTime - 10) < 0.15)
    await until(page, () => document.querySelector('#chapter-now')?.textContent === 'The end')
  })

  test('are gone to by their list', async () => {
    const { page } = browser
    await page.getByRole('tab', { name: 'Chapters' }).click()
    await page.getByRole('button', { name: 'Down the <b>river' }).click()
    await until(page, () => !window.cuemux.video.paused && Math.abs(window.cuemux.video.currentTime - 5.2) < 0.6)
    await page.evaluate(() => window.cuemux.video.pause())
  })
})

describe('the seek bar', () => {
  test('goes where it is clicked', async () => {
    const { page } = browser
    const bar = await page.locator('#seek').boundingBox()
    if (bar === null) throw new Error('no bar')
    await page.mouse.click(bar.x + 0.25 * bar.width, bar.y + bar.height / 2)
    await until(page, () => Math.abs(window.cuemux.video.currentTime - 4) < 0.15)
  })

  test('shows the tile of the time at the pointer', async () => {
    const { page } = browser
    const sheet =
      '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="90"><rect width="160" height="90"/></svg>'
    const cues = [
      '00:00.000 --> 00:08.000',
      'storyboard/0.jpg#xywh=0,0,160,90',
      '',
      '00:08.000 --> 00:16.000',
      'storyboard/0.jpg#xywh=160,0,160,90',
    ]
    const evil = ['', '00:12.000 --> 00:16.000', 'https://example.com/x.jpg#xywh=0,0,1,1', '']
    const complainedOf = browser.complaints.length
    await page.route('**/storyboard.vtt*', route =>
      route.fulfill({ contentType: 'text/vtt', body: ['WEBVTT', '', ...cues, ...evil].join('\n') }),
    )
    await page.route('**/storyboard/0.jpg', route => route.fulfill({ contentType: 'image/svg+xml', body: sheet }))
    await page.reload()
    await until(page, () => window.cuemux?.video.readyState >= 2)
    const bar = await page.locator('#seek').boundingBox()
    if (bar === null) throw new Error('no bar')
    for (const [share, x] of [
      [0.2, 0],
      [0.9, -160],
    ] as const) {
      await page.mouse.move(bar.x + share * bar.width, bar.y + bar.height / 2)
      await page.waitForFunction(
        wanted => document.querySelector<HTMLElement>('#seek-tile img')?.style.transform === wanted,
        `scale(1.05) translate(${x}px, 0px)`,
      )
      expect(await page.isVisible('#seek-tile')).toBe(true)
    }
    const image = page.locator('#seek-tile img')
    expect(await image.evaluate(img => new URL((img as HTMLImageElement).src).pathname)).toMatch(/storyboard\/0\.jpg$/)
    expect(await image.evaluate(img => (img as HTMLImageElement).naturalWidth)).toBe(320)
    expect(browser.complaints.slice(complainedOf)).toEqual([])
  })
})

describe('the plan', () => {
  test('is shown, and plays from where it is clicked', async () => {
    const { page } = browser
    await page.getByRole('tab', { name: 'Plan' }).click()
    const picture = page.locator('.plan-picture')
    await picture.scrollIntoViewIfNeeded()
    const box = await picture.boundingBox()
    if (box === null) throw new Error('no picture')
    await page.mouse.move(box.x + 0.85 * box.width, box.y + 80)
    expect(await page.textContent('#plan-readout')).toMatch(/^Segment 2 · 0:12–0:16 · \d.* · 2 keyframes$/)
    await page.mouse.click(box.x + 0.85 * box.width, box.y + 80)
    await playTo(page, 13.7)
    expect(await currentTime(page)).toBeLessThan(15)
    await page.evaluate(() => window.cuemux.video.pause())
  })

  test('of a film of two hours stays light', async () => {
    const { page } = browser
    const segments = Array.from({ length: 1200 }, (_, n) => ({
      n,
      startMs: 6000 * n,
      durationMs: 6000,
      bytes: 1e6 + 1e5 * (n % 7),
    }))
    const keyframesMs = Array.from({ length: 3600 }, (_, n) => 2000 * n)
    const plan = { durationMs: 7_200_000, segments, keyframesMs, renditions: [] }
    await page.route('**/plan.json*', route => route.fulfill({ json: plan }))
    await page.reload()
    await until(page, () => window.cuemux?.video.readyState >= 2)
    await page.getByRole('tab', { name: 'Plan' }).click()
    await page.waitForSelector('.plan-rate')
    expect(await page.locator('.plan-picture *').count()).toBeLessThan(30)
    expect(await page.textContent('#plan-facts')).toContain('1200')
  })
})

describe('a narrow screen', () => {
  test('has room for every part of the page', async () => {
    const { page } = browser
    await page.setViewportSize({ width: 360, height: 700 })
    for (const tab of ['Tracks', 'Chapters', 'Plan', 'Fetched']) {
      await page.getByRole('tab', { name: tab }).click()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    }
    const right = await page.evaluate(() => document.querySelector('#fullscreen')?.getBoundingClientRect().right)
    expect(right).toBeLessThanOrEqual(360)
    await page.setViewportSize({ width: 1000, height: 700 })
  })
})

describe('touch', () => {
  test('shows and hides the controls by a tap, and skips by two at a side', async () => {
    const { page } = browser
    await page.evaluate(() => window.cuemux.video.play())
    const tap = (share: number): Promise<boolean> =>
      page.evaluate(at => {
        const picture = document.querySelector('#picture')
        const { left = 0, width = 0 } = picture?.getBoundingClientRect() ?? {}
        const init = { bubbles: true, pointerType: 'touch', clientX: left + at * width }
        picture?.dispatchEvent(new PointerEvent('click', init))
        return document.querySelector('#player')?.classList.contains('is-idle') === true
      }, share)
    const [first, second] = [await tap(0.5), await tap(0.5)]
    expect(first).not.toBe(second)
    await page.evaluate(() => window.cuemux.video.pause())
    await seek(page, 1)
    await tap(0.9)
    await tap(0.9)
    await until(page, () => Math.abs(window.cuemux.video.currentTime - 11) < 0.05)
  })
})

describe('the picture', () => {
  test('is offered in its sizes', async () => {
    const { page } = browser
    await page.route('**/master.m3u8*', async route => {
      const response = await route.fetch()
      const lines = (await response.text()).trimEnd().split('\n')
      const at = lines.findIndex(line => line.startsWith('#EXT-X-STREAM-INF'))
      const small = (lines[at] ?? '')
        .replace(/RESOLUTION=\d+x\d+/, 'RESOLUTION=320x180')
        .replace(/BANDWIDTH=\d+/g, 'BANDWIDTH=9000')
      await route.fulfill({ response, body: [...lines, small, `${lines[at + 1]}&small=1`].join('\n') })
    })
    await page.reload()
    await until(page, () => window.cuemux?.video.readyState >= 2)
    await page.click('#quality')
    const items = page.locator('#quality-menu').getByRole('menuitemradio')
    expect((await items.allTextContents()).map(label => label.replace(/^Automatic.*/, 'Automatic'))).toEqual([
      'Automatic',
      '360p',
      '180p',
    ])
    const asked = page.waitForRequest(request => request.url().includes('small=1'))
    await page.getByRole('menuitemradio', { name: '180p' }).click()
    await asked
    await page.unroute('**/master.m3u8*')
  })
})

describe('what goes wrong', () => {
  test('is said in words, and can be tried again', async () => {
    const { page } = browser
    const problem = { title: 'Not found', detail: 'There is no film of this name any more.' }
    await page.route('**/*.m4s*', route =>
      route.fulfill({ status: 404, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    )
    await page.reload()
    await page.waitForSelector('#failure:not([hidden])')
    expect(await page.textContent('#failure-words')).toBe('There is no film of this name any more.')
    await page.unroute('**/*.m4s*')
    await page.click('#failure-retry')
    await until(page, () => window.cuemux.video.readyState >= 2)
    expect(await page.isVisible('#failure')).toBe(false)
  })
})
