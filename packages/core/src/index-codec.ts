import { CuemuxError, toCuemuxError } from './errors.js'
import type { Attachment, Chapter, KeyframeTable, MediaIndex } from './index-model.js'
import { decodePlain, encodePlain } from './plain-data.js'
import type { SampleDescription, TextTrack } from './track.js'

/** `CMXI`, the version, three zeros, and the CRC-32 of what follows. */
const MAGIC = [0x43, 0x4d, 0x58, 0x49] as const
const VERSION = 1
const HEAD_BYTES = 12

/**
 * An index in a compact binary form, for a cache: a version, a checksum and the index's fields, its columns as
 * little-endian bytes. A demuxer opens from what {@link deserializeIndex} gives back without reading the film.
 *
 * @throws CuemuxError `BAD_REQUEST` for an index that holds anything but plain data and typed arrays
 */
export function serializeIndex(index: MediaIndex): Uint8Array {
  const bytes = encodePlain(index, HEAD_BYTES)
  bytes.set(MAGIC)
  bytes[4] = VERSION
  new DataView(bytes.buffer).setUint32(8, crc32(bytes.subarray(HEAD_BYTES)), true)
  return bytes
}

/**
 * The index that {@link serializeIndex} wrote. It does not hold on to the bytes.
 *
 * @throws CuemuxError `CORRUPT_INDEX` for bytes that are cut, changed, of another version, or no index
 */
export function deserializeIndex(bytes: Uint8Array): MediaIndex {
  try {
    checkHead(bytes)
    const index = decodePlain(bytes, HEAD_BYTES)
    if (!isMediaIndex(index)) throw broken('is not one of a film')
    return index
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX')
  }
}

function broken(what: string): CuemuxError {
  return new CuemuxError('CORRUPT_INDEX', `The stored index ${what}.`, { hint: 'Open the film again without it.' })
}

function checkHead(bytes: Uint8Array): void {
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) throw broken('is not one of Cuemux')
  if (bytes[4] !== VERSION) throw broken(`has version ${bytes[4]}, not ${VERSION}`)
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true)
  if (sum !== crc32(bytes.subarray(HEAD_BYTES))) throw broken('was cut or changed')
}

let crcTable: Uint32Array | undefined

/** Four tables, so that four bytes are taken at a time. */
function crcTables(): Uint32Array {
  const tables = new Uint32Array(1024)
  for (let i = 0; i < 256; i++) {
    let sum = i
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    tables[i] = sum
  }
  for (let i = 256; i < 1024; i++) tables[i] = (tables[i - 256]! >>> 8) ^ tables[tables[i - 256]! & 255]!
  return tables
}

/** CRC-32 (ISO/IEC 8802-3). */
function crc32(bytes: Uint8Array): number {
  crcTable ??= crcTables()
  const table = crcTable
  let sum = 0xffffffff
  let at = 0
  // Hot: a long film's index has a megabyte (about 1 ms).
  for (const end = bytes.length - 3; at < end; at += 4) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    sum =
      table[768 + (sum & 255)]! ^
      table[512 + ((sum >>> 8) & 255)]! ^
      table[256 + ((sum >>> 16) & 255)]! ^
      table[sum >>> 24]!
  }
  for (; at < bytes.length; at++) sum = (sum >>> 8) ^ table[(sum ^ bytes[at]!) & 255]!
  return ~sum >>> 0
}

/** Whether a value has fields, which may be those of `T` or not. */
function isFields<T>(value: unknown): value is { readonly [key in keyof T]?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isText = (value: unknown): boolean => typeof value === 'string'
const isOptional = (value: unknown, check: (value: unknown) => boolean): boolean => value === undefined || check(value)

/** What everyone relies on. The format's own part is checked by its package. */
function isMediaIndex(value: unknown): value is MediaIndex {
  if (!isFields<MediaIndex>(value)) return false
  const { tracks, keyframes, chapters, attachments } = value
  return (
    isText(value.container) &&
    isText(value.foundBy) &&
    isNumber(value.sizeBytes) &&
    isOptional(value.durationMs, isNumber) &&
    isOptional(value.title, isText) &&
    Array.isArray(tracks) &&
    tracks.length > 0 &&
    tracks.every(isTrack) &&
    isKeyframeTable(keyframes) &&
    Array.isArray(chapters) &&
    chapters.every(chapter => isFields<Chapter>(chapter) && isNumber(chapter.startMs) && isText(chapter.title)) &&
    Array.isArray(attachments) &&
    attachments.every(file => isFields<Attachment>(file) && isText(file.name) && isNumber(file.offsetBytes)) &&
    isFields<object>(value.format)
  )
}

function isTrack(track: unknown): boolean {
  if (!isFields<TextTrack>(track)) return false
  const { descriptions, kind } = track
  return (
    isNumber(track.id) &&
    isNumber(track.timescale) &&
    (kind === 'video' || kind === 'audio' || kind === 'text') &&
    isText(track.codec) &&
    Array.isArray(descriptions) &&
    descriptions.length > 0 &&
    descriptions.every(
      description => isFields<SampleDescription>(description) && description.config instanceof Uint8Array,
    )
  )
}

function isKeyframeTable(table: unknown): boolean {
  if (!isFields<KeyframeTable>(table)) return false
  const { count, time, offsetBytes, description } = table
  return (
    isNumber(table.trackId) &&
    isNumber(table.timescale) &&
    time instanceof Float64Array &&
    offsetBytes instanceof Float64Array &&
    time.length === count &&
    offsetBytes.length === count &&
    (description === undefined || (description instanceof Uint16Array && description.length === count))
  )
}
