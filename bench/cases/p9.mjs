import { fetchBytes, load, segmentUrls, withServer } from '../lib/served.mjs'

const CONNECTIONS = 8
const SECONDS = 5
const QUICK_SECONDS = 1
/** What nginx-vod-module (C, one worker) gave of the same segments on two cores: it can't be had as a package. */
const NGINX_VOD_PER_SECOND = 340
/** About 3 MB each. */
const ENV = { SEGMENT_MS: '3000' }

/** Segments over HTTP from one Node process that keeps none, and the same server from memory. */
export const p9 = {
  name: 'P9',
  title: `3 MB segments of film.mkv over HTTP, ${CONNECTIONS} connections, one process, none kept`,
  inputs: ['film.mkv'],
  budgets: { segment: 1 / (1.3 * NGINX_VOD_PER_SECOND), 'segment/from memory': 0.4 },
  tools: (inputs, { isQuick }) => {
    const seconds = isQuick ? QUICK_SECONDS : SECONDS
    return [
      { name: 'cuemux', run: () => measure([inputs['film.mkv']], segmentUrls, seconds) },
      {
        name: 'from memory',
        run: async () => {
          const bytes = await meanSegmentBytes(inputs['film.mkv'])
          return measure([inputs['film.mkv'], 'memory', String(bytes)], address => [address, address], seconds)
        },
      },
    ]
  },
}

async function measure(args, urlsOf, seconds) {
  const { result: done, usage } = await withServer(args, ENV, async server => {
    const urls = await urlsOf(server.address)
    await load(urls, CONNECTIONS, seconds / 4)
    return load(urls, CONNECTIONS, seconds)
  })
  const at = share => done.latencies[Math.floor((done.latencies.length - 1) * share)]
  return {
    seconds: { segment: done.seconds / done.latencies.length, p50: at(0.5), p99: at(0.99) },
    usage: { maxRssKiB: usage.maxRssKiB, writtenBytes: done.bytes / done.latencies.length },
  }
}

let meanBytes
async function meanSegmentBytes(path) {
  if (meanBytes !== undefined) return meanBytes
  const { result } = await withServer([path], ENV, async server => {
    const urls = await segmentUrls(server.address)
    let total = 0
    for (const url of urls) total += await fetchBytes(url)
    return Math.round(total / urls.length)
  })
  meanBytes = result
  return meanBytes
}
