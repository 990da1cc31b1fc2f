import { type SampleColumns, SampleCursor } from './cursor.js'
import type { SyncSamples } from './sync-samples.js'

/** A sample that was looked for by its time. */
export interface FoundSample {
  readonly sample: number
  readonly isSync: boolean
}

/**
 * The first sync sample from one on that is presented at a time, give or take a tolerance; else the first sample that
 * is. `undefined` where there is none.
 *
 * @param time ticks of the tables
 */
export function findSample(
  columns: SampleColumns,
  sync: SyncSamples,
  from: number,
  time: number,
  tolerance: number,
): FoundSample | undefined {
  if (from >= columns.count) return undefined
  const cursor = new SampleCursor(columns, from)
  let other: number | undefined
  // Hot: once per sample of a group of pictures.
  do {
    if (cursor.dts + columns.offsets.min > time + tolerance) break
    if (Math.abs(cursor.dts + cursor.offset - time) > tolerance) continue
    const { sample } = cursor
    if (sync.isAll || sync.sampleAt(sync.entryFrom(sample)) === sample) return { sample, isSync: true }
    other ??= sample
  } while (cursor.next())
  return other === undefined ? undefined : { sample: other, isSync: false }
}
