import cluster from 'node:cluster'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { CuemuxError } from '@cuemux/core'
import { formatCount } from '../format.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { makeFolder, outputError } from '../output-file.js'
import { printable } from '../run.js'
import { type Film, filmEntry, MEDIA_PATH } from '../server/film.js'
import { createLibrary, type Library } from '../server/library.js'
import { loadPageAssets } from '../server/page-assets.js'
import { createPageListener } from '../server/page-server.js'
import { servedSessions } from '../server/sessions.js'
import { aborted, leaveWorkers, runWorkers, toldToEnd } from '../server/workers.js'
import { type ParsedArguments, UsageError } from '../usage.js'
import { checkOptions, FIELDS, type OptionSchema } from '../validate.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  port: { type: 'number', convert: true, integer: true, min: 0, max: 65_535, optional: true },
  host: { type: 'string', empty: false, max: 255, optional: true },
  cache: { type: 'string', empty: false, optional: true },
  sessions: { type: 'string', empty: false, optional: true },
  workers: { type: 'number', convert: true, integer: true, min: 1, max: 128, optional: true },
}

interface ServeOptions {
  readonly json?: boolean
  readonly port?: number
  readonly host?: string
  readonly cache?: string
  readonly sessions?: string
  readonly workers?: number
}

const DEFAULT_PORT = 8080
const DEFAULT_HOST = '127.0.0.1'

/** How many films the terminal lists; the page lists all. */
const MAX_LISTED = 10

/** `cuemux serve [INPUT…]`: serves the player page and the films until the user ends it. */
export async function serve(parsed: ParsedArguments, io: Io): Promise<void> {
  const options = await checkOptions<ServeOptions>(SCHEMA, parsed.values)
  const inputs = parsed.positionals.length === 0 ? ['.'] : parsed.positionals
  const library = await createLibrary(inputs)
  const { workers = 1 } = options
  if (workers > 1 && options.sessions !== undefined) {
    throw new UsageError('--sessions is for one process: leave --workers out.')
  }
  if (cluster.isPrimary) await checkCache(options.cache)
  if (workers > 1 && cluster.isPrimary) await serveByWorkers(workers, inputs, library, options, io)
  else await serveHere(library, options, io)
}

/** A folder in which nothing can be kept is said at once: later it would be so many misses. @throws CuemuxError `OUTPUT_FAILED` */
async function checkCache(cache: string | undefined): Promise<void> {
  if (cache === undefined || cache === 'memory' || /^rediss?:|:\/\//i.test(cache)) return
  await makeFolder(cache)
  await access(cache, constants.W_OK).catch(error => {
    throw outputError(cache, error)
  })
}

/** Serves by this process, which may be one of several workers. */
async function serveHere(library: Library, options: ServeOptions, io: Io): Promise<void> {
  const { host = DEFAULT_HOST, cache = 'memory' } = options
  const [cuemux, assets] = await Promise.all([io.loadCuemux(), loadPageAssets()])
  const { createHandler, toNodeListener } = cuemux
  const handler = createHandler({
    basePath: MEDIA_PATH,
    resolve: id => library.locate(id),
    cache,
    // Whoever asks this machine itself may know where its films lie.
    exposeErrors: host === DEFAULT_HOST,
  })
  const folder = options.sessions
  const isLocal = host === DEFAULT_HOST
  const sessions = folder === undefined ? undefined : servedSessions({ folder, library, isLocal, cuemux })
  const server = createServer(createPageListener({ library, assets, media: toNodeListener(handler), sessions, host }))
  try {
    // Whether another process has the folder shows before anybody comes.
    await sessions?.manager.ready()
    const port = await listen(server, host, options.port ?? DEFAULT_PORT)
    if (cluster.isPrimary) await greet(library, options, port, io)
    await (cluster.isPrimary ? aborted(io.signal) : toldToEnd(io.signal))
  } finally {
    // Players hold their connections open: closing waits for none of them.
    server.close()
    server.closeAllConnections()
    await Promise.all([handler.close(), sessions?.manager.close()])
    if (cluster.isWorker) leaveWorkers()
  }
}

/** Serves by several processes that share a port and a cache. */
async function serveByWorkers(
  count: number,
  inputs: readonly string[],
  library: Library,
  options: ServeOptions,
  io: Io,
): Promise<void> {
  const { host = DEFAULT_HOST, cache } = options
  // Whether the port is free shows here, once; the workers listen on it afterwards.
  const probe = createServer()
  const port = await listen(probe, host, options.port ?? DEFAULT_PORT)
  await new Promise(resolve => probe.close(resolve))
  const args = ['serve', '--host', host, '--port', `${port}`, '--workers', `${count}`]
  await runWorkers({
    count,
    args,
    inputs,
    cache,
    signal: io.signal,
    onReady: () => greet(library, options, port, io),
  })
}

async function greet(
  library: Library,
  { host = DEFAULT_HOST, json }: ServeOptions,
  port: number,
  io: Io,
): Promise<void> {
  const films = await library.list()
  const url = `http://${hostForUrl(host)}:${port}/`
  if (json) await writeJson(io.stdout, { url, media: films.map(film => mediaJson(film, url)) })
  else await write(io.stdout, greeting(films, url, host, port))
}

/** Listens, and answers at which port. @throws CuemuxError `BAD_REQUEST` where that can't be */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new CuemuxError('BAD_REQUEST', `Port ${port} of ${host} is taken.`, {
        hint: 'Choose another one with --port; --port 0 takes any free one.',
        cause: error,
      })
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new CuemuxError('BAD_REQUEST', `Cannot listen on ${host}, port ${port}: ${reason}.`, { cause: error })
  }
  // A server that listens on a port has an address that is no string.
  return (server.address() as AddressInfo).port
}

/** The wildcard addresses are for listening; a browser on this machine is sent to its own. */
function hostForUrl(host: string): string {
  if (isWildcard(host)) return '127.0.0.1'
  return isIPv6(host) ? `[${host}]` : host
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function mediaJson(film: Film, url: string): object {
  const { id, name, master, stream } = filmEntry(film)
  const address = new URL(master, url).href
  return { id, name, master: address, ...(stream === undefined ? {} : { stream: new URL(stream, url).href }) }
}

function greeting(films: readonly Film[], url: string, host: string, port: number): string {
  const shown = films.slice(0, MAX_LISTED).map(film => `    ${film.name}`)
  if (films.length > shown.length) shown.push(`    … and ${films.length - shown.length} more`)
  const lines = [
    films.length === 0
      ? 'No films yet: they appear on the page when they are added.'
      : `${formatCount(films.length, 'film')}:`,
    ...shown,
    '',
    `  ${url}`,
    ...(isWildcard(host) ? networkAddresses().map(address => `  http://${address}:${port}/`) : []),
    '',
    'Ctrl+C ends it.',
  ]
  return lines.map(line => `${printable(line)}\n`).join('')
}

/** Addresses by which other devices reach this machine. */
function networkAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(entry => entry.family === 'IPv4' && !entry.internal)
    .map(entry => entry.address)
}
