// Live streams in hls.js: previews of what no browser decodes, an input that breaks off, and low latency.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createLiveStream, createPreviewManager, type LiveStream, toNodeListener } from 'cuemux'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { liveEvents } from '../support/live-events.js'
import { serveLive } from '../support/live-server.js'
import { type OpenPage, openBrowser } from './chromium.js'

const HLS_JS = new URL('../../packages/cli/node_modules/hls.js/dist/hls.min.js', import.meta.url)
const PAGE = `<!doctype html><title>Live</title><video width="640" muted></video><script src="/hls.js"></script>
  <script>
    const video = document.querySelector('video')
    const lowLatencyMode = location.hash === '#low-latency'
    // Closes up to the end by playing faster, as low-latency players are set up; hls.js doesn't by itself.
    const catchUp = { maxLiveSyncPlaybackRate: 1.5, liveSyncOnStallIncrease: 0.1 }
    const hls = new Hls({ lowLatencyMode, ...(lowLatencyMode ? catchUp : {}) })
    window.fatal = []
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) fatal.push(data.type + ' ' + data.details) })
    hls.loadSource('/live/master.m3u8')
    hls.attachMedia(video)
    video.play()
  </script>`

type LivePage = Window & { readonly hls: { readonly playingDate: Date | null }; readonly fatal: readonly string[] }
declare const hls: LivePage['hls']
declare const fatal: LivePage['fatal']

/** Answers what is below `/live/`. */
let live: (request: Request, path: string) => Promise<Response>
let server: Server
let origin = ''
let browser: OpenPage

beforeAll(async () => {
  const script = await readFile(HLS_JS)
  const listener = toNodeListener(async request => {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/live/')) return live(request, pathname.slice('/live/'.length))
    if (pathname === '/hls.js') return new Response(new Uint8Array(script))
    return pathname === '/' ? new Response(PAGE, { headers: { 'content-type': 'text/html' } }) : new Response(null)
  })
  server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server?.closeAllConnections()
  await new Promise(resolve => server?.close(resolve))
})
afterEach(async () => {
  await browser?.close()
})

async function open(hash = ''): Promise<void> {
  browser = await openBrowser(700, 400)
  await browser.page.goto(`${origin}/${hash}`)
}

/** Waits until the page's video has played to a time, s; answers the time. */
function playedTo(seconds: number): Promise<number> {
  const reached = (to: number): number | false => {
    const { currentTime } = document.querySelector('video') as HTMLVideoElement
    return currentTime >= to && currentTime
  }
  return browser.page.waitForFunction(reached, seconds, { timeout: 60_000 }).then(handle => handle.jsonValue() as never)
}

function streamed(stream: LiveStream): LiveStream {
  live = (request, name) => stream.handle(request, name)
  return stream
}

test('a preview of interlaced 4:2:2 of 10 bits plays, upright and smoothly', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-preview-'))
  const picture = 'testsrc2=size=720x576:rate=50,format=yuv422p10le,tinterlace=interleave_top,setsar=64/45'
  const previews = createPreviewManager({
    ...{ folder, input: () => `lavfi:${picture}[out0];sine=frequency=440[out1]` },
    ...{ segmentDurationMs: 1000, video: { maxWidth: 426, maxHeight: 240, bitrateBps: 800_000 } },
  })
  try {
    await previews.start(0)
    live = (request, name) => previews.handle(0, request, name)
    await open()
    const from = await playedTo(1.5)
    await playedTo(from + 4)
    const seen = await browser.page.evaluate(() => {
      const video = document.querySelector('video') as HTMLVideoElement
      const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
      return { size: [video.videoWidth, video.videoHeight], totalVideoFrames, droppedVideoFrames, fatal }
    })
    expect(seen).toMatchObject({ size: [426, 240], fatal: [] })
    expect(seen.totalVideoFrames).toBeGreaterThan(60)
    expect(browser.complaints).toEqual([])
  } finally {
    await previews.stopAll()
    await rm(folder, { recursive: true, force: true })
  }
})

test('a transport stream that breaks off for ten seconds comes back in the player by itself', async () => {
  const sender = await serveLive(await makeMedia('h264_aac.ts'), 30_000)
  const { onEvent, next } = liveEvents()
  const stream = streamed(createLiveStream({ input: sender.url, segmentDurationMs: 2000, onEvent }))
  try {
    await stream.ready
    await open()
    await playedTo(3)
    sender.break()
    await next('reconnect')
    await delay(10_000)
    sender.mend()
    const { number } = await next('segment', ({ isDiscontinuity }) => isDiscontinuity)
    expect(number).toBeGreaterThan(1)
    const joinedAt = stream.stats.segments * 2 - 1
    // Well into what came after the break: nobody has touched the page.
    await playedTo(joinedAt + 4)
    expect(await browser.page.evaluate(() => fatal)).toEqual([])
    expect(stream.stats.restarts).toBeGreaterThanOrEqual(1)
  } finally {
    await stream.close()
    await sender.close()
  }
})

test('low latency plays at most three seconds behind', async () => {
  const stream = streamed(
    createLiveStream({
      input: 'lavfi:testsrc2=size=426x240:rate=25[out0];sine=frequency=440[out1]',
      ...{ mode: 'encode', lowLatency: true, video: { bitrateBps: 800_000, preset: 'ultrafast' } },
    }),
  )
  try {
    await stream.ready
    await open('#low-latency')
    await playedTo(2)
    const behind = async (): Promise<number> => {
      const date = await browser.page.evaluate(() => hls.playingDate?.getTime() ?? 0)
      return (Date.now() - date) / 1000
    }
    // A machine that is busy lets it fall behind at first: it gets time to close up.
    for (let n = 0; n < 120 && (await behind()) > 3; n++) await delay(500)
    expect(await behind()).toBeLessThanOrEqual(3)
    expect(await browser.page.evaluate(() => fatal)).toEqual([])
  } finally {
    await stream.close()
  }
})
