import type { SampleCursor } from './cursor.js'
import { viewOf } from './marks.js'
import type { SampleTables } from './tables.js'

/** Which samples are sync samples (`stss`, §8.6.2): a sorted list, or all of them. Samples count from 0. */
export class SyncSamples {
  /** Every sample is one. */
  readonly isAll: boolean
  /** How many the table lists. */
  readonly count: number
  readonly #view: DataView

  constructor(tables: SampleTables) {
    this.isAll = tables.stss === undefined
    this.#view = viewOf(tables.stss ?? new Uint8Array(0))
    this.count = this.#view.byteLength >>> 2
  }

  /** The sample of an entry of the table. */
  at(entry: number): number {
    return this.#view.getUint32(entry * 4) - 1
  }

  /** The sample of an entry; `Infinity` after the last, and for one that breaks the order. */
  sampleAt(entry: number): number {
    return entry < this.count ? this.at(entry) : Number.POSITIVE_INFINITY
  }

  /** Number of entries before the first that is at or after a sample; the table is sorted. */
  entryFrom(sample: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(middle) < sample) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The last sync sample that is presented at or before a media time; 0 when none is. */
  lastPresentedBy(cursor: SampleCursor, time: number): number {
    let low = 0
    let high = this.isAll ? cursor.count : this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const sample = this.isAll ? middle : this.at(middle)
      if (sample >= cursor.count) {
        high = middle
        continue
      }
      cursor.seek(Math.max(0, sample))
      if (cursor.dts + cursor.offset <= time) low = middle + 1
      else high = middle
    }
    if (low === 0) return 0
    return Math.max(0, this.isAll ? low - 1 : this.at(low - 1))
  }
}
