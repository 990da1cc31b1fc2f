// npm run bench -- growth [--quick] [--out FILE]: how what Cuemux takes grows with the film, its tracks, and the viewers.
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { input } from './inputs.mjs'
import { growthMarkdown } from './lib/growth-table.mjs'
import { describeMachine } from './lib/machine.mjs'
import { load, segmentUrls, withServer } from './lib/served.mjs'
import { median } from './lib/statistics.mjs'
import { selfMeasuringTool } from './lib/tools.mjs'

const README = new URL('README.md', import.meta.url)
const FULL = {
  runs: 3,
  minutes: [1, 10, 100, 1000],
  tracks: [1, 2, 4, 8, 16, 32],
  viewers: [1, 4, 16, 64, 256],
  seconds: 5,
}
const QUICK = { runs: 1, minutes: [1, 10, 100], tracks: [1, 8], viewers: [1, 16], seconds: 1 }
const EXTENSIONS = ['mkv', 'mp4']
/** Segments of about 4 MB. */
const SERVER_ENV = { SEGMENT_MS: '3000' }

/**
 * Measures all sizes in turns, prints the tables, and puts them into the README unless it is quick.
 *
 * @param {{ isQuick: boolean, out: string | undefined }} options
 */
export async function measureGrowth({ isQuick, out }) {
  const { runs, minutes, tracks, viewers, seconds } = isQuick ? QUICK : FULL
  const films = [
    ...minutes.flatMap(count => EXTENSIONS.map(extension => film('grow', count, extension))),
    ...tracks.flatMap(count => EXTENSIONS.map(extension => film('tracks', count, extension))),
  ]
  const served = viewers.map(count => ({ kind: 'viewers', count, run: () => serve(count, seconds), samples: [] }))
  const all = [...films, ...served]
  for (let run = 0; run < runs; run++) {
    for (const one of all) {
      console.error(`growth ${run + 1}/${runs} ${one.kind} ${one.count} ${one.extension ?? ''}`)
      one.samples.push(await one.run())
    }
  }
  const rows = all.map(({ kind, count, extension, samples }) => ({ kind, count, extension, ...medians(samples) }))
  const results = { when: new Date().toISOString(), ...describeMachine(), runs, rows }
  results.machine.loadAverage = Number(loadavg()[0].toFixed(1))
  const text = growthMarkdown(results)
  console.log(text)
  writeFileSync(out ?? new URL('growth.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`)
  if (!isQuick && out === undefined) rewriteReadme(text)
}

function film(kind, count, extension) {
  const path = input(`${kind}-${count}.${extension}`)
  const { run } = selfMeasuringTool('cuemux', 'growth-film', [path, input(`grow-1.${extension}`)])
  return { kind, count, extension, run, samples: [] }
}

/** So many clients that each ask for one segment after another, of a server in a process of its own. */
async function serve(count, seconds) {
  const { result, usage } = await withServer([input('film.mkv')], SERVER_ENV, async server => {
    const urls = await segmentUrls(server.address)
    await load(urls, count, seconds / 4)
    const before = server.counters()
    const { latencies, seconds: taken } = await load(urls, count, seconds)
    const after = server.counters()
    const each = name => (after[name] - before[name]) / latencies.length
    return {
      seconds: { segment: taken / latencies.length, p50: latencies[latencies.length >> 1] },
      usage: Object.fromEntries(Object.keys(before).map(name => [name, each(name)])),
    }
  })
  return { seconds: result.seconds, usage: { ...result.usage, maxRssKiB: usage.maxRssKiB } }
}

function medians(samples) {
  const of = part =>
    Object.fromEntries(Object.keys(samples[0][part]).map(key => [key, median(samples.map(one => one[part][key]))]))
  return { seconds: of('seconds'), usage: of('usage') }
}

/** Puts the tables between the markers of the README. */
function rewriteReadme(tables) {
  const text = readFileSync(README, 'utf8')
  const [start, end] = ['<!-- growth -->', '<!-- end of growth -->']
  const before = text.slice(0, text.indexOf(start) + start.length)
  writeFileSync(README, `${before}\n${tables}\n${text.slice(text.indexOf(end))}`)
}
