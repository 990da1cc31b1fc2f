import { resolve } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { StoredFile } from './publish-store.js'

/** The longest path, in bytes: S3's limit of a key, less some room for a prefix. */
const MAX_PATH_BYTES = 900

/**
 * Checks a path under which something is published.
 *
 * @throws CuemuxError `BAD_REQUEST` when it isn't relative and plain: names without `.`, `..`, backslashes and control
 * characters, divided by single slashes
 */
export function checkPath(path: string): string {
  const isPlain =
    typeof path === 'string' &&
    Buffer.byteLength(path) <= MAX_PATH_BYTES &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    !/[\\\x00-\x1f\x7f]/.test(path) &&
    path.split('/').every(name => name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) <= 255)
  if (isPlain) return path
  throw new CuemuxError('BAD_REQUEST', `"${String(path).slice(0, 100)}" is no path to publish under.`, {
    hint: 'Give a relative path such as "video-1/7.m4s", without "." and "..".',
  })
}

/**
 * The whole path of a folder that a store is given.
 *
 * @throws CuemuxError `BAD_REQUEST` where it is none
 */
export function resolveFolder(folder: string): string {
  if (typeof folder === 'string' && folder.trim() !== '') return resolve(folder)
  throw new CuemuxError('BAD_REQUEST', 'folder must be a path.')
}

/** A path as part of a URL. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map(name =>
      encodeURIComponent(name).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')
}

/** The address of one path as a playlist at another names it: `../audio-1/7.m4s`. */
export function relativeAddress(playlistPath: string, path: string): string {
  const from = playlistPath.split('/').slice(0, -1)
  const to = path.split('/')
  let shared = 0
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++
  return [...from.slice(shared).map(() => '..'), encodePath(to.slice(shared).join('/'))].join('/')
}

/**
 * An address from a template: `{cid}`, `{path}` and `{name}` (the path's last part) are filled in; all else stays as it was
 * given.
 */
export function fillTemplate(template: string, file: Pick<StoredFile, 'path' | 'cid'>): string {
  return template.replace(/\{(cid|path|name)\}/g, (_, field: string) => {
    if (field === 'cid') return file.cid ?? ''
    return encodePath(field === 'path' ? file.path : file.path.slice(file.path.lastIndexOf('/') + 1))
  })
}

/**
 * The template of a gateway's addresses: as given when it has `{cid}` in it; else `/{cid}` is added to it, or `/ipfs/{cid}`
 * to one without a path.
 *
 * @throws CuemuxError `BAD_REQUEST` when it is neither a template nor an `http(s)://` address
 */
export function gatewayTemplate(gateway: string): string {
  if (gateway.includes('{cid}')) return gateway
  const url = parseHttp('gateway', gateway)
  const base = gateway.replace(/\/+$/, '')
  return url.pathname === '/' ? `${base}/ipfs/{cid}` : `${base}/{cid}`
}

/** The template of public addresses by path: as given when it has `{path}` in it, else `/{path}` is added. */
export function pathTemplate(publicUrl: string): string {
  if (publicUrl.includes('{path}')) return publicUrl
  parseHttp('publicUrl', publicUrl)
  return `${publicUrl.replace(/\/+$/, '')}/{path}`
}

/**
 * The address of an HTTP server that a caller gave.
 *
 * @throws CuemuxError `BAD_REQUEST`; it doesn't repeat the address, which may have a password in it
 */
export function parseHttp(option: string, address: string): URL {
  try {
    const url = new URL(address)
    if (/^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url
  } catch {
    // Said below.
  }
  throw new CuemuxError(
    'BAD_REQUEST',
    `${option} must be an address that begins with http:// or https://, without a query.`,
  )
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  m4v: 'video/mp4',
  ts: 'video/mp2t',
  aac: 'audio/aac',
  mp3: 'audio/mpeg',
  vtt: 'text/vtt; charset=utf-8',
  json: 'application/json',
  jpg: 'image/jpeg',
  png: 'image/png',
}

/** The media type that a path's extension means. */
export function contentTypeOf(path: string): string {
  return CONTENT_TYPES[/\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream'
}
