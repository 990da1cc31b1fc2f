// Cuemux's handler in one Node process, without any cache of segments: serves INPUT as /film/… on a free port, which it
// prints. With `memory`, the same server sends BYTES bytes from memory for each request instead.
import { createServer } from 'node:http'
import { createHandler, toNodeListener } from '../../packages/cuemux/dist/index.js'

const [path, mode, bytes] = process.argv.slice(2)
const body = Buffer.alloc(Number(bytes ?? 0), 1)
const handler = createHandler({
  resolve: () => path,
  segmentDurationMs: Number(process.env.SEGMENT_MS ?? 6000),
  cacheSegments: 'none',
  cacheBytes: 0,
  readAhead: false,
})
const listener =
  mode === 'memory'
    ? (_request, response) => {
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': body.length })
        response.end(body)
      }
    : toNodeListener(handler)
const server = createServer(listener)
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.on('SIGTERM', () => process.exit())
