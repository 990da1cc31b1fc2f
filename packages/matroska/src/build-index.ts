import { type ByteSource, CuemuxError, type KeyframeTable, type MediaIndex, type Track, ticksToMs } from '@cuemux/core'
import { areCuesSparse, areCuesTrue, isNear } from './check-cues.js'
import { createClock } from './clock.js'
import { codecOfId } from './codec-ids.js'
import type { CueColumns } from './cues.js'
import { Id } from './elements.js'
import { FORMAT_VERSION, type MatroskaFormat } from './format.js'
import type { Head } from './head.js'
import { readHeadBlocks } from './head-blocks.js'
import { type IndexElements, readIndexElements } from './index-elements.js'
import type { OpenMatroskaOptions } from './open.js'
import { measureFirstGroup } from './reorder.js'
import { findEnd, type ScanRequest, type ScanResult, scanKeyframes } from './scan.js'
import { keepTextCues, type TextCues } from './text-cues.js'
import type { TrackEntry } from './track-entry.js'
import { buildTrack, type FilmContext, type TrackWithFormat, withAnchor } from './track-model.js'
import { needsFrameBytes, readFirstFrame } from './track-start.js'
import { frameTicks, indexNeedsFrame, needsReorderMeasured } from './video-track.js'
import type { ByteWindow } from './window.js'

/** What an index is built from. */
interface IndexInput {
  readonly source: ByteSource
  readonly options: OpenMatroskaOptions
  readonly window: ByteWindow
  readonly head: Head
  /** The file's first bytes. */
  readonly first: Uint8Array
  readonly sizeBytes: number
  readonly entries: readonly TrackEntry[]
}

/** Ends of a film that was cut, and the keyframes of one that has no Cues. */
type Found = Pick<ScanResult, 'lastTicks'> & { readonly isCut: boolean }

/**
 * Builds the index: Cues and tags, or a scan where there are none; the tracks' first blocks as far as they were read.
 * Pictures that a film names and doesn't have are none of its tracks.
 */
export async function buildIndex(input: IndexInput): Promise<MediaIndex> {
  const { head, sizeBytes, entries, window } = input
  const timestampScale = head.info?.timestampScale ?? 1_000_000
  const segmentEnd = Math.min(head.segmentEnd, sizeBytes)
  const reference = referenceOf(entries)
  const elements = await readIndexElements(
    window,
    head,
    reference.number,
    textIdsOf(entries),
    sizeBytes,
    isNear(input.source),
  )
  const film: FilmContext = {
    timestampScale,
    durationNs: head.info?.duration === undefined ? undefined : head.info.duration * timestampScale,
    statistics: elements.tags.statistics,
  }
  let pairs = entries.map(entry => buildTrack(entry, film)).filter(pair => pair !== undefined)
  let cues = elements.cues?.reference.toColumns(head.segmentStart, segmentEnd)
  if (cues?.count === 0) cues = undefined
  let isTruncated = Number.isFinite(head.segmentEnd) && head.segmentEnd > sizeBytes
  const request = scanRequest(input, pairs, reference, segmentEnd, timestampScale)
  const cuedFilm = { source: input.source, window, referenceId: reference.number, segmentEnd, timestampScale }
  if (cues !== undefined && !(await areCuesTrue(cuedFilm, cues))) cues = undefined
  const textCues = cues === undefined ? [] : textCuesOf(elements, pairs, head.segmentStart, segmentEnd)
  const isSparse = cues !== undefined && !isTruncated && areCuesSparse(cuedFilm, cues, film.durationNs)
  const foundBy = cues === undefined || isSparse ? 'scan' : 'cues'
  let found: Found | undefined
  if (cues === undefined || isSparse) {
    const scan = await scanKeyframes(request)
    const scanned = scan.cues.toColumns(head.segmentStart, segmentEnd)
    found = scan
    isTruncated ||= scan.isCut
    cues = cues === undefined || scanned.count > cues.count ? scanned : cues
  } else if (isTruncated) {
    found = await findEnd(request, cues.clusterOffset[cues.count - 1]!)
  }
  if (cues.count === 0) return buildIndex({ ...input, entries: entries.filter(({ type }) => type !== reference.type) })
  pairs = anchorTracks(pairs, reference.number, cues.ticks[0]!, timestampScale)
  const blocks = readHeadBlocks(pairs, reference.number, input.first, head.firstCluster, segmentEnd, timestampScale)
  const first = blocks.reference
  if (first?.isKey && first.ticks < cues.ticks[0]!) {
    cues = prepend(cues, first.ticks, first.clusterOffset)
    pairs = anchorTracks(blocks.pairs, reference.number, first.ticks, timestampScale)
  } else pairs = blocks.pairs
  pairs = await readParameterSets(pairs, input, segmentEnd, timestampScale)
  pairs = await measureGroups(pairs, input, segmentEnd, timestampScale)
  if (found !== undefined) pairs = pairs.map(pair => withFoundEnd(pair, found, isTruncated, timestampScale))
  return assemble(input, elements, pairs, reference, cues, {
    foundBy,
    isTruncated,
    segmentEnd,
    timestampScale,
    textCues,
  })
}

/** Subtitles that are text: pictures are not looked up by themselves. */
const TEXT_CODECS: ReadonlySet<string> = new Set(['srt', 'ass', 'webvtt'])

function textIdsOf(entries: readonly TrackEntry[]): number[] {
  return entries.flatMap(({ number, type, codecId, codecPrivate }) => {
    const found = codecOfId(type, codecId, codecPrivate)
    return found?.kind === 'text' && TEXT_CODECS.has(found.codec) ? [number] : []
  })
}

function textCuesOf(
  { cues }: IndexElements,
  pairs: readonly TrackWithFormat[],
  from: number,
  end: number,
): readonly TextCues[] {
  const counts = new Map(pairs.map(({ track }) => [track.id, track.sampleCount]))
  return cues === undefined ? [] : keepTextCues(cues.text, counts, from, end)
}

/** Beside another picture this one is the cover, whether or not its track says so. */
const COVER_CODEC = 'V_MJPEG'

/** The default video track, else the first one, else the same of sound. */
function referenceOf(entries: readonly TrackEntry[]): TrackEntry {
  const ofType = (type: number): TrackEntry | undefined => {
    const all = entries.filter(entry => entry.type === type)
    const moving = all.filter(({ codecId }) => codecId !== COVER_CODEC)
    const some = moving.length > 0 ? moving : all
    return some.find(entry => entry.isDefault) ?? some[0]
  }
  const found = ofType(1) ?? ofType(2)
  if (found === undefined) throw noKeyframes()
  return found
}

function noKeyframes(): CuemuxError {
  return new CuemuxError('NO_KEYFRAME_INDEX', 'The film has neither a picture nor a sound track with a keyframe.', {
    hint: 'The file is empty, damaged or was cut before its first picture.',
  })
}

function scanRequest(
  input: IndexInput,
  pairs: readonly TrackWithFormat[],
  reference: TrackEntry,
  segmentEnd: number,
  timestampScale: number,
): ScanRequest {
  const AUDIO_DISTANCE_NS = 1e9
  return {
    source: input.source,
    options: input.options,
    known: [{ base: 0, bytes: input.first }],
    firstCluster: input.head.firstCluster,
    segmentEnd,
    trackIds: pairs.map(pair => pair.track.id),
    referenceId: reference.number,
    minDistance: reference.type === 2 ? AUDIO_DISTANCE_NS / timestampScale : 0,
  }
}

/** The reference track's time is known by its first cue, whether or not its first block was read. */
function anchorTracks(
  pairs: readonly TrackWithFormat[],
  referenceId: number,
  ticks: number,
  timestampScale: number,
): TrackWithFormat[] {
  return pairs.map(pair => {
    if (pair.track.id !== referenceId) return pair
    const anchored = withAnchor(pair, ticks, timestampScale)
    return { track: anchored.track, format: { ...anchored.format, needsFirstFrame: needsFrameBytes(anchored) } }
  })
}

function prepend(cues: CueColumns, ticks: number, clusterOffset: number): CueColumns {
  const before = (value: number, column: Float64Array): Float64Array => Float64Array.from([value, ...column])
  return {
    count: cues.count + 1,
    ticks: before(ticks, cues.ticks),
    clusterOffset: before(clusterOffset, cues.clusterOffset),
    relative: before(-1, cues.relative),
  }
}

/** Reads the first frame of tracks whose parameter sets are in the frames only, and that isn't in memory yet. */
async function readParameterSets(
  pairs: readonly TrackWithFormat[],
  { window, head }: IndexInput,
  segmentEnd: number,
  timestampScale: number,
): Promise<TrackWithFormat[]> {
  const film = { firstCluster: head.firstCluster, segmentEnd, timestampScale }
  const complete: TrackWithFormat[] = []
  for (const pair of pairs) {
    const isWanted = pair.track.kind === 'video' && indexNeedsFrame(pair.track)
    complete.push(isWanted ? await readFirstFrame(pair, film, window) : pair)
  }
  return complete
}

/** So many frames show a rate that only their times tell. */
const RATE_FRAMES = 60

async function measureGroups(
  pairs: readonly TrackWithFormat[],
  { window, head }: IndexInput,
  segmentEnd: number,
  timestampScale: number,
): Promise<TrackWithFormat[]> {
  const film = { firstCluster: head.firstCluster, segmentEnd, timestampScale }
  const measured: TrackWithFormat[] = []
  for (const pair of pairs) {
    const { track, format } = pair
    const needsReorder = track.kind === 'video' && needsReorderMeasured(track)
    if (track.kind !== 'video' || (!needsReorder && track.frameRate !== undefined)) {
      measured.push(pair)
      continue
    }
    const group = await measureFirstGroup(pair, window, film, needsReorder ? undefined : RATE_FRAMES)
    // Without a rate that is told, the delay was a guess by the number of frames.
    const reorderDelay = Math.max(needsReorder ? 0 : track.reorderDelay, group.reorderDelay)
    measured.push({ format, track: { ...track, reorderDelay, frameRate: track.frameRate ?? group.frameRate } })
  }
  return measured
}

/** A track that ends where its last block does: what the tags say is of the whole film. */
function withFoundEnd(
  pair: TrackWithFormat,
  found: Found,
  isTruncated: boolean,
  timestampScale: number,
): TrackWithFormat {
  const { track, format } = pair
  const last = found.lastTicks.get(track.id)
  if (track.kind === 'text' || last === undefined || (!isTruncated && format.endNs !== undefined)) return pair
  const ticks = track.kind === 'video' ? frameTicks(format, track) : format.gridTicks || format.defaultDuration
  const endNs = last * timestampScale + (ticks * 1e9) / track.timescale
  const changed = { ...format, endNs, endIsLength: false }
  const next = { format: changed, track: { ...track, sampleCount: isTruncated ? undefined : track.sampleCount } }
  return format.anchorTicks === undefined ? next : withAnchor(next, format.anchorTicks, timestampScale)
}

interface Assembly {
  readonly foundBy: 'cues' | 'scan'
  readonly isTruncated: boolean
  readonly segmentEnd: number
  readonly timestampScale: number
  readonly textCues: readonly TextCues[]
}

function assemble(
  { head, sizeBytes }: IndexInput,
  elements: IndexElements,
  pairs: readonly TrackWithFormat[],
  reference: TrackEntry,
  cues: CueColumns,
  { foundBy, isTruncated, segmentEnd, timestampScale, textCues }: Assembly,
): MediaIndex {
  const { keyframes, rows } = keyframeTable(pairs, reference.number, cues, timestampScale)
  const pick = (column: Float64Array): Float64Array => new Float64Array(rows.length).map((_, i) => column[rows[i]!]!)
  const cuesAt = head.places.get(Id.Cues) ?? 0
  const format: MatroskaFormat = {
    kind: 'matroska',
    version: FORMAT_VERSION,
    segmentStart: head.segmentStart,
    segmentEnd,
    firstCluster: head.firstCluster,
    mediaEnd: cuesAt > keyframes.offsetBytes[keyframes.count - 1]! ? Math.min(cuesAt, segmentEnd) : segmentEnd,
    timestampScale,
    cueTicks: pick(cues.ticks),
    cueRelative: pick(cues.relative),
    textCues,
    tracks: pairs.map(pair => pair.format),
  }
  const tracks = pairs.map(pair => pair.track)
  return {
    container: head.docType,
    foundBy,
    sizeBytes,
    durationMs: durationOf(tracks, isTruncated, head, timestampScale),
    title: head.info?.title ?? elements.tags.title,
    tracks,
    keyframes,
    chapters: elements.chapters,
    attachments: elements.attachments,
    closedGops: closedGopsOf(tracks.find(track => track.id === reference.number)),
    isTruncated,
    format,
  }
}

/** Keyframes with strictly increasing presentation times, and the rows of the cues that they are from. */
function keyframeTable(
  pairs: readonly TrackWithFormat[],
  trackId: number,
  cues: CueColumns,
  timestampScale: number,
): { keyframes: KeyframeTable; rows: Uint32Array } {
  const { track, format } = pairs.find(pair => pair.track.id === trackId)!
  const clock = createClock(format, track.timescale, timestampScale)
  const rows = new Uint32Array(cues.count)
  const time = new Float64Array(cues.count)
  const offsetBytes = new Float64Array(cues.count)
  let count = 0
  for (let i = 0; i < cues.count; i++) {
    const at = clock.presentationTime(cues.ticks[i]!, 0)
    if (count > 0 && at <= time[count - 1]!) continue
    rows[count] = i
    time[count] = at
    offsetBytes[count++] = cues.clusterOffset[i]!
  }
  const keyframes = {
    trackId,
    timescale: track.timescale,
    count,
    time: time.slice(0, count),
    offsetBytes: offsetBytes.slice(0, count),
  }
  return { keyframes, rows: rows.subarray(0, count) }
}

/** From the first track's beginning to the last one's end, as far as they are known; else what Info says. */
function durationOf(tracks: readonly Track[], isTruncated: boolean, head: Head, timestampScale: number) {
  const timed = tracks.filter(track => track.kind !== 'text')
  const ends = timed.map(track => (track.end === undefined ? Number.NaN : ticksToMs(track.end, track.timescale)))
  const starts = timed.map(track => (track.start === undefined ? Number.NaN : ticksToMs(track.start, track.timescale)))
  const known = [...ends, ...starts].every(time => !Number.isNaN(time))
  if (known) return Math.max(...ends) - Math.min(...starts)
  const told = head.info?.duration
  if (told !== undefined && !isTruncated) return (told * timestampScale) / 1e6
  const someEnds = ends.filter(time => !Number.isNaN(time))
  const someStarts = starts.filter(time => !Number.isNaN(time))
  return someEnds.length === 0
    ? undefined
    : Math.max(...someEnds) - (someStarts.length > 0 ? Math.min(...someStarts) : 0)
}

/** Groups of pictures are closed where the codec has no others. */
function closedGopsOf(track: Track | undefined): boolean | undefined {
  if (track?.kind === 'audio') return true
  return track?.codec === 'vp8' || track?.codec === 'vp9' || track?.codec === 'av1' ? true : undefined
}
