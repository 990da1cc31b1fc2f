import { crc32 } from 'node:zlib'
import { CuemuxError, concatBytes } from '@cuemux/core'
import type { CacheBody, CacheEntry, CacheMeta, CacheSetOptions } from './cache.js'

// What stands on disk and in Redis, big-endian: magic (8), length of the metadata (4), CRC-32 of all that follows (4),
// end in ms since 1970 or 0 (8, float), length of the body (8, float), metadata as JSON, body.
const MAGIC = Buffer.from('CMXREC\0\x01', 'latin1')

/** Bytes before the metadata. */
const RECORD_HEADER_BYTES = 32
/** The most that metadata may take as JSON. */
const MAX_META_BYTES = 4096

/** The pieces of a body. */
function piecesOf(body: CacheBody): readonly Uint8Array[] {
  return body instanceof Uint8Array ? [body] : body
}

/** Length of a body in bytes. */
export function bodyLength(body: CacheBody): number {
  if (body instanceof Uint8Array) return body.byteLength
  return body.reduce((sum, piece) => sum + piece.byteLength, 0)
}

/** A body as one array: without copying when it is one. */
export function joinBody(body: CacheBody): Uint8Array {
  if (body instanceof Uint8Array) return plain(body)
  if (body.length === 1 && body[0] !== undefined) return plain(body[0])
  return concatBytes(body)
}

/** The same bytes, not as a `Buffer`, whose methods differ from an array's. */
function plain(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
}

/**
 * Metadata as JSON.
 *
 * @throws CuemuxError `BAD_REQUEST` when a value is no string, number or boolean, or all together are too long
 */
export function metaJson(meta: CacheMeta | undefined): string {
  if (meta === undefined) return '{}'
  for (const [name, value] of Object.entries(meta)) {
    const isPlain = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    if (!isPlain) throw new CuemuxError('BAD_REQUEST', `meta.${name} must be a string, a finite number or a boolean.`)
  }
  const json = JSON.stringify(meta)
  if (Buffer.byteLength(json) > MAX_META_BYTES) {
    throw new CuemuxError('BAD_REQUEST', `A cache entry's meta must take at most ${MAX_META_BYTES} bytes as JSON.`)
  }
  return json
}

/**
 * When an entry that is stored now ends, or `undefined`.
 *
 * @throws CuemuxError `BAD_REQUEST` for a `ttlMs` that is no positive number
 */
export function expiryOf(options: CacheSetOptions): number | undefined {
  if (options.ttlMs === undefined) return undefined
  if (!(options.ttlMs > 0)) throw new CuemuxError('BAD_REQUEST', 'ttlMs must be a positive number of milliseconds.')
  return Date.now() + options.ttlMs
}

/** The record of an entry as pieces: the body's own are not copied. */
export function encodeRecord(body: CacheBody, options: CacheSetOptions): Uint8Array[] {
  const meta = Buffer.from(metaJson(options.meta))
  const head = Buffer.alloc(RECORD_HEADER_BYTES + meta.byteLength)
  MAGIC.copy(head)
  head.writeUInt32BE(meta.byteLength, 8)
  head.writeDoubleBE(expiryOf(options) ?? 0, 16)
  head.writeDoubleBE(bodyLength(body), 24)
  meta.copy(head, RECORD_HEADER_BYTES)
  let checksum = crc32(head.subarray(16))
  for (const piece of piecesOf(body)) checksum = crc32(piece, checksum)
  head.writeUInt32BE(checksum, 12)
  return [head, ...piecesOf(body)]
}

/** The entry in a record; `undefined` when it is torn, damaged, of another format, or past its end. */
export function decodeRecord(record: Buffer): CacheEntry | undefined {
  if (record.byteLength < RECORD_HEADER_BYTES || !record.subarray(0, 8).equals(MAGIC)) return undefined
  const bodyStart = RECORD_HEADER_BYTES + record.readUInt32BE(8)
  if (bodyStart + record.readDoubleBE(24) !== record.byteLength) return undefined
  if (crc32(record.subarray(16)) !== record.readUInt32BE(12)) return undefined
  const expiresAtMs = record.readDoubleBE(16)
  if (expiresAtMs !== 0 && !(expiresAtMs > Date.now())) return undefined
  const meta = parseMeta(record.toString('utf8', RECORD_HEADER_BYTES, bodyStart))
  if (meta === undefined) return undefined
  const body = new Uint8Array(record.buffer, record.byteOffset + bodyStart, record.byteLength - bodyStart)
  return { bytes: body, meta, ...(expiresAtMs === 0 ? {} : { expiresAtMs }) }
}

function parseMeta(json: string): CacheMeta | undefined {
  try {
    const meta: unknown = JSON.parse(json)
    return typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? (meta as CacheMeta) : undefined
  } catch {
    return undefined
  }
}
