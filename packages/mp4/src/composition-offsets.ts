import { STRIDE, viewOf } from './marks.js'
import type { SampleTables } from './tables.js'

/** Offsets beyond this are nonsense that some writers left behind; players ignore them, as we do. */
const MAX_OFFSET = 2 ** 28

/** A composition offset: signed in both versions, as players read them (§8.6.1.3 has version 0 unsigned). */
export function offsetOf(raw: number): number {
  return raw > MAX_OFFSET || raw < -MAX_OFFSET ? 0 : raw
}

/** Composition offsets: `ctts` behind checkpoints of samples. */
export class OffsetRuns {
  readonly view: DataView
  readonly runs: number
  readonly samplesAt: Float64Array
  /** Smallest and largest offset, ticks; 0 counts where samples lie behind the last run. */
  readonly min: number
  readonly max: number

  constructor(tables: SampleTables, sampleCount: number) {
    const view = (this.view = viewOf(tables.ctts))
    const runs = (this.runs = tables.ctts.length >>> 3)
    this.samplesAt = new Float64Array(Math.max(1, Math.ceil(runs / STRIDE)))
    let samples = 0
    let min = runs === 0 ? 0 : Number.POSITIVE_INFINITY
    let max = runs === 0 ? 0 : Number.NEGATIVE_INFINITY
    // Hot: once per run when a film is opened.
    for (let run = 0; run < runs; run++) {
      if (run % STRIDE === 0) this.samplesAt[run / STRIDE] = samples
      const count = view.getUint32(run * 8)
      if (count === 0) continue
      const offset = offsetOf(view.getInt32(run * 8 + 4))
      if (offset < min) min = offset
      if (offset > max) max = offset
      samples += count
    }
    if (samples < sampleCount) {
      if (min > 0) min = 0
      if (max < 0) max = 0
    }
    this.min = Number.isFinite(min) ? min : 0
    this.max = Number.isFinite(max) ? max : 0
  }
}
