// Eight previews at once, for half a minute: real time on two cores, no growth of memory, files or descriptors, and a quick end.
// CUEMUX_SOAK_SECONDS: how long (30 in the tests; 600 is the real thing).
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createPreviewManager, type PreviewEvent } from 'cuemux'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { descendants, isAlive } from '../support/children.js'

const SECONDS = Number(process.env.CUEMUX_SOAK_SECONDS ?? 30)
const PORTS = [0, 1, 2, 3, 4, 5, 6, 7]
const SEGMENT_MS = 2000
const LISTED = 3
/** Listed ones, those that an older playlist names and two that go or come; init segment and two playlists; one half written. */
const FILES_OF_A_PORT = LISTED + (LISTED + 1) + 2 + 3 + 1
const MB = 1e6

/** What is looked at once a second. */
interface Look {
  /** Memory that we hold, without what V8 only keeps for later. */
  readonly ownBytes: number
  /** Resident memory of all ffmpegs. */
  readonly encoderBytes: number
  readonly files: number
  readonly descriptors: number
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-soak-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

async function look(pids: readonly number[]): Promise<Look> {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const names = await Promise.all(PORTS.map(port => readdir(path.join(folder, `port_${port}`))))
  return {
    ownBytes: heapUsed + arrayBuffers,
    encoderBytes: (await Promise.all(pids.map(residentBytes))).reduce((sum, bytes) => sum + bytes, 0),
    files: Math.max(...names.map(({ length }) => length)),
    descriptors: (await readdir('/proc/self/fd')).length,
  }
}

/** The least of a stretch: what is garbage at one look is gone at another. */
const least = (looks: readonly Look[], key: keyof Look): number => Math.min(...looks.map(one => one[key]))

test(`eight previews for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1000 }, async () => {
  const events: PreviewEvent[] = []
  const previews = createPreviewManager({
    ...{ folder, segmentDurationMs: SEGMENT_MS, segments: LISTED, onEvent: event => events.push(event) },
    input: port => `lavfi:testsrc2=size=426x240:rate=25[out0];sine=frequency=${300 + 50 * port}[out1]`,
    video: { maxWidth: 426, maxHeight: 240, bitrateBps: 500_000 },
  })
  await Promise.all(PORTS.map(port => previews.start(port)))
  await Promise.all(PORTS.map(port => previews.ready(port)))
  const pids = PORTS.map(port => previews.stats(port)?.pid ?? 0)
  const looks: Look[] = []
  const endAt = performance.now() + SECONDS * 1000
  while (performance.now() < endAt) {
    looks.push(await look(pids))
    await delay(1000)
  }
  const half = Math.floor(looks.length / 2)
  // The window is full by then, and encoders have what they need.
  const [early, late] = [looks.slice(Math.min(15, half - 1), half), looks.slice(half)]
  console.log(
    `own ${(least(early, 'ownBytes') / MB).toFixed(1)} → ${(least(late, 'ownBytes') / MB).toFixed(1)} MB,`,
    `ffmpeg ${(least(early, 'encoderBytes') / MB).toFixed(0)} → ${(least(late, 'encoderBytes') / MB).toFixed(0)} MB,`,
    `${Math.max(...looks.map(({ files }) => files))} files of a port at most,`,
    `speed ${PORTS.map(port => previews.stats(port)?.speed?.toFixed(2)).join(' ')}`,
  )
  expect(least(late, 'ownBytes') - least(early, 'ownBytes')).toBeLessThan(16 * MB)
  expect(least(late, 'encoderBytes')).toBeLessThan(least(early, 'encoderBytes') * 1.2)
  expect(Math.max(...looks.map(({ files }) => files))).toBeLessThanOrEqual(FILES_OF_A_PORT)
  expect(least(late, 'descriptors')).toBeLessThanOrEqual(least(early, 'descriptors'))
  // None has crashed, and each has kept up with its picture, or nearly so beside other tests.
  expect(events.filter(({ type }) => type === 'reconnect')).toEqual([])
  for (const port of PORTS) expect(previews.stats(port)?.segments).toBeGreaterThan((SECONDS * 1000) / SEGMENT_MS / 2)
  const stoppedAt = performance.now()
  await previews.stopAll()
  expect(performance.now() - stoppedAt).toBeLessThan(6000)
  expect(pids.some(isAlive)).toBe(false)
  expect(descendants(process.pid, 'ffmpeg')).toEqual([])
  expect(await readdir(folder)).toEqual([])
})
