import { load, segmentUrls, withServer } from '../lib/served.mjs'

const CLIENTS = 64
const SECONDS = 60
const QUICK_SECONDS = 10
/** The end may lie above the second quarter by so much: a heap that is full shrinks late. */
const MAX_GROWTH = 1.25

/** Memory while many stream at once: bounded, and not growing. */
export const p13 = {
  name: 'P13',
  title: `memory while ${CLIENTS} clients stream film.mkv`,
  inputs: ['film.mkv'],
  maxRuns: 1,
  budgets: { 'p50/maxRssKiB': Math.floor(250e6 / 1024) },
  tools: (inputs, { isQuick }) => [{ name: 'cuemux', run: () => measure(inputs['film.mkv'], isQuick) }],
}

async function measure(path, isQuick) {
  const rss = []
  const seconds = isQuick ? QUICK_SECONDS : SECONDS
  const { result, usage } = await withServer([path], {}, async server => {
    const urls = await segmentUrls(server.address)
    return load(urls, CLIENTS, seconds, () => rss.push(server.rssKiB()))
  })
  const quarter = n => mean(rss.slice(Math.floor((rss.length * n) / 4), Math.floor((rss.length * (n + 1)) / 4)))
  if (!isQuick && quarter(3) > quarter(1) * MAX_GROWTH) {
    throw new Error(`its memory grew from ${Math.round(quarter(1) / 1024)} to ${Math.round(quarter(3) / 1024)} MiB`)
  }
  return { seconds: { p50: result.latencies[result.latencies.length >> 1] }, usage: { maxRssKiB: usage.maxRssKiB } }
}

const mean = list => list.reduce((sum, value) => sum + value, 0) / list.length
