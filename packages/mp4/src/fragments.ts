import type { ByteSource, ReadOptions } from '@cuemux/core'
import { type BuiltIndex, buildIndex, type IndexInput } from './build-index.js'
import type { Chunk } from './byte-runs.js'
import { ByteWindow } from './byte-window.js'
import { SampleColumns, SampleCursor } from './cursor.js'
import type { FoundMoov } from './find-moov.js'
import { lookUpFragments } from './fragment-index.js'
import { mediaOf } from './fragment-media.js'
import { readFragmentIndex } from './mfra.js'
import { FragmentTables, type FragmentTrack } from './moof.js'
import type { MovieBoxes } from './movie.js'
import { kindOf } from './sample-entry.js'
import { readSegmentIndex, type SidxBox } from './sidx.js'
import type { MovieHeader } from './skeleton.js'
import { SyncSamples } from './sync-samples.js'
import type { TableWriter } from './table-writer.js'
import { readTables } from './tables.js'
import { topBox } from './top-level.js'
import { NO_DEFAULTS, readTrackDefaults } from './trex.js'

/** Boxes between moov and the first fragment. */
const MAX_BOXES_BEFORE = 4096
const MAX_SIDX_BYTES = 4 * 1024 * 1024

/** A film whose moov says that fragments may follow. */
interface FragmentRequest {
  readonly source: ByteSource
  readonly moov: FoundMoov
  readonly movie: MovieBoxes
  readonly header: MovieHeader
  readonly options: ReadOptions & {
    readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
  }
}

/** Where a film's fragments begin, and the segment indexes before them. */
interface FragmentStart {
  readonly moofAt: number
  readonly sidx: readonly SidxBox[]
}

/** Walks from the moov to the first fragment; `undefined` where none follows. */
async function findStart(window: ByteWindow, from: number): Promise<FragmentStart | undefined> {
  const sidx: SidxBox[] = []
  let at = from
  for (let i = 0; i < MAX_BOXES_BEFORE && at < window.sizeBytes; i++) {
    const bytes = await window.read(at, 16)
    const box = topBox(bytes, at, at)
    if (box === undefined) return undefined
    if (box.type === 'moof') return { moofAt: at, sidx }
    if (box.type === 'sidx' && box.end - at <= MAX_SIDX_BYTES && box.end <= window.sizeBytes) {
      sidx.push({ bytes: await window.read(at, box.end - at), at })
    }
    at = box.end
  }
  return undefined
}

/** The tracks whose samples are read from fragments. */
function fragmentTracks({ movie, header }: FragmentRequest): FragmentTrack[] {
  const defaults = readTrackDefaults(movie)
  return movie.tracks.flatMap((boxes, i) => {
    const id = header.tracks[i]?.id
    const kind = kindOf(boxes.handler)
    if (id === undefined || kind === 'other') return []
    return [{ id, defaults: defaults.get(id) ?? NO_DEFAULTS, kind }]
  })
}

/** Puts the samples that moov itself holds before those of the fragments. */
function addMoovSamples({ movie, header }: FragmentRequest, tables: FragmentTables): void {
  movie.tracks.forEach((boxes, i) => {
    const writer = tables.writers.get(header.tracks[i]?.id ?? 0)
    if (writer === undefined || writer.count > 0) return
    const samples = readTables(movie.bytes, boxes.stbl)
    const columns = new SampleColumns(samples)
    if (columns.count > 0) addColumns(columns, new SyncSamples(samples), writer)
  })
}

function addColumns(columns: SampleColumns, sync: SyncSamples, writer: TableWriter): void {
  const cursor = new SampleCursor(columns)
  let entry = 0
  // Hot: once per sample of a moov that fragments follow.
  do {
    while (sync.sampleAt(entry) < cursor.sample) entry++
    const isSync = sync.isAll || sync.sampleAt(entry) === cursor.sample
    const { dts, duration, offset, size, position, description } = cursor
    writer.add(dts, duration, offset, size, position, description + 1, isSync)
  } while (cursor.next())
}

/** Reads every fragment's moof box, hopping over the media. */
async function scanFragments(
  request: FragmentRequest,
  known: readonly Chunk[],
  tracks: readonly FragmentTrack[],
  from: number,
): Promise<BuiltIndex> {
  const { sizeBytes } = request.moov
  const window = new ByteWindow(request.source, sizeBytes, known, false, request.options.signal)
  const tables = new FragmentTables(tracks, sizeBytes)
  addMoovSamples(request, tables)
  let told = from
  const end = await window.walk(from, sizeBytes, (moof, at) => {
    tables.addMoof(moof, at)
    if (at - told > 1024 * 1024) request.options.onProgress?.((told = at), sizeBytes)
    return true
  })
  const input: IndexInput = { ...request, fragments: mediaOf(tables) }
  return buildIndex(input, end.isCut)
}

/** The fragments that an index in the file lists: `sidx` behind the head, else `mfra` at the end. */
async function lookUp(
  input: FragmentRequest,
  window: ByteWindow,
  tracks: readonly FragmentTrack[],
  start: FragmentStart,
): Promise<BuiltIndex | undefined> {
  const reference = referenceId(input.movie, input.header)
  if (reference === undefined) return undefined
  const common = { input, tracks, firstMoof: start.moofAt, window }
  const bySidx = await readSegmentIndex(window, start.sidx, reference)
  const found = bySidx && (await lookUpFragments({ ...common, ...bySidx, foundBy: 'sidx' }))
  if (found !== undefined) return found
  const byMfra = await readFragmentIndex(window, reference)
  return byMfra && lookUpFragments({ ...common, ...byMfra, foundBy: 'mfra' })
}

/** The first video track, else the first sound. */
function referenceId(movie: MovieBoxes, header: MovieHeader): number | undefined {
  for (const handler of ['vide', 'soun']) {
    const i = movie.tracks.findIndex(boxes => boxes.handler === handler)
    if (i >= 0) return header.tracks[i]?.id
  }
  return undefined
}

/**
 * Makes the index of a film that has fragments: from `sidx` or `mfra` where one tells it all, else from moof to moof.
 * `undefined` where no fragment follows the moov.
 *
 * @throws CuemuxError `CORRUPT_INDEX`, `LIMIT_EXCEEDED`, and what the source throws
 */
export async function indexFragments(request: FragmentRequest): Promise<BuiltIndex | undefined> {
  const { source, moov, movie, options } = request
  const window = new ByteWindow(source, moov.sizeBytes, [moov.piece], true, options.signal)
  const start = await findStart(window, moov.offsetBytes + moov.bytes.length)
  if (start === undefined) return undefined
  const tracks = fragmentTracks(request)
  const isInMoov = movie.tracks.some(({ stbl }) => readTables(movie.bytes, stbl).sizeCount > 0)
  const found = isInMoov ? undefined : await lookUp(request, window, tracks, start)
  return found ?? scanFragments(request, window.chunks, tracks, start.moofAt)
}
