import { CuemuxError } from '@cuemux/core'
import type { ClientInput } from '../client.js'
import type { HandlerOptions } from './options.js'

/** What a request asks for. */
export interface Route {
  readonly id: string
  /** Path of the resource below the film's id. */
  readonly path: string
  readonly query: URLSearchParams
  readonly client: ClientInput
  /** Rendition and number, where the path is that of a segment. */
  readonly segment: { readonly rendition: string; readonly n: number } | undefined
}

/** A route whose address was checked. */
export interface SignedRoute extends Route {
  /** The query's parameters that sign the address, where addresses are signed. */
  readonly signature: Readonly<Record<string, string>> | undefined
}

/**
 * Takes a request's address apart.
 *
 * @throws CuemuxError `NOT_FOUND` for what is no address of a film, `BAD_REQUEST`
 */
export function parseRoute(url: URL, options: HandlerOptions): Route {
  const base = options.basePath ?? ''
  const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length + 1) : ''
  const slash = below.indexOf('/')
  if (slash <= 0 || slash === below.length - 1) throw notFound(url.pathname)
  const id = decoded(below.slice(0, slash))
  const path = decoded(below.slice(slash + 1))
  if (!isPlainName(id)) throw notFound(url.pathname)
  const [, rendition, digits] = /^([^/]+)\/(\d{1,9})\.(?:m4s|mp3)$/.exec(path) ?? []
  const segment = rendition === undefined ? undefined : { rendition, n: Number(digits) }
  return { id, path, query: url.searchParams, client: clientOf(url.searchParams, options), segment }
}

/** The query that the addresses in a route's playlists need to lead to the same presentation. */
export function carriedQuery({ query, signature }: SignedRoute): string | undefined {
  const client = query.get('client')
  const carried = { ...(client === null || client === '' ? {} : { client }), ...signature }
  const text = new URLSearchParams(carried).toString()
  return text === '' ? undefined : text
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new CuemuxError('BAD_REQUEST', 'The path is not correctly percent-encoded.')
  }
}

/** Not one that leads out of a folder, whatever `resolve` makes of it. */
function isPlainName(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return id !== '.' && id !== '..' && !/[/\\\u0000-\u001f\u007f]/.test(id)
}

function clientOf(query: URLSearchParams, options: HandlerOptions): ClientInput {
  const asked = query.get('client')
  if (asked === null || asked === '') return options.client ?? 'browser'
  if (asked.length > 2000) throw new CuemuxError('BAD_REQUEST', 'The client parameter is too long.')
  const isPreset = asked === 'browser' || asked === 'safari' || asked === 'chromecast' || asked === 'native'
  return isPreset ? asked : asked.split(',').map(codec => codec.trim())
}

function notFound(pathname: string): CuemuxError {
  return new CuemuxError('NOT_FOUND', `There is nothing at ${pathname.slice(0, 200)}.`)
}
