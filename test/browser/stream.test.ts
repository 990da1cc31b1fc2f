// stream.mp4 as the address of a <video>: what a browser asks for, and that it plays it.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createHandler, type Handler, toNodeListener } from 'cuemux'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from './chromium.js'

const SAMPLE = fileURLToPath(new URL('../../sample/cuemux-sample.mkv', import.meta.url))

let server: Server
let handler: Handler
let origin = ''
const asked: { readonly range: string | undefined; readonly url: string }[] = []

beforeAll(async () => {
  handler = createHandler({ resolve: id => (id === 'film' ? SAMPLE : undefined) })
  const films = toNodeListener(handler)
  server = createServer((request, response) => {
    if (request.url?.startsWith('/film/')) {
      asked.push({ range: request.headers.range, url: request.url })
      return films(request, response)
    }
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><video muted></video>')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await handler.close()
})

test('Chromium plays it from where it starts, and leaves it cleanly', async () => {
  const { page, complaints, close } = await openBrowser(640, 360)
  try {
    await page.goto(origin)
    const played = await page.evaluate(async () => {
      const video = document.querySelector('video') as HTMLVideoElement
      video.src = '/film/stream.mp4?start=20&client=browser'
      await video.play()
      const startedAt = video.currentTime
      await new Promise<void>((resolve, reject) => {
        video.addEventListener('timeupdate', () => video.currentTime > 1.5 && resolve())
        video.addEventListener('error', () => reject(new Error(video.error?.message)))
      })
      return { startedAt, width: video.videoWidth, time: video.currentTime }
    })
    expect(asked[0]).toEqual({ range: 'bytes=0-', url: '/film/stream.mp4?start=20&client=browser' })
    expect(played.startedAt).toBeLessThan(1)
    expect(played.time).toBeGreaterThan(1.5)
    expect(played.width).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  } finally {
    await close()
  }
  for (let tries = 0; tries < 100 && handler.metrics().streams.active > 0; tries++) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  expect(handler.metrics()).toMatchObject({ streams: { active: 0 }, requests: { active: 0 }, errors: {} })
})
