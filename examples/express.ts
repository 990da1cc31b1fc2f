/**
 * Films of a folder in an Express app, each for viewers who may see it.
 *
 *     node examples/dist/express.js FOLDER [PORT]
 */
import { readdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createHandler, toNodeListener } from 'cuemux'
import express from 'express'

const [folder, port = '3000'] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: node examples/dist/express.js FOLDER [PORT]')
  process.exit(2)
}

const films = (await readdir(folder)).filter(name => /\.(mkv|webm|mp4|m4v|mov)$/i.test(name))

const handler = createHandler({
  basePath: '/films',
  // Called at every request, with the request: the place to ask whether this viewer may see this film.
  resolve: (id, request) => {
    const mayWatch = request.headers.get('x-viewer') !== 'blocked'
    return mayWatch && films.includes(id) ? join(folder, id) : undefined
  },
})

const app = express()
app.get('/', (_request, response) => {
  response.json(films.map(name => `/films/${encodeURIComponent(name)}/master.m3u8`))
})
app.use('/films', toNodeListener(handler))

const server = app.listen(Number(port), '127.0.0.1', () => {
  const { port: chosen } = server.address() as AddressInfo
  console.log(`Serving ${films.length} films: http://127.0.0.1:${chosen}/`)
})
