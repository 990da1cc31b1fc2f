// Two processes that serve the same remote film, with a real Redis between them.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RedisServer } from '../../packages/store/testing/redis-server.js'
import { makeMedia } from '../media/media.js'
import { seededRandom } from '../support/random.js'
import { type RangeServer, serveRanges } from '../support/range-server.js'
import { ServedFilms } from './served-films.js'
import { type Seen, watch } from './viewer.js'

let upstream: RangeServer
let redis: RedisServer
let services: ServedFilms[] = []

beforeAll(async () => {
  upstream = await serveRanges(await makeMedia('h264_aac.mkv'), 5)
  redis = await RedisServer.start()
})
afterAll(async () => {
  await redis.kill()
  await upstream.close()
})
afterEach(async () => {
  for (const service of services) expect((await service.close()).code).toBe(0)
  services = []
})

async function startTwo(): Promise<[ServedFilms, ServedFilms]> {
  const settings = { films: { film: upstream.url }, cache: redis.url }
  const [one, other] = await Promise.all([ServedFilms.start(settings), ServedFilms.start(settings)])
  services = [one, other]
  return [one, other]
}

async function body(service: ServedFilms, path: string): Promise<Buffer> {
  const response = await fetch(`${service.url}/film/${path}`)
  expect([path, response.status]).toEqual([path, 200])
  return Buffer.from(await response.arrayBuffer())
}

describe('two processes with one Redis', () => {
  test('make a segment that both are asked for once, and read the index once', async () => {
    const [one, other] = await startTwo()
    const playlist = (await body(one, 'video-1/playlist.m3u8')).toString()
    const paths = (playlist.match(/^\d+\.m4s$/gm) ?? []).map(file => `video-1/${file}`)
    for (const path of paths) {
      const [here, there] = await Promise.all([body(one, path), body(other, path)])
      expect(Buffer.compare(here, there)).toBe(0)
    }
    const [first, second] = await Promise.all([one.figures(), other.figures()])
    const flights = [first.metrics.flights, second.metrics.flights]
    // The index, and the segments: some by reading ahead, which is asking, too.
    expect((flights[0]?.made ?? 0) + (flights[1]?.made ?? 0)).toBe(paths.length + 1)
    expect(first.metrics.films.openedFromCache + second.metrics.films.openedFromCache).toBe(1)
    const film = Number((await fetch(upstream.url, { method: 'HEAD' })).headers.get('content-length'))
    expect(upstream.bytes).toBeLessThanOrEqual(film * 1.1 + 128 * 1024)
  })

  test('go on without a viewer noticing when Redis is killed and comes back', async () => {
    const [one, other] = await startTwo()
    const seen: Seen = { segments: 0, bytes: 0, problems: [], digests: new Map() }
    const untilMs = performance.now() + 6000
    const watching = [one, other].flatMap((service, i) =>
      Array.from({ length: 4 }, (_, k) => {
        const habits = { name: `viewer-${i}-${k}`, random: seededRandom(10 * i + k), paceMs: 20 }
        return watch(service.url, ['film'], habits, untilMs, seen)
      }),
    )
    await delay(1500)
    await redis.kill()
    await delay(1500)
    await redis.restart()
    await Promise.all(watching)
    expect(seen.problems).toEqual([])
    const figures = await Promise.all([one.figures(), other.figures()])
    expect(figures.flatMap(({ errors }) => errors)).toEqual([])
    expect(seen.segments).toBeGreaterThan(50)
  })
})
