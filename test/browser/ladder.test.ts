// A ladder plays through every switch of its rungs: each picture once, in order, at its time, and no waiting.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCells } from '../hls-check/clock-cells.js'
import { type Finished, runOrThrow } from '../support/process.js'
import { type ServedFilms, serveFilms } from '../support/server.js'
import { type OpenPage, openBrowser } from './chromium.js'
import { SAMPLE_RATE } from './clock.js'
import { bufferedRanges, openFilm, playTo, seek } from './film-page.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SWITCHES = 10

let folder: string
let films: ServedFilms
let browser: OpenPage
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
  const sample = path.join(root, 'sample/cuemux-sample.mkv')
  const short = path.join(folder, 'short.mkv')
  await runOrThrow('ffmpeg', ['-v', 'error', '-i', sample, '-t', '6', '-c', 'copy', short])
  const ladder = (input: string, out: string, ...options: string[]): Promise<Finished> => {
    const command = ['ladder', input, path.join(folder, out), '--encoder', 'x264', ...options]
    return runOrThrow(process.execPath, [path.join(root, 'packages/cli/dist/main.js'), ...command])
  }
  await ladder(sample, 'ladder', '--rungs', '360,270,180', '--segment-duration', '1.5')
  await ladder(short, 'blocks', '--rungs', '180,90', '--segment-duration', '2', '--to', 'ipfs')
  films = await serveFilms(path.join(folder, 'ladder'), path.join(folder, 'blocks'))
  browser = await openBrowser(1280, 800)
})
afterAll(async () => {
  await browser?.close()
  await films?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What was seen of a film that played. */
interface Seen {
  readonly frames: readonly { readonly levels: number[]; readonly mediaTime: number; readonly height: number }[]
  /** Where the browser had to wait for what comes next, s. */
  readonly waits: readonly number[]
}

/** Plays, and asks for another rung as soon as the one that was asked for is seen. */
function playAndSwitch(switches: number): Promise<Seen> {
  const { video, hls } = window.cuemux
  const frames: Seen['frames'][number][] = []
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const waits: number[] = []
  let left = switches
  let at = 0
  let wanted = 0
  return new Promise((resolve, reject) => {
    const onFrame = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      const { videoWidth: width, videoHeight: height } = video
      canvas.width = width
      canvas.height = height
      context?.drawImage(video, 0, 0)
      const size = width / 20
      const row = context?.getImageData(0, Math.round(height - size / 2), width, 1).data ?? []
      const levels = Array.from({ length: 20 }, (__, i) => row[4 * Math.floor((i + 0.5) * size)] ?? 0)
      frames.push({ levels, mediaTime, height })
      const { buffered } = video
      // A switch throws away what is buffered of the rung before; a player does it with something to go on with.
      const aheadSeconds = buffered.length > 0 ? buffered.end(buffered.length - 1) - video.currentTime : 0
      if (height === hls.levels[wanted]?.height && aheadSeconds > 4) {
        if (left === 0) {
          resolve({ frames, waits })
          return
        }
        left--
        // Up and down, by one and by two rungs.
        do wanted = [2, 0, 1, 2, 1, 0][at++ % 6] ?? 0
        while (hls.levels[wanted]?.height === height)
        hls.nextLevel = wanted
      }
      video.requestVideoFrameCallback(onFrame)
    }
    wanted = hls.currentLevel
    // Before it plays it waits for the beginning.
    video.addEventListener('playing', () => video.addEventListener('waiting', () => waits.push(video.currentTime)), {
      once: true,
    })
    video.addEventListener('ended', () => reject(new Error(`The film ended with ${left} switches left.`)))
    video.requestVideoFrameCallback(onFrame)
    video.play().catch(reject)
  })
}

test(`plays on while its rung is switched ${SWITCHES} times`, async () => {
  const { page } = browser
  const errors = await openFilm(page, films, 'ladder')
  const { frames, waits } = await page.evaluate(playAndSwitch, SWITCHES)
  const heights = frames.map(({ height }) => height).filter((height, i, all) => height !== all[i - 1])
  expect(heights.length).toBeGreaterThan(SWITCHES)
  expect(new Set(heights)).toEqual(new Set([180, 270, 360]))
  const shown = frames.map(({ levels, mediaTime }) => ({ frame: readCells(levels), mediaTime }))
  const zeros = shown.map(({ frame, mediaTime }) => mediaTime - frame / SAMPLE_RATE).sort((a, b) => a - b)
  const zero = zeros[zeros.length >> 1] ?? 0
  for (const [i, { frame, mediaTime }] of shown.entries()) {
    // Each picture at its time, none a second time, none after a later one. A slow machine shows the next one by the time
    // that this one is read, or leaves some out; an earlier one would have been repeated.
    const ahead = frame - (mediaTime - zero) * SAMPLE_RATE
    expect({ mediaTime, ahead }).toEqual({ mediaTime, ahead: within(-0.5, SAMPLE_RATE) })
    if (i > 0) expect(mediaTime).toBeGreaterThan(shown[i - 1]?.mediaTime ?? 0)
  }
  expect(waits).toEqual([])
  expect(errors.filter(error => error !== 'aborted')).toEqual([])
  expect(browser.complaints).toEqual([])
})

test('plays out of blocks of IPFS, to the end', async () => {
  const own = await openBrowser(1280, 800)
  try {
    const errors = await openFilm(own.page, films, 'short.mkv')
    await seek(own.page, 4)
    await playTo(own.page, 5)
    const ranges = await bufferedRanges(own.page)
    expect(ranges.length).toBeLessThanOrEqual(2)
    expect(ranges.at(-1)?.[1]).toBeGreaterThan(5.9)
    expect(errors.filter(error => error !== 'aborted')).toEqual([])
    expect(own.complaints).toEqual([])
  } finally {
    await own.close()
  }
})

function within(least: number, most: number): unknown {
  return expect.toSatisfy((value: number) => value > least && value < most)
}
