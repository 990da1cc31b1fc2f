// Over random schedules of faults: what is served is right to the byte, the rest are clean errors.
import { httpSource } from '@cuemux/source'
import { CuemuxError, openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { type Fault, serveFaults } from '../support/fault-server.js'
import { bytesOf } from '../support/presentation.js'
import { seededRandom } from '../support/random.js'
import { sampleBytes } from './inputs.js'

const SCHEDULES = 200
/** Schedules under way at once: most of their time they wait. */
const AT_ONCE = 8

type Chance = () => number

const upTo = (random: Chance, most: number): number => Math.floor(random() ** 3 * most)

/** Each kind of fault, with what there is to choose about it. */
const KINDS: readonly ((random: Chance) => Fault)[] = [
  random => ({ kind: 'slow', pieceBytes: 5000 + upTo(random, 100_000), waitMs: 1 }),
  () => ({ kind: 'reset', afterBytes: undefined }),
  random => ({ kind: 'reset', afterBytes: upTo(random, 300_000) }),
  random => ({ kind: 'short', bytes: upTo(random, 300_000) }),
  random => ({ kind: 'part', bytes: 1 + upTo(random, 100_000) }),
  random => ({ kind: 'status', status: random() < 0.5 ? 503 : 429, headers: { 'retry-after': '0' } }),
  random => ({ kind: 'status', status: [500, 502, 504, 408][upTo(random, 4)] ?? 500 }),
  () => ({ kind: 'no-ranges' }),
  () => ({ kind: 'redirect' }),
]
/** Faults that nobody can survive. */
const FATAL: readonly ((random: Chance) => Fault)[] = [
  random => ({ kind: 'wrong-range', byBytes: 1 + upTo(random, 1000) }),
  () => ({ kind: 'changed' }),
  () => ({ kind: 'gzip' }),
  () => ({ kind: 'silent' }),
  random => ({ kind: 'status', status: random() < 0.5 ? 403 : 404 }),
]

/** A schedule: how bad the server is, then what becomes of each request. */
function schedule(random: Chance): (request: number) => Fault {
  const [share, fatal] = [0.1 + random() * 0.5, random() < 0.4 ? 0.08 : 0]
  const faults: Fault[] = []
  return request => {
    while (faults.length <= request) {
      const roll = random()
      const kinds = roll < fatal ? FATAL : roll < share ? KINDS : [(): Fault => ({ kind: 'none' })]
      faults.push(kinds[Math.floor(random() * kinds.length)]?.(random) ?? { kind: 'none' })
    }
    return faults[request] ?? { kind: 'none' }
  }
}

interface Film {
  readonly bytes: Buffer
  readonly extension: 'mkv' | 'mp4'
  readonly resources: ReadonlyMap<string, Uint8Array>
}

async function cleanRun(extension: 'mkv' | 'mp4'): Promise<Film> {
  const bytes = sampleBytes(extension)
  const media = await openMedia(new Uint8Array(bytes))
  const presentation = await media.hls()
  const resources = new Map<string, Uint8Array>()
  for (const { path, kind } of await presentation.resources()) {
    if (kind === 'segment' || kind === 'init') resources.set(path, await bytesOf(presentation, path))
  }
  return { bytes, extension, resources }
}

/** What came of one schedule. */
interface Outcome {
  readonly seed: number
  served: number
  /** Paths of what was served with wrong bytes. */
  readonly wrong: string[]
  /** Codes of the errors. */
  readonly refused: string[]
}

/** Plays a few resources of a film under a schedule; tells how many were served and how many were refused. */
async function playUnder(seed: number, film: Film): Promise<Outcome> {
  const random = seededRandom(seed)
  const server = await serveFaults(film.bytes, schedule(random), { name: `film.${film.extension}` })
  const source = httpSource(server.url, { retryDelayMs: 1, timeoutMs: 250 })
  const outcome: Outcome = { seed, served: 0, wrong: [], refused: [] }
  const expectClean = (error: unknown): void => {
    expect(error, `seed ${seed}`).toBeInstanceOf(CuemuxError)
    outcome.refused.push((error as CuemuxError).code)
  }
  try {
    const media = await openMedia(source)
    const presentation = await media.hls()
    const paths = [...film.resources.keys()]
    const wanted = Array.from({ length: 6 }, () => paths[Math.floor(random() * paths.length)] ?? '')
    const play = async (path: string): Promise<void> => {
      const bytes = await bytesOf(presentation, path).catch(expectClean)
      if (bytes === undefined) return
      outcome.served++
      if (Buffer.compare(bytes, film.resources.get(path) ?? Buffer.of()) !== 0) outcome.wrong.push(path)
    }
    // Some one after the other, some at once, as players ask.
    for (const path of wanted.slice(0, 2)) await play(path)
    await Promise.all(wanted.slice(2).map(play))
    await media.close()
  } catch (error) {
    expectClean(error)
  } finally {
    await source.close()
    await server.close()
  }
  return outcome
}

describe('under random faults', () => {
  test(`${SCHEDULES} schedules: every segment that is served is right to the byte, the rest are clean errors`, async () => {
    const films = [await cleanRun('mkv'), await cleanRun('mp4')]
    const outcomes: Outcome[] = []
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < SCHEDULES) {
        const seed = next++
        outcomes.push(await playUnder(seed, films[seed % films.length] as Film))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    const served = outcomes.reduce((sum, outcome) => sum + outcome.served, 0)
    const refused = outcomes.flatMap(outcome => outcome.refused)
    expect(outcomes).toHaveLength(SCHEDULES)
    expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([])
    expect(new Set(refused)).toEqual(new Set(['SOURCE_UNREACHABLE', 'SOURCE_CHANGED']))
    // Of 1,200 at most: it survives what can be survived.
    expect(served).toBeGreaterThan(800)
  })
})
