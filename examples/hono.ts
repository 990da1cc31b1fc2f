/**
 * Films of a folder in a Hono app: the handler takes Web-standard requests, which is what Hono has.
 *
 *     node examples/dist/hono.js FOLDER [PORT]
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createHandler } from 'cuemux'
import { Hono } from 'hono'

const [folder, port = '3000'] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: node examples/dist/hono.js FOLDER [PORT]')
  process.exit(2)
}

const films = (await readdir(folder)).filter(name => /\.(mkv|webm|mp4|m4v|mov)$/i.test(name))

const handler = createHandler({
  basePath: '/films',
  // Only names that were listed are opened: an id from a request never becomes a path by itself.
  resolve: id => (films.includes(id) ? join(folder, id) : undefined),
})

const app = new Hono()
app.get('/', c => c.json(films.map(name => `/films/${encodeURIComponent(name)}/master.m3u8`)))
app.all('/films/*', c => handler(c.req.raw))

serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' }, info => {
  console.log(`Serving ${films.length} films: http://127.0.0.1:${info.port}/`)
})
