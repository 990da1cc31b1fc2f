// Many viewers of a few remote films, with seeks, on a process of its own.
// CUEMUX_LOAD_SECONDS: how long (8 in the tests; a minute is the real thing). CUEMUX_LOAD_FILMS: films in place of the tests' own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { runOrThrow } from '../support/process.js'
import { seededRandom } from '../support/random.js'
import { type RangeServer, serveRanges } from '../support/range-server.js'
import { ServedFilms } from './served-films.js'
import { type Seen, watch } from './viewer.js'

const SECONDS = Number(process.env.CUEMUX_LOAD_SECONDS ?? 8)
const VIEWERS = 64
const MB = 1e6

/** Test films that are shown over and over, as films of a hundred megabytes in these containers. */
const SOURCES = [
  ['h264_aac.mp4', 'mkv'],
  ['h264_aac.mp4', 'mp4'],
  ['h264_23976.mkv', 'mp4'],
] as const
const REPEATS = 30

async function makeLonger(name: string, extension: string): Promise<string> {
  const out = path.join(folder, `${path.parse(name).name}.${extension}`)
  const input = ['-stream_loop', String(REPEATS), '-i', await makeMedia(name)]
  await runOrThrow('ffmpeg', ['-v', 'error', ...input, '-c', 'copy', out])
  return out
}

let folder = ''
let upstream: RangeServer[] = []
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-load-'))
  const own = process.env.CUEMUX_LOAD_FILMS?.split(',')
  const files = own ?? (await Promise.all(SOURCES.map(([name, extension]) => makeLonger(name, extension))))
  upstream = await Promise.all(files.map(file => serveRanges(file, 5)))
})
afterAll(async () => {
  await Promise.all(upstream.map(server => server.close()))
  await rm(folder, { recursive: true, force: true })
})

describe('64 viewers of three films', () => {
  test(`for ${SECONDS} s`, { timeout: (SECONDS + 60) * 1000 }, async () => {
    const films = Object.fromEntries(upstream.map((server, i) => [`film-${i}`, server.url]))
    const served = await ServedFilms.start({
      films,
      cache: path.join(folder, 'cache'),
      memoryBytes: 8 << 20,
      options: { limits: { bytesInFlight: 16 << 20 } },
    })
    const seen: Seen = { segments: 0, bytes: 0, problems: [], digests: new Map() }
    const untilMs = performance.now() + SECONDS * 1000
    const rss: number[] = []
    const watching = Array.from({ length: VIEWERS }, (_, i) => {
      const random = seededRandom(i + 1)
      const habits = { name: `viewer-${i}`, random, paceMs: 50, ...(i % 10 === 0 ? { stallMs: 3000 } : {}) }
      return watch(served.url, Object.keys(films), habits, untilMs, seen)
    })
    const measuring = (async () => {
      while (performance.now() < untilMs) {
        await delay(250)
        rss.push((await served.figures()).rssBytes / MB)
      }
    })()
    await Promise.all([...watching, measuring])
    const last = await served.figures()
    const upstreamBytes = upstream.reduce((sum, server) => sum + server.bytes, 0)
    const { left, code } = await served.close()
    const middle = Math.max(...rss.slice(rss.length / 3, (2 * rss.length) / 3))
    const late = Math.max(...rss.slice((2 * rss.length) / 3))
    const unique = last.uniqueBytes
    console.info(
      `upstream per film ${upstream.map(({ bytes }) => (bytes / MB).toFixed(0)).join(', ')}; ${seen.segments} segments, ${(seen.bytes / MB).toFixed(0)} MB; RSS MB: middle ${middle.toFixed(0)}, late ${late.toFixed(0)};` +
        ` upstream ${(upstreamBytes / MB).toFixed(1)} MB for ${(unique / MB).toFixed(1)}; ${JSON.stringify(last.metrics)}`,
    )
    expect(seen.problems).toEqual([])
    expect(last.errors).toEqual([])
    expect(upstreamBytes).toBeLessThanOrEqual(unique * 1.1)
    expect(Math.max(...rss)).toBeLessThanOrEqual(250)
    expect(late).toBeLessThanOrEqual(middle * 1.1 + 10)
    expect(left.metrics.requests.active + left.metrics.bytesInFlight.used).toBe(0)
    expect(left.resources.filter(name => name === 'Timeout')).toEqual([])
    expect(code).toBe(0)
  })
})
