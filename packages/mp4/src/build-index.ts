import { CuemuxError, type MediaIndex, type Track } from '@cuemux/core'
import { type ChapterTrack, MAX_CHAPTERS } from './chapter-track.js'
import { SampleColumns } from './cursor.js'
import type { FoundMoov } from './find-moov.js'
import { FORMAT_VERSION, type Mp4Format, type TrackFormat } from './format.js'
import { groupPcm } from './group-pcm.js'
import { readKeyframes } from './keyframes.js'
import type { MovieBoxes, TrackBoxes } from './movie.js'
import { isTabledByFrame, soundFrameBytes } from './quicktime-pcm.js'
import { readableSamples } from './readable.js'
import { entryFields, entryFormat, kindOf } from './sample-entry.js'
import type { MovieHeader, TrackHeader } from './skeleton.js'
import { SyncSamples } from './sync-samples.js'
import { readTables, type SampleTables } from './tables.js'
import { type TrackTimeline, trackTimeline } from './timeline.js'
import { makeTrack } from './tracks.js'
import { readUserData } from './user-data.js'

/** An index, and the columns that were built for it. */
export interface BuiltIndex {
  readonly index: MediaIndex
  readonly columns: ReadonlyMap<number, SampleColumns> | undefined
}

/** A track of the film while its index is built. */
export interface Candidate {
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

/** A track's samples, from its moov or its fragments. */
export interface TrackMedia {
  readonly tables: SampleTables
  /** Decode time of the tables' first sample, media ticks. */
  readonly base: number
  /** Its fragments say that it is encrypted. */
  readonly isEncrypted: boolean
}

/** What an index is made from. */
export interface IndexInput {
  readonly moov: FoundMoov
  readonly movie: MovieBoxes
  readonly header: MovieHeader
  /** Samples by track, where they lie in fragments. */
  readonly fragments?: ReadonlyMap<number, TrackMedia> | undefined
}

/** The tables of a track in moov; of PCM with blocks for samples. */
function tablesOf({ movie: { bytes } }: IndexInput, boxes: TrackBoxes, header: TrackHeader): SampleTables {
  const tables = readTables(bytes, boxes.stbl)
  const fields = entryFields(bytes, boxes.entries[0]!, boxes.handler)
  if (fields.kind !== 'audio') return tables
  const { format } = entryFormat(bytes, boxes.entries[0]!, fields)
  if (!isTabledByFrame(bytes, format, fields)) return tables
  return groupPcm(tables, soundFrameBytes(bytes, format, fields), header.timescale)
}

function candidate(input: IndexInput, boxes: TrackBoxes, header: TrackHeader): Candidate | undefined {
  const { bytes } = input.movie
  const kind = kindOf(boxes.handler)
  if (kind === 'other' || header.timescale === 0 || header.id === 0) return undefined
  const media = input.fragments?.get(header.id)
  const { tables, base } = media ?? { tables: tablesOf(input, boxes, header), base: 0 }
  const columns = new SampleColumns(tables)
  const sync = new SyncSamples(tables)
  const readable = readableSamples(columns, input.moov.sizeBytes)
  const entry = boxes.entries[0]!
  const { format, isEncrypted } = entryFormat(bytes, entry, entryFields(bytes, entry, boxes.handler))
  const prerollTicks = format === 'Opus' ? Math.ceil((header.timescale * OPUS_PREROLL_MS) / 1000) : 0
  const timeline = trackTimeline({
    kind,
    columns,
    sync,
    edits: header.edits,
    movieTimescale: input.header.timescale,
    timescale: header.timescale,
    prerollTicks,
    readable,
    base,
    isOpenEnded: media !== undefined,
  })
  if (timeline === undefined) return undefined
  const track = { id: header.id, tables, timeline, isEncrypted: isEncrypted || (media?.isEncrypted ?? false) }
  return { boxes, header, kind, columns, sync, timeline, format: track, isCut: readable < columns.count }
}

/** The tracks to list: those with samples, without the ones that only hold chapters and without a number used twice. */
export function findCandidates(input: IndexInput): Candidate[] {
  const { movie, header } = input
  const chapterTracks = new Set(movie.tracks.flatMap(track => track.chapterTracks))
  const seen = new Set<number>()
  const found: Candidate[] = []
  movie.tracks.forEach((boxes, i) => {
    const track = header.tracks[i]
    if (track === undefined || chapterTracks.has(track.id) || seen.has(track.id)) return
    const made = candidate(input, boxes, track)
    if (made === undefined) return
    seen.add(track.id)
    found.push(made)
  })
  return found
}

/** The track of text that another names as its chapters; its titles are read when they are asked for. */
function findChapterTrack(input: IndexInput): ChapterTrack | undefined {
  const { movie, header } = input
  const ids = new Set(movie.tracks.flatMap(track => track.chapterTracks))
  if (ids.size === 0 || input.fragments !== undefined) return undefined
  for (const [i, boxes] of movie.tracks.entries()) {
    const track = header.tracks[i]
    if (track === undefined || !ids.has(track.id) || kindOf(boxes.handler) !== 'text') continue
    const found = candidate(input, boxes, track)
    if (found === undefined || found.format.isEncrypted || found.columns.count > MAX_CHAPTERS) continue
    return { ...found.format, timescale: track.timescale }
  }
  return undefined
}

/** The first enabled track of each kind is the default; the first one where none is enabled (not of subtitles). */
function isDefault(all: readonly Candidate[], track: Candidate): boolean {
  const sameKind = all.filter(other => other.kind === track.kind)
  const chosen = sameKind.find(other => other.header.isEnabled)
  return chosen === undefined ? track.kind !== 'text' && sameKind[0] === track : chosen === track
}

/** The track at whose keyframes the film is cut: its first enabled video track, else sound. */
export function referenceOf(found: readonly Candidate[]): Candidate {
  const first = (kind: Candidate['kind']): Candidate | undefined => {
    const tracks = found.filter(track => track.kind === kind)
    // A single picture beside a film is its cover.
    const moving = tracks.filter(({ columns }) => columns.count > 1)
    const all = moving.length > 0 ? moving : tracks
    // §8.3.3: a track that is not enabled is treated as if it were not there.
    return all.find(({ header }) => header.isEnabled) ?? all[0]
  }
  const reference = first('video') ?? first('audio')
  if (reference !== undefined) return reference
  throw new CuemuxError('CORRUPT_INDEX', 'The film has no video or audio track with samples that can be read.', {
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

/** The tracks as core's vocabulary has them. */
export function makeTracks(movie: MovieBoxes, found: readonly Candidate[]): Track[] {
  return found.map(track => makeTrack({ ...track, bytes: movie.bytes, isDefault: isDefault(found, track) }, track.kind))
}

/** What of an index depends on how the film's samples were found. */
interface IndexParts extends Pick<MediaIndex, 'foundBy' | 'tracks' | 'keyframes' | 'closedGops'> {
  readonly isCut: boolean
  readonly format: Mp4Format
}

/** Puts an index together. */
export function assembleIndex({ moov, movie }: IndexInput, parts: IndexParts): MediaIndex {
  const { foundBy, tracks, keyframes, closedGops, format, isCut } = parts
  return {
    container: moov.brand === '' || moov.brand === 'qt  ' ? 'mov' : 'mp4',
    foundBy,
    sizeBytes: moov.sizeBytes,
    durationMs: durationMs(tracks),
    ...readUserData(movie.bytes, movie.udta, movie.meta, moov.offsetBytes),
    tracks,
    keyframes,
    closedGops,
    isTruncated: moov.isCut || isCut,
    format,
  }
}

/**
 * Makes the index of a film from its moov box, or from that and all of its fragments.
 *
 * @param isCut the source ends within a fragment
 * @throws CuemuxError `CORRUPT_INDEX`, `LIMIT_EXCEEDED`
 */
export function buildIndex(input: IndexInput, isCut = false): BuiltIndex {
  const found = findCandidates(input)
  const reference = referenceOf(found)
  const { columns, sync, timeline } = reference
  const { id, timescale } = reference.header
  const keyframes = readKeyframes({
    trackId: id,
    timescale,
    columns,
    sync,
    timeline,
    descriptionCount: reference.kind === 'video' ? reference.boxes.entries.length : 1,
  })
  const index = assembleIndex(input, {
    foundBy: input.fragments === undefined ? 'moov' : 'scan',
    tracks: makeTracks(input.movie, found),
    keyframes: keyframes.table,
    closedGops: keyframes.closedGops,
    isCut: isCut || found.some(track => track.isCut),
    format: {
      kind: 'mp4',
      version: FORMAT_VERSION,
      tracks: found.map(track => track.format),
      keyframeSamples: keyframes.samples,
      fragments: undefined,
      chapterTrack: findChapterTrack(input),
    },
  })
  return { index, columns: new Map(found.map(track => [track.header.id, track.columns])) }
}
