import { CuemuxError, toCuemuxError } from '@cuemux/core'
import * as mp4box from 'mp4box'
import { type BoxPlace, payload, u32 } from './boxes.js'
import type { MovieBoxes, TrackBoxes } from './movie.js'
import { entryFields } from './sample-entry.js'

/** A skeleton is a few KiB; one of more than this is refused. */
const MAX_SKELETON_BYTES = 1024 * 1024
/** Edits that are read; the first media edit is the one that counts. */
const MAX_EDITS = 1024
/** The boxes of a sample entry from which codec strings are made. */
const CONFIG_BOXES = new Set(['avcC', 'hvcC', 'av1C', 'vpcC', 'esds'])
/** A larger configuration is left out: it is only for the second opinion. */
const MAX_CONFIG_BYTES = 16 * 1024

/** An entry of the edit list; durations in the movie's timescale, `mediaTime` in the track's, -1 for an empty edit. */
export interface Edit {
  readonly duration: number
  readonly mediaTime: number
}

/** What a track's headers mean. */
export interface TrackHeader {
  readonly id: number
  /** Flag `track_enabled`. */
  readonly isEnabled: boolean
  readonly alternateGroup: number
  /** The nine numbers of the transformation matrix, 16.16 and 2.30 fixed point. */
  readonly matrix: ArrayLike<number>
  readonly timescale: number
  /** Packed ISO 639-2 code, or a QuickTime language code below 0x400. */
  readonly languageCode: number
  /** The tag of `elng`, where there is one. */
  readonly extendedLanguage: string | undefined
  readonly handlerName: string
  readonly edits: readonly Edit[]
  /** RFC 6381 strings of the sample entries, as mp4box makes them: a second opinion. */
  readonly codecStrings: readonly (string | undefined)[]
}

/** What the movie's headers mean. */
export interface MovieHeader {
  readonly timescale: number
  /** In the order of {@link MovieBoxes.tracks}. */
  readonly tracks: readonly TrackHeader[]
}

function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 8)
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, size)
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i)
  let at = 8
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const zeros = (length: number): Uint8Array => new Uint8Array(length)

/** The edit list with no more entries than it has bytes, so that its count can be believed. */
function editList(bytes: Uint8Array, elst: BoxPlace | undefined): Uint8Array[] {
  if (elst === undefined || elst.end - elst.body < 8) return []
  const body = payload(bytes, elst)
  const size = body[0] === 1 ? 20 : 12
  const count = Math.min(u32(body, 4), Math.floor((body.length - 8) / size), MAX_EDITS)
  // Not `slice`, which of a Buffer is no copy: what is written below would go into the caller's film.
  const copy = new Uint8Array(body.subarray(0, 8 + count * size))
  new DataView(copy.buffer).setUint32(4, count)
  return [box('edts', box('elst', copy))]
}

/** A sample entry in ISO's plain form: QuickTime's sound extensions left out, of its boxes only the configuration. */
function plainEntry(bytes: Uint8Array, entry: BoxPlace, handler: string, withConfig: boolean): Uint8Array {
  const fields = entryFields(bytes, entry, handler)
  const fixed = fields.kind === 'video' ? 78 : fields.kind === 'audio' ? 28 : 8
  const head = zeros(fixed)
  head.set(bytes.subarray(entry.body, Math.min(entry.end, entry.body + fixed)))
  if (fields.kind === 'audio') head.fill(0, 8, 16)
  const config = withConfig
    ? fields.boxes.filter(child => CONFIG_BOXES.has(child.type) && child.end - child.body <= MAX_CONFIG_BYTES)
    : []
  // mp4box takes only printable characters for a type; QuickTime has others (`ms` and two bytes).
  const type = /^[ -~]{4}$/.test(entry.type) ? entry.type : 'none'
  return box(type, head, ...config.map(child => box(child.type, payload(bytes, child))))
}

function trak(bytes: Uint8Array, track: TrackBoxes, withConfig: boolean): Uint8Array {
  const count = zeros(8)
  count[6] = track.entries.length >>> 8
  count[7] = track.entries.length & 255
  const stsd = box('stsd', count, ...track.entries.map(entry => plainEntry(bytes, entry, track.handler, withConfig)))
  const stbl = box(
    'stbl',
    stsd,
    box('stts', zeros(8)),
    box('stsc', zeros(8)),
    box('stsz', zeros(12)),
    box('stco', zeros(8)),
  )
  const elng = track.elng === undefined ? [] : [box('elng', payload(bytes, track.elng).subarray(0, 256))]
  return box(
    'trak',
    box('tkhd', payload(bytes, track.tkhd)),
    ...editList(bytes, track.elst),
    box(
      'mdia',
      box('mdhd', payload(bytes, track.mdhd)),
      box('hdlr', payload(bytes, track.hdlr).subarray(0, 1024)),
      ...elng,
      box('minf', stbl),
    ),
  )
}

/** A small file of the movie's headers alone: moov without its sample tables and all that Cuemux reads by itself. */
function skeletonOf(movie: MovieBoxes, withConfig: boolean): Uint8Array {
  const { bytes } = movie
  const headers = [movie.mvhd, ...movie.tracks.flatMap(track => [track.tkhd, track.mdhd])]
  if (headers.some(place => place.end - place.body > 1024)) {
    throw new CuemuxError('CORRUPT_INDEX', 'A header box of the film is larger than any can be.', {
      at: { path: 'moov' },
    })
  }
  const moov = box(
    'moov',
    box('mvhd', payload(bytes, movie.mvhd)),
    ...movie.tracks.map(track => trak(bytes, track, withConfig)),
  )
  const skeleton = box('ftyp', new TextEncoder().encode('isom\0\0\0\0isom'))
  if (moov.length > MAX_SKELETON_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', 'The headers in moov are larger than 1 MiB.', { at: { path: 'moov' } })
  }
  const file = zeros(skeleton.length + moov.length)
  file.set(skeleton)
  file.set(moov, skeleton.length)
  return file
}

/** Runs a synchronous piece of mp4box with its log, which goes to the console, switched off. */
function quietly<T>(work: () => T): T {
  const { error } = mp4box.Log
  mp4box.Log.error = () => {}
  try {
    return work()
  } finally {
    mp4box.Log.error = error
  }
}

function parse(skeleton: Uint8Array, trackCount: number): MovieHeader {
  return quietly(() => {
    const file = mp4box.createFile()
    let isReady = false
    file.onReady = () => {
      isReady = true
    }
    file.onError = () => {}
    file.appendBuffer(mp4box.MP4BoxBuffer.fromArrayBuffer(skeleton.buffer as ArrayBuffer, 0), true)
    if (!isReady || file.moov.traks.length !== trackCount) throw new Error('its headers are not complete')
    return {
      timescale: file.moov.mvhd.timescale,
      tracks: file.moov.traks.map(track => ({
        id: track.tkhd.track_id,
        isEnabled: (track.tkhd.flags & 1) !== 0,
        alternateGroup: track.tkhd.alternate_group,
        matrix: track.tkhd.matrix,
        timescale: track.mdia.mdhd.timescale,
        languageCode: track.mdia.mdhd.language,
        extendedLanguage: track.mdia.elng?.extended_language.split('\0')[0],
        handlerName: track.mdia.hdlr.name ?? '',
        edits: (track.edts?.elst?.entries ?? []).map(edit => ({
          duration: edit.segment_duration,
          mediaTime: edit.media_time,
        })),
        codecStrings: track.mdia.minf.stbl.stsd.entries.map(entry => entry.getCodec() || undefined),
      })),
    }
  })
}

/**
 * What the movie's headers mean, parsed by mp4box from a skeleton without sample tables.
 *
 * @throws CuemuxError `CORRUPT_INDEX`, `LIMIT_EXCEEDED`
 */
export function readHeaders(movie: MovieBoxes): MovieHeader {
  try {
    return parse(skeletonOf(movie, true), movie.tracks.length)
  } catch (error) {
    if (error instanceof CuemuxError) throw error
  }
  // A configuration that mp4box can't read costs its opinion on the codec string, not the film.
  try {
    return parse(skeletonOf(movie, false), movie.tracks.length)
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX', 'The moov box can not be read')
  }
}
