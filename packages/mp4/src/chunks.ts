import { STRIDE, viewOf } from './marks.js'
import type { SizeColumn } from './sizes.js'
import type { SampleTables } from './tables.js'

/** Chunks: `stsc` behind checkpoints of samples, and the offsets of `stco` or `co64`. */
export class ChunkRuns {
  readonly view: DataView
  readonly runs: number
  /** How many chunks have an offset. */
  readonly chunkCount: number
  /** Samples that the chunks hold. */
  readonly count: number
  readonly samplesAt: Float64Array
  readonly #offsets: DataView
  readonly #is64: boolean

  constructor(tables: SampleTables) {
    const view = (this.view = viewOf(tables.stsc))
    this.#offsets = viewOf(tables.chunks)
    this.#is64 = tables.chunkBits === 64
    this.chunkCount = tables.chunks.length / (this.#is64 ? 8 : 4)
    let runs = Math.floor(tables.stsc.length / 12)
    const samplesAt = new Float64Array(Math.max(1, Math.ceil(runs / STRIDE)))
    let samples = 0
    let run = 0
    for (; run < runs; run++) {
      if (run % STRIDE === 0) samplesAt[run / STRIDE] = samples
      const first = view.getUint32(run * 12)
      const next = run + 1 < runs ? view.getUint32(run * 12 + 12) : this.chunkCount + 1
      // §8.7.4: the first run starts at chunk 1 and they increase; what breaks that ends the table.
      if ((run === 0 && first !== 1) || first > this.chunkCount || next <= first) break
      samples += (Math.min(next, this.chunkCount + 1) - first) * view.getUint32(run * 12 + 4)
    }
    // A run that follows the last readable one may not be followed to.
    runs = run
    this.runs = runs
    this.count = samples
    this.samplesAt = samplesAt.subarray(0, Math.max(1, Math.ceil(runs / STRIDE)))
  }

  /** Samples in all chunks before one. */
  samplesBefore(chunk: number): number {
    let samples = 0
    for (let run = 0; run < this.runs && this.firstChunk(run) < chunk; run++) {
      samples += (Math.min(chunk, this.endChunk(run)) - this.firstChunk(run)) * this.samplesPerChunk(run)
    }
    return samples
  }

  /** Offsets in the source of samples in increasing order, bytes: one pass, for a table of keyframes. */
  positionsOf(samples: Uint32Array, sizes: SizeColumn): Float64Array {
    const positions = new Float64Array(samples.length)
    let run = 0
    let before = 0
    let perChunk = this.samplesPerChunk(0)
    let first = this.firstChunk(0)
    let end = (this.endChunk(0) - first) * perChunk
    // Hot: once per keyframe and run of chunks when a film is opened.
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i]!
      while (end <= sample) {
        run++
        before = end
        perChunk = this.samplesPerChunk(run)
        first = this.firstChunk(run)
        end += (this.endChunk(run) - first) * perChunk
      }
      const chunk = Math.floor((sample - before) / perChunk)
      const inChunk = before + chunk * perChunk
      positions[i] = this.offsetAt(first + chunk) + (inChunk === sample ? 0 : sizes.between(inChunk, sample))
    }
    return positions
  }

  /** Offset of a chunk in the source, bytes; chunks count from 0. */
  offsetAt(chunk: number): number {
    if (!this.#is64) return this.#offsets.getUint32(chunk * 4)
    return this.#offsets.getUint32(chunk * 8) * 4294967296 + this.#offsets.getUint32(chunk * 8 + 4)
  }

  /** First chunk of a run, from 0. */
  firstChunk(run: number): number {
    return this.view.getUint32(run * 12) - 1
  }

  /** Chunk after a run's last. */
  endChunk(run: number): number {
    return run + 1 < this.runs ? Math.min(this.firstChunk(run + 1), this.chunkCount) : this.chunkCount
  }

  /** Samples in each chunk of a run. */
  samplesPerChunk(run: number): number {
    return this.view.getUint32(run * 12 + 4)
  }

  /** Description of a run's samples, from 0. */
  description(run: number): number {
    return Math.max(0, this.view.getUint32(run * 12 + 8) - 1)
  }
}
