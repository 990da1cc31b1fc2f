/**
 * Serves one film over HLS with nothing but node:http.
 *
 *     node examples/dist/serve.js film.mkv [PORT]
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHandler, toNodeListener } from 'cuemux'

const [film, port = '3000'] = process.argv.slice(2)
if (film === undefined) {
  console.error('Usage: node examples/dist/serve.js FILM [PORT]')
  process.exit(2)
}

// `resolve` says what to open for an id of the address; here there is one film, with the id "film".
const handler = createHandler({
  resolve: id => (id === 'film' ? film : undefined),
  onEvent: event => {
    if (event.type === 'error') console.error(event.error.describe())
  },
})

const server = createServer(toNodeListener(handler)).listen(Number(port), '127.0.0.1')
await once(server, 'listening')
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
console.log(`Open it in any HLS player: ${address}/film/master.m3u8`)
console.log(`or as one MP4:             ${address}/film/stream.mp4`)
