import {
  type ByteSource,
  CuemuxError,
  createSampleBatch,
  SAMPLE_SYNC,
  type SampleBatch,
  type SpanOptions,
} from '@cuemux/core'
import { ByteRuns, type Chunk, isDense, type ReadRuns, readRuns } from './byte-runs.js'
import { type SampleColumns, SampleCursor } from './cursor.js'
import { fillFromPieces, takePieces } from './piece-samples.js'
import { hidePreroll } from './preroll.js'
import type { SyncSamples } from './sync-samples.js'
import type { TrackTimeline } from './timeline.js'

/** A span of more samples than this is refused. */
const MAX_SPAN_SAMPLES = 2 ** 22

/** A track's samples, and where they lie on the film's clock. */
export interface SampleReader {
  readonly id: number
  readonly timescale: number
  readonly descriptionCount: number
  readonly columns: SampleColumns
  readonly sync: SyncSamples
  /** Of text: samples of no more bytes show nothing. */
  readonly emptyBytes?: number | undefined
  readonly timeline: Pick<TrackTimeline, 'decodeShift' | 'offsetShift' | 'end'> &
    Partial<Pick<TrackTimeline, 'first' | 'start' | 'hidesPreroll'>>
}

/** Samples of one track, by number: from `first` to before `end`. */
export interface SampleRange {
  readonly reader: SampleReader
  readonly first: number
  readonly end: number
}

type OpenBatch = ReturnType<typeof createSampleBatch>

/** A batch whose bytes are still to be read. */
export interface PlannedBatch {
  readonly batch: OpenBatch
  /** Where each sample lies in the source, and in which run. */
  readonly position: Float64Array
  readonly run: Uint32Array
}

/** Number of the sample after the cursor's stretch of one description. */
function endOfDescription(cursor: SampleCursor, end: number): number {
  const { description } = cursor
  // Hot where a track has several descriptions: once per sample.
  while (cursor.sample + 1 < end && cursor.next()) if (cursor.description !== description) return cursor.sample
  return end
}

/** A batch of its first `count` samples: the columns were made for as many as might have come. */
function shorten(batch: OpenBatch, count: number): OpenBatch {
  return {
    ...batch,
    count,
    dts: batch.dts.subarray(0, count),
    compositionOffset: batch.compositionOffset.subarray(0, count),
    duration: batch.duration.subarray(0, count),
    size: batch.size.subarray(0, count),
    flags: batch.flags.subarray(0, count),
  }
}

/** Makes a batch of the samples from `first` to before `end`, which share a description; the empty ones left out. */
function planBatch(range: SampleRange, first: number, end: number, runs: ByteRuns): PlannedBatch {
  const { reader } = range
  const { decodeShift, offsetShift } = reader.timeline
  const cursor = new SampleCursor(reader.columns, first)
  const description = Math.min(cursor.description, reader.descriptionCount - 1)
  const batch = createSampleBatch(reader.id, reader.timescale, end - first, description)
  const { dts, compositionOffset, duration, size, flags } = batch
  const position = new Float64Array(end - first)
  const run = new Uint32Array(end - first)
  const { sync, emptyBytes = 0 } = reader
  const isText = reader.emptyBytes !== undefined
  const sampleFlags = sync.isAll ? SAMPLE_SYNC : 0
  let entry = sync.entryFrom(first)
  let nextSync = sync.sampleAt(entry)
  let i = -1
  // Hot: once per sample (about 30 ns).
  do {
    if (cursor.size <= emptyBytes) {
      // An empty sample only makes the one before it last longer; of text it is a pause.
      if (i >= 0 && !isText) duration[i]! += cursor.duration
      continue
    }
    i++
    dts[i] = cursor.dts + decodeShift
    compositionOffset[i] = cursor.offset + offsetShift
    duration[i] = cursor.duration
    size[i] = cursor.size
    flags[i] = sampleFlags
    if (nextSync <= cursor.sample) {
      if (nextSync === cursor.sample) flags[i] = SAMPLE_SYNC
      while ((nextSync = sync.sampleAt(++entry)) <= cursor.sample);
    }
    position[i] = cursor.position
    run[i] = runs.add(cursor.position, cursor.size)
  } while (cursor.sample + 1 < end && cursor.next())
  if (!isText) extendOverEmpty(cursor, batch, i, reader.timeline.end)
  const { timeline } = reader
  if (timeline.hidesPreroll === true && first === timeline.first && timeline.start !== undefined) {
    hidePreroll(dts, compositionOffset, duration, i + 1, timeline.start)
  }
  return { batch: i + 1 < batch.count ? shorten(batch, i + 1) : batch, position, run }
}

/** Empty samples behind the batch are in no batch: they belong to its last sample's duration. */
function extendOverEmpty(cursor: SampleCursor, batch: OpenBatch, last: number, end: number): void {
  while (last >= 0 && cursor.sample + 1 < end && cursor.next() && cursor.size === 0) {
    batch.duration[last]! += cursor.duration
  }
}

/** The batches of a range, one for each stretch of one description. */
function planRange(range: SampleRange, runs: ByteRuns): PlannedBatch[] {
  const planned: PlannedBatch[] = []
  if (range.end - range.first > MAX_SPAN_SAMPLES) {
    throw new CuemuxError('LIMIT_EXCEEDED', `A segment of ${range.end - range.first} samples is too large.`, {
      at: { path: `track ${range.reader.id}` },
    })
  }
  const hasOne = range.reader.descriptionCount === 1
  const cursor = new SampleCursor(range.reader.columns, range.first)
  for (let first = range.first; first < range.end; ) {
    const next = hasOne ? range.end : endOfDescription(cursor, range.end)
    const plan = planBatch(range, first, next, runs)
    if (plan.batch.count > 0) planned.push(plan)
    first = next
  }
  return planned
}

/** Puts views of what was read into a batch. */
function fillData({ batch, position, run }: PlannedBatch, read: ReadRuns): SampleBatch {
  const { data, size, count } = batch
  // Hot: once per sample.
  for (let i = 0; i < count; i++) {
    const piece = read.pieceOf[run[i]!]!
    const at = position[i]! - read.pieceStart[piece]!
    data.push(read.bytes[piece]!.subarray(at, at + size[i]!))
  }
  return batch
}

/**
 * Reads ranges of samples, all of them in as few reads as they need.
 *
 * @param held what is in memory already
 * @throws CuemuxError `ENCRYPTED`, `CORRUPT_MEDIA`, `LIMIT_EXCEEDED`, and what the source throws
 */
export async function readRanges(
  source: ByteSource,
  ranges: readonly SampleRange[],
  { signal, pieces, memory }: SpanOptions = {},
  held?: readonly Chunk[],
): Promise<SampleBatch[]> {
  const runs = new ByteRuns()
  const planned = ranges.flatMap(range => planRange(range, runs))
  if (pieces !== undefined && held === undefined && isDense(runs, source.seekCostBytes)) {
    const taken = await takePieces(pieces, runs, signal)
    return planned.map(batch => fillFromPieces(batch, taken))
  }
  const read = await readRuns(source, runs, { signal, memory }, held)
  return planned.map(batch => fillData(batch, read))
}
