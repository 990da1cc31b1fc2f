import { type ByteSource, CuemuxError, joinBatches, type SampleBatch, type Track } from '@cuemux/core'
import { SampleCursor } from './cursor.js'
import { readRanges, type SampleRange } from './read-span.js'

/** Bytes that are read at a time, with what lies between texts: their bytes alone are kept. */
const MAX_STRETCH_BYTES = 16 * 1024 * 1024
/** Texts of a window are refused beyond this. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024
/** Samples that are read at a time. */
const MAX_STRETCH_SAMPLES = 65_536

/**
 * Up to how many bytes a sample of a text track shows nothing: it only ends the one before. tx3g: a length of 0 (3GPP TS
 * 26.245 §5.17); WebVTT: an empty `vtte` box (ISO/IEC 14496-30 §6.6). `undefined` for other tracks.
 */
export function emptyTextBytes({ kind, codec }: Pick<Track, 'kind' | 'codec'>): number | undefined {
  if (kind !== 'text') return undefined
  if (codec === 'tx3g') return 2
  return codec === 'webvtt' ? 8 : 0
}

/** The samples of a text track that are shown in a window of the film's clock, each copied out of what was read. */
export async function readTextRange(
  source: ByteSource,
  range: SampleRange,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): Promise<SampleBatch> {
  const reader = { ...range.reader, descriptionCount: 1 }
  // Samples may share bytes of a film that is made to exhaust its reader.
  if (range.first < range.end && reader.columns.sizes.between(range.first, range.end) > MAX_TEXT_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', 'The texts are larger than 256 MiB.', {
      at: { path: `track ${reader.id}` },
    })
  }
  const found: SampleBatch[] = []
  for (const stretch of stretchesOf({ ...range, reader }, source.seekCostBytes)) {
    for (const batch of await readRanges(source, [stretch], { signal })) found.push(within(batch, from, to))
  }
  return joinBatches(reader.id, reader.timescale, found)
}

/** Splits a range so that not much is read at once: texts lie far from each other, and what is between may be read, too. */
function* stretchesOf(range: SampleRange, seekCostBytes: number): Generator<SampleRange> {
  const { reader, first, end } = range
  if (first >= end) return
  const cursor = new SampleCursor(reader.columns, first)
  let from = first
  let bytes = 0
  let last = cursor.position
  do {
    const gap = cursor.position - last
    bytes += cursor.size + (gap > 0 && gap <= seekCostBytes ? gap : 0)
    last = cursor.position + cursor.size
    if (bytes > MAX_STRETCH_BYTES || cursor.sample - from >= MAX_STRETCH_SAMPLES) {
      yield { reader, first: from, end: cursor.sample + 1 }
      from = cursor.sample + 1
      bytes = 0
    }
  } while (cursor.sample + 1 < end && cursor.next())
  if (from < end) yield { reader, first: from, end }
}

/** Those of a batch that are shown in the window, with bytes of their own. */
function within(batch: SampleBatch, from: number, to: number): SampleBatch {
  const time = (row: number): number => batch.dts[row]! + batch.compositionOffset[row]!
  const rows = Array.from({ length: batch.count }, (_, row) => row).filter(
    row => time(row) < to && (time(row) >= from || time(row) + batch.duration[row]! > from),
  )
  return {
    ...batch,
    count: rows.length,
    dts: Float64Array.from(rows, time),
    compositionOffset: new Int32Array(rows.length),
    duration: Uint32Array.from(rows, row => batch.duration[row]!),
    size: Uint32Array.from(rows, row => batch.size[row]!),
    flags: Uint8Array.from(rows, row => batch.flags[row]!),
    data: rows.map(row => batch.data[row]!.slice()),
  }
}
