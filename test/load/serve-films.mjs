// Serves films in a process of its own, as a service would, and tells what that costs. Started by fork(): the first message has
// the films' addresses and the cache, each 'figures' is answered with what there is now, 'close' ends it.
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { createHandler, toNodeListener } from 'cuemux'
import { cacheFromAddress } from '../../packages/store/dist/index.js'

/** Bytes of the films that were read at least once. */
function uniqueBytes(reads) {
  let bytes = 0
  for (const ranges of reads.values()) {
    let end = 0
    for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
      bytes += Math.max(0, to - Math.max(from, end))
      end = Math.max(end, to)
    }
  }
  return bytes
}

function figures(handler, { errors, reads }) {
  return {
    uniqueBytes: uniqueBytes(reads),
    rssBytes: process.memoryUsage.rss(),
    metrics: handler.metrics(),
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo(),
    errors,
  }
}

process.once('message', ({ films, cache: address, memoryBytes, options }) => {
  const seen = { errors: [], reads: new Map(Object.keys(films).map(id => [id, []])) }
  const cache = address === undefined ? undefined : cacheFromAddress(address, { memoryBytes })
  const handler = createHandler({
    resolve: id => films[id],
    callerOf: request => request.headers.get('x-viewer') ?? undefined,
    onEvent: event => {
      if (event.type === 'error') seen.errors.push(event.error.describe())
      if (event.type !== 'read') return
      seen.reads.get(event.id).push([event.offsetBytes, event.offsetBytes + event.byteLength])
    },
    ...(cache === undefined ? {} : { cache }),
    ...options,
  })
  const server = createServer(toNodeListener(handler))
  const before = readdirSync('/proc/self/fd').length
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, descriptors: before }))
  process.on('message', async message => {
    if (message === 'figures') return process.send(figures(handler, seen))
    await handler.close()
    await cache?.close()
    server.close()
    server.closeAllConnections()
    // Connections to the films' server that are kept for the next request end by themselves, after a few seconds.
    process.send(figures(handler, seen))
    process.disconnect()
  })
})
