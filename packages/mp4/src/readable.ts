import { type SampleColumns, SampleCursor } from './cursor.js'

/**
 * How many samples, from the first on, lie inside a source of that size: all of a whole film's. Chunks are taken to lie
 * in the order of their numbers, as in every film that was written front to back; where they do not, reading what is
 * missing fails.
 */
export function readableSamples(columns: SampleColumns, sizeBytes: number): number {
  const { chunks, count } = columns
  if (count === 0) return 0
  let low = 0
  let high = chunks.chunkCount
  if (chunks.offsetAt(high - 1) < sizeBytes) low = high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunks.offsetAt(middle) < sizeBytes) low = middle + 1
    else high = middle
  }
  const inside = low === chunks.chunkCount ? count : Math.min(chunks.samplesBefore(low), count)
  return lastWhole(columns, inside, sizeBytes)
}

/** The last of the chunks that begin inside the source may end outside it: its whole samples count. */
function lastWhole(columns: SampleColumns, inside: number, sizeBytes: number): number {
  if (inside === 0) return 0
  const cursor = new SampleCursor(columns, inside - 1)
  if (cursor.position + cursor.size <= sizeBytes) return inside
  // The last sample's chunk alone can reach beyond: its samples lie one after another, so bisect them.
  let low = Math.max(0, inside - cursor.chunkSamplesBefore - 1)
  let high = inside - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    cursor.seek(middle)
    if (cursor.position + cursor.size <= sizeBytes) low = middle + 1
    else high = middle
  }
  return low
}
