import { ChunkRuns } from './chunks.js'
import { TimeRuns } from './decode-times.js'
import type { SampleTables } from './tables.js'

/** Blocks in a second: about the frames of other sound. */
const BLOCKS_PER_SECOND = 50
/** Samples of this length are blocks already. */
const MIN_BLOCK_MS = 5
/** More blocks than this are not made: 23 hours. */
const MAX_BLOCKS = 2 ** 22

/**
 * The tables of a track of PCM in which a sample is a block of about 20 ms within a chunk, where in the file it is a
 * single frame of sound: a second would be 48,000 samples. Tables of another kind stay as they are.
 *
 * @param frameBytes bytes of a frame: old QuickTime files write a size of 1 instead (QTFF, "Sample size atoms")
 * @param timescale ticks per second
 */
export function groupPcm(tables: SampleTables, frameBytes: number, timescale: number): SampleTables {
  const { constantSize, stts, ctts, stss, sizeCount } = tables
  const times = new TimeRuns(tables)
  const ticks = times.firstDuration
  if (constantSize === 0 || ctts.length > 0 || stss !== undefined || !times.isConstant) return tables
  if (stts.length > 16 || ticks * 1000 >= timescale * MIN_BLOCK_MS) return tables
  const chunks = new ChunkRuns(tables)
  const frames = Math.min(times.count, sizeCount, chunks.count)
  const perBlock = Math.max(1, Math.round(timescale / ticks / BLOCKS_PER_SECOND))
  // Each chunk has at most one block more than its length makes.
  if (frames / perBlock + chunks.chunkCount > MAX_BLOCKS || perBlock === 1) return tables
  const size = constantSize === 1 && frameBytes > 1 ? frameBytes : constantSize
  const blocks = new BlockWriter()
  const stsc = new Uint8Array(tables.stsc.subarray(0, chunks.runs * 12))
  const view = new DataView(stsc.buffer)
  let left = frames
  for (let run = 0; run < chunks.runs; run++) {
    const perChunk = chunks.samplesPerChunk(run)
    const count = Math.max(perChunk > 0 ? 1 : 0, Math.round(perChunk / perBlock))
    view.setUint32(run * 12 + 4, count)
    for (let chunk = chunks.firstChunk(run); chunk < chunks.endChunk(run) && left > 0 && count > 0; chunk++) {
      // Alike as far as they can be: muxers write chunks of a few blocks' length.
      const here = Math.min(left, perChunk)
      let done = 0
      for (let block = 1; block <= count && done < here; block++) {
        const end = Math.min(here, Math.floor((block * perChunk) / count))
        blocks.add((end - done) * ticks, (end - done) * size)
        done = end
      }
      left -= here
    }
  }
  return { ...tables, ...blocks.finish(), stsc }
}

/** Writes durations and sizes as `stts` and `stsz` have them. */
class BlockWriter {
  readonly #times: number[] = []
  readonly #sizes: number[] = []

  add(duration: number, size: number): void {
    const times = this.#times
    const last = times.length - 1
    if (last >= 0 && times[last] === duration) times[last - 1]!++
    else times.push(1, duration)
    this.#sizes.push(size)
  }

  finish(): Pick<SampleTables, 'stts' | 'stsz' | 'sizeBits' | 'constantSize' | 'sizeCount'> {
    const sizes = this.#sizes
    const isConstant = sizes.every(size => size === sizes[0])
    return {
      stts: bigEndian(this.#times),
      stsz: isConstant ? new Uint8Array(0) : bigEndian(sizes),
      sizeBits: 32,
      constantSize: isConstant ? (sizes[0] ?? 0) : 0,
      sizeCount: sizes.length,
    }
  }
}

function bigEndian(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  words.forEach((word, i) => {
    view.setUint32(i * 4, word)
  })
  return bytes
}
