import { indexBytes } from '../lib/index-bytes.mjs'
import { serveRanges } from '../lib/range-server.mjs'
import { selfMeasuringTool } from '../lib/tools.mjs'

const ALLOWANCE_BYTES = 128 * 1024

/** A film behind HTTP until its playlists are there. */
const open = name => ({
  name: `P7 ${name}`,
  title: `open ${name} over HTTP until the playlist is there`,
  inputs: [name],
  budgets: inputs => ({ 'open/requests': 3, 'open/readBytes': indexBytes(inputs[name]) + ALLOWANCE_BYTES }),
  tools: inputs => [
    counted('cuemux', inputs[name], 'open-http-cuemux'),
    counted('mediabunny', inputs[name], 'open-http-mediabunny'),
  ],
})

/** A program that is given the address of a server of its own, which counts. */
function counted(name, path, program) {
  return {
    name,
    run: async () => {
      const server = await serveRanges(path)
      try {
        const { seconds, usage } = await selfMeasuringTool(name, program, [server.url]).run()
        const { requests, bytes } = server.counted
        return { seconds, usage: { maxRssKiB: usage.maxRssKiB, requests, readBytes: bytes } }
      } finally {
        await server.close()
      }
    },
  }
}

export const p7 = ['film.mkv', 'film.mp4', 'long.mkv', 'long.mp4'].map(open)
