import { CuemuxError, type MediaIndex, type Track } from '@cuemux/core'
import { SampleColumns } from './cursor.js'
import type { FoundMoov } from './find-moov.js'
import { FORMAT_VERSION, type Mp4Format, type TrackFormat } from './format.js'
import { readKeyframes } from './keyframes.js'
import type { MovieBoxes, TrackBoxes } from './movie.js'
import { readableSamples } from './readable.js'
import { entryFields, entryFormat, kindOf } from './sample-entry.js'
import type { MovieHeader, TrackHeader } from './skeleton.js'
import { SyncSamples } from './sync-samples.js'
import { readTables } from './tables.js'
import { type TrackTimeline, trackTimeline } from './timeline.js'
import { makeTrack } from './tracks.js'
import { readUserData } from './user-data.js'

/** An index, and the columns that were built for it. */
interface BuiltIndex {
  readonly index: MediaIndex
  readonly columns: ReadonlyMap<number, SampleColumns>
}

/** A track of the film while its index is built. */
interface Candidate {
  readonly boxes: TrackBoxes
  readonly header: TrackHeader
  readonly kind: Track['kind']
  readonly columns: SampleColumns
  readonly sync: SyncSamples
  readonly timeline: TrackTimeline
  readonly format: TrackFormat
  /** The source has not all of its samples. */
  readonly isCut: boolean
}

/** Opus needs 80 ms of sound to settle (RFC 7845 §4.6), other codecs a frame. */
const OPUS_PREROLL_MS = 80

function candidate(
  movie: MovieBoxes,
  boxes: TrackBoxes,
  header: TrackHeader,
  movieTimescale: number,
  sizeBytes: number,
): Candidate | undefined {
  const kind = kindOf(boxes.handler)
  if (kind === 'other' || header.timescale === 0 || header.id === 0) return undefined
  const tables = readTables(movie.bytes, boxes.stbl)
  const columns = new SampleColumns(tables)
  const sync = new SyncSamples(tables)
  const readable = readableSamples(columns, sizeBytes)
  const entry = boxes.entries[0]!
  const { format, isEncrypted } = entryFormat(movie.bytes, entry, entryFields(movie.bytes, entry, boxes.handler))
  const prerollTicks = format === 'Opus' ? Math.ceil((header.timescale * OPUS_PREROLL_MS) / 1000) : 0
  const timeline = trackTimeline({
    kind,
    columns,
    sync,
    edits: header.edits,
    movieTimescale,
    timescale: header.timescale,
    prerollTicks,
    readable,
  })
  if (timeline === undefined) return undefined
  const track = { id: header.id, tables, timeline, isEncrypted }
  return { boxes, header, kind, columns, sync, timeline, format: track, isCut: readable < columns.count }
}

/** The tracks to list: those with samples, without the ones that only hold chapters and without a number used twice. */
function candidates(movie: MovieBoxes, header: MovieHeader, sizeBytes: number): Candidate[] {
  const chapterTracks = new Set(movie.tracks.flatMap(track => track.chapterTracks))
  const seen = new Set<number>()
  const found: Candidate[] = []
  movie.tracks.forEach((boxes, i) => {
    const track = header.tracks[i]
    if (track === undefined || chapterTracks.has(track.id) || seen.has(track.id)) return
    const made = candidate(movie, boxes, track, header.timescale, sizeBytes)
    if (made === undefined) return
    seen.add(track.id)
    found.push(made)
  })
  return found
}

/** The first enabled track of each kind is the default; the first one where none is enabled (not of subtitles). */
function isDefault(all: readonly Candidate[], track: Candidate): boolean {
  const sameKind = all.filter(other => other.kind === track.kind)
  const chosen = sameKind.find(other => other.header.isEnabled)
  return chosen === undefined ? track.kind !== 'text' && sameKind[0] === track : chosen === track
}

function nothingToPlay(movie: MovieBoxes, found: readonly Candidate[]): CuemuxError {
  if (movie.isFragmented && found.length === 0) {
    return new CuemuxError(
      'UNSUPPORTED_CONTAINER',
      'The MP4 is fragmented (its samples are in moof boxes), which Cuemux can not read yet.',
      { at: { path: 'moov/mvex' }, hint: 'Remux it into a plain MP4 or MKV with ffmpeg -c copy.' },
    )
  }
  return new CuemuxError('CORRUPT_INDEX', 'The film has no video or audio track with samples that can be read.', {
    at: { path: 'moov/trak' },
  })
}

/** Length from the earliest start to the latest end, ms. */
function durationMs(tracks: readonly Track[]): number | undefined {
  let start = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  for (const track of tracks) {
    if (track.kind === 'text') continue
    start = Math.min(start, ((track.start ?? 0) * 1000) / track.timescale)
    end = Math.max(end, ((track.end ?? 0) * 1000) / track.timescale)
  }
  return end > start ? end - start : undefined
}

/**
 * Makes the index of a film from its moov box.
 *
 * @throws CuemuxError `CORRUPT_INDEX`, `UNSUPPORTED_CONTAINER`, `LIMIT_EXCEEDED`
 */
export function buildIndex(moov: FoundMoov, movie: MovieBoxes, header: MovieHeader): BuiltIndex {
  const found = candidates(movie, header, moov.sizeBytes)
  const reference = found.find(track => track.kind === 'video') ?? found.find(track => track.kind === 'audio')
  if (reference === undefined) throw nothingToPlay(movie, found)
  const tracks = found.map(track =>
    makeTrack({ ...track, bytes: movie.bytes, isDefault: isDefault(found, track) }, track.kind),
  )
  const { columns, sync, timeline } = reference
  const { id, timescale } = reference.header
  const keyframes = readKeyframes({ trackId: id, timescale, columns, sync, timeline })
  const format: Mp4Format = {
    kind: 'mp4',
    version: FORMAT_VERSION,
    tracks: found.map(track => track.format),
    keyframeSamples: keyframes.samples,
  }
  const index: MediaIndex = {
    container: moov.brand === '' || moov.brand === 'qt  ' ? 'mov' : 'mp4',
    foundBy: 'moov',
    sizeBytes: moov.sizeBytes,
    durationMs: durationMs(tracks),
    ...readUserData(movie.bytes, movie.udta, movie.meta, moov.offsetBytes),
    tracks,
    keyframes: keyframes.table,
    closedGops: keyframes.closedGops,
    isTruncated: moov.isCut || found.some(track => track.isCut),
    format,
  }
  return { index, columns: new Map(found.map(track => [track.header.id, track.columns])) }
}
