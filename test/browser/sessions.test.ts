// A film that is being encoded for a session plays on when its server is killed and started again; the page that lists
// sessions shows what they do and ends them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SessionInfo } from 'cuemux'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { descendants, eventually, isAlive } from '../support/children.js'
import { freePort, type SessionServer, serveSessions } from '../support/session-server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { openAddress, playTo } from './film-page.js'

let film: string
let folder: string
let port: number
let server: SessionServer
let browser: OpenPage
let errors: string[]

beforeAll(async () => {
  film = await makeMedia('clock_10bit.mkv')
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-sessions-'))
  port = await freePort()
  server = await serveSessions(folder, port, film)
  browser = await openBrowser(1280, 800)
})
afterAll(async () => {
  await browser?.close()
  server?.process.kill('SIGTERM')
  await server?.ended
  await rm(folder, { recursive: true, force: true })
})

async function sessions(): Promise<readonly SessionInfo[]> {
  const response = await fetch(new URL('/play/sessions', server.url))
  const list = (await response.json()) as { sessions: readonly SessionInfo[] }
  return list.sessions
}

test('a browser plays on when the server is killed in the middle of encoding and started again', async () => {
  const { page } = browser
  errors = await openAddress(page, `${server.url}#${server.media[0]?.id}`)
  await page.evaluate(() => {
    ;(window as { sameDocument?: boolean }).sameDocument = true
  })
  await playTo(page, 0.2)
  const [before] = await sessions()
  const encoders = descendants(server.process.pid ?? 0, 'ffmpeg')
  expect(encoders.length).toBeGreaterThan(0)
  server.process.kill('SIGKILL')
  expect(await server.ended).toBe('SIGKILL')
  const buffered = await page.evaluate(() => window.cuemux.video.buffered.end(0))
  expect(buffered).toBeLessThan(30)
  // What it had started ends by itself.
  expect(await eventually(() => !encoders.some(isAlive), 10_000)).toBe(true)

  server = await serveSessions(folder, port, film)
  expect((await sessions()).map(({ id, state }) => [id, state])).toEqual([[before?.id, expect.any(String)]])
  await page.evaluate(() => {
    window.cuemux.video.playbackRate = 4
  })
  await page.waitForFunction(() => window.cuemux.video.currentTime > 29, undefined, { timeout: 90_000 })
  expect(await page.evaluate(() => (window as { sameDocument?: boolean }).sameDocument)).toBe(true)
  expect(errors.filter(error => error.includes('fatal'))).toEqual([])
  const [after] = await sessions()
  expect(after).toMatchObject({ id: before?.id, state: 'running', viewers: ['local'] })
  expect(after?.progress?.segments).toEqual({ total: 6, kept: 6 })
})

test('the page of sessions shows what they do, and ends them', async () => {
  const { page } = browser
  await page.goto(new URL('/sessions', server.url).href)
  const card = page.locator('.session')
  await card.waitFor()
  expect(await card.locator('.session-name').textContent()).toBe(path.basename(film))
  expect(await card.locator('.session-state').textContent()).toMatch(/running|idle/)
  expect(await card.locator('dl').textContent()).toContain('6 of 6')
  if (process.env.CUEMUX_SHOTS !== undefined) {
    await page.screenshot({ path: path.join(process.env.CUEMUX_SHOTS, 'sessions.png') })
  }
  await card.locator('button').click()
  await page.locator('#no-sessions').waitFor()
  expect(await sessions()).toEqual([])
})

test('SIGTERM ends the server, and what it had started, by itself', async () => {
  const { page } = browser
  await page.goto(`${server.url}#${server.media[0]?.id}`)
  await page.waitForFunction(() => window.cuemux?.video.readyState >= 2, undefined, { timeout: 30_000 })
  const encoders = descendants(server.process.pid ?? 0, 'ffmpeg')
  server.process.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect(encoders.filter(isAlive)).toEqual([])
})
