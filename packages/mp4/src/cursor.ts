import { ChunkRuns } from './chunks.js'
import { OffsetRuns, offsetOf } from './composition-offsets.js'
import { durationOf, TimeRuns } from './decode-times.js'
import { floorIndexNear, STRIDE } from './marks.js'
import { SizeColumn } from './sizes.js'
import type { SampleTables } from './tables.js'

/** More samples in a track than this are no film: 13 hours of single PCM samples at 44.1 kHz. */
const MAX_SAMPLES = 2 ** 31 - 1

/** A track's sample tables with what it takes to find a sample in them by number or time. */
export class SampleColumns {
  readonly times: TimeRuns
  readonly offsets: OffsetRuns
  readonly sizes: SizeColumn
  readonly chunks: ChunkRuns
  /** Samples that all tables agree to have. */
  readonly count: number

  constructor(tables: SampleTables) {
    this.times = new TimeRuns(tables)
    this.chunks = new ChunkRuns(tables)
    this.count = Math.min(this.times.count, this.chunks.count, tables.sizeCount, MAX_SAMPLES)
    this.offsets = new OffsetRuns(tables, this.count)
    this.sizes = new SizeColumn(tables, this.count)
  }
}

/**
 * Walks a track's samples in decode order, one at a time, without an object per sample; `seek` jumps. The fields hold
 * the current sample, times as the tables have them (no edit list, no shift).
 */
export class SampleCursor {
  /** Number of the sample from 0. */
  sample = 0
  /** Decode time, ticks. */
  dts = 0
  /** Time to the next sample's decode time, ticks. */
  duration = 0
  /** Composition offset, ticks; may be negative. */
  offset = 0
  /** Bytes. */
  size = 0
  /** Where the sample lies in the source, bytes. */
  position = 0
  /** Number of its description from 0. */
  description = 0

  /** Samples in all. */
  readonly count: number
  readonly #columns: SampleColumns
  #timeMark = 0
  #offsetMark = 0
  #chunkMark = 0
  #timeRun = 0
  #timeLeft = 0
  #offsetRun = 0
  #offsetLeft = 0
  #chunkRun = 0
  #chunkRunEnd = 0
  #chunk = 0
  #chunkLeft = 0

  constructor(columns: SampleColumns, sample = 0) {
    this.#columns = columns
    this.count = columns.count
    this.seek(sample)
  }

  /** Goes to a sample, which must be below the columns' count (of an empty track, nothing can be read). */
  seek(sample: number): void {
    if (sample >= this.#columns.count) return
    this.sample = sample
    this.#seekTime(sample)
    this.#seekOffset(sample)
    this.#seekChunk(sample)
    this.size = this.#columns.sizes.at(sample)
  }

  #seekTime(sample: number): void {
    const { view, samplesAt, ticksAt } = this.#columns.times
    const mark = (this.#timeMark = floorIndexNear(samplesAt, sample, this.#timeMark))
    let run = mark * STRIDE
    let before = samplesAt[mark]!
    let ticks = ticksAt[mark]!
    for (;;) {
      const count = view.getUint32(run * 8)
      const duration = durationOf(view.getUint32(run * 8 + 4))
      if (before + count > sample) {
        this.dts = ticks + (sample - before) * duration
        this.duration = duration
        this.#timeRun = run
        this.#timeLeft = before + count - sample
        return
      }
      before += count
      ticks += count * duration
      run++
    }
  }

  #seekOffset(sample: number): void {
    const { view, samplesAt, runs } = this.#columns.offsets
    const mark = (this.#offsetMark = floorIndexNear(samplesAt, sample, this.#offsetMark))
    let before = samplesAt[mark]!
    for (let run = mark * STRIDE; run < runs; run++) {
      const count = view.getUint32(run * 8)
      if (before + count > sample) {
        this.offset = offsetOf(view.getInt32(run * 8 + 4))
        this.#offsetRun = run
        this.#offsetLeft = before + count - sample
        return
      }
      before += count
    }
    this.offset = 0
    this.#offsetRun = runs
    this.#offsetLeft = Number.POSITIVE_INFINITY
  }

  #seekChunk(sample: number): void {
    const { chunks, sizes } = this.#columns
    const mark = (this.#chunkMark = floorIndexNear(chunks.samplesAt, sample, this.#chunkMark))
    let run = mark * STRIDE
    let before = chunks.samplesAt[mark]!
    for (;;) {
      const perChunk = chunks.samplesPerChunk(run)
      const samples = (chunks.endChunk(run) - chunks.firstChunk(run)) * perChunk
      if (before + samples > sample) {
        const inRun = Math.floor((sample - before) / perChunk)
        const first = before + inRun * perChunk
        this.#chunkRun = run
        this.#chunkRunEnd = chunks.endChunk(run)
        this.#chunk = chunks.firstChunk(run) + inRun
        this.#chunkLeft = first + perChunk - sample
        this.description = chunks.description(run)
        this.position = chunks.offsetAt(this.#chunk) + sizes.between(first, sample)
        return
      }
      before += samples
      run++
    }
  }

  /** How many samples of the current one's chunk lie before it. */
  get chunkSamplesBefore(): number {
    return this.#columns.chunks.samplesPerChunk(this.#chunkRun) - this.#chunkLeft
  }

  /** Goes to the next sample; false, and no move, when this is the last. Hot: about 10 ns. */
  next(): boolean {
    const columns = this.#columns
    if (this.sample + 1 >= columns.count) return false
    this.sample++
    this.dts += this.duration
    if (--this.#timeLeft === 0) this.#nextTimeRun()
    if (--this.#offsetLeft === 0) this.#nextOffsetRun()
    if (--this.#chunkLeft === 0) this.#nextChunk()
    else this.position += this.size
    this.size = columns.sizes.at(this.sample)
    return true
  }

  #nextTimeRun(): void {
    const { view } = this.#columns.times
    do {
      this.#timeRun++
      this.#timeLeft = view.getUint32(this.#timeRun * 8)
    } while (this.#timeLeft === 0)
    this.duration = durationOf(view.getUint32(this.#timeRun * 8 + 4))
  }

  #nextOffsetRun(): void {
    const { view, runs } = this.#columns.offsets
    do {
      this.#offsetRun++
      if (this.#offsetRun >= runs) {
        this.offset = 0
        this.#offsetLeft = Number.POSITIVE_INFINITY
        return
      }
      this.#offsetLeft = view.getUint32(this.#offsetRun * 8)
    } while (this.#offsetLeft === 0)
    this.offset = offsetOf(view.getInt32(this.#offsetRun * 8 + 4))
  }

  #nextChunk(): void {
    const { chunks } = this.#columns
    this.#chunk++
    this.#chunkLeft = 0
    while (this.#chunk >= this.#chunkRunEnd || chunks.samplesPerChunk(this.#chunkRun) === 0) {
      this.#chunkRun++
      this.#chunkRunEnd = chunks.endChunk(this.#chunkRun)
      this.#chunk = chunks.firstChunk(this.#chunkRun)
    }
    this.#chunkLeft = chunks.samplesPerChunk(this.#chunkRun)
    this.description = chunks.description(this.#chunkRun)
    this.position = chunks.offsetAt(this.#chunk)
  }
}
