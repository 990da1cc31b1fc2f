import type { KeyframeTable } from '@cuemux/core'
import { type SampleColumns, SampleCursor } from './cursor.js'
import type { SyncSamples } from './sync-samples.js'
import { firstPresentedFrom, type TrackTimeline } from './timeline.js'

/** Cuts a second in a track whose samples are all sync samples. */
const CUTS_PER_SECOND = 2
/** A table of more cuts than this gets a coarser grid. */
const MAX_CUTS = 2 ** 20
/** Samples after a keyframe that are asked whether they are presented before it. */
const MAX_LEADING = 64

/** A reference track's cuts, and the samples that they are. */
interface Keyframes {
  readonly table: KeyframeTable
  /** Number of each keyframe's sample. */
  readonly samples: Uint32Array
  /** No sample is presented before the keyframe that it follows. */
  readonly closedGops: boolean
}

/** What the table is made from. */
interface KeyframeInput {
  readonly trackId: number
  readonly timescale: number
  readonly columns: SampleColumns
  readonly sync: SyncSamples
  readonly timeline: TrackTimeline
  readonly descriptionCount: number
}

/** By how much the first picture shown of the group that starts at the cursor's sample comes before it, ticks. */
export function leadOf(cursor: SampleCursor, end: number): number {
  const time = cursor.dts + cursor.offset
  let lead = 0
  for (let i = 0; i < MAX_LEADING && cursor.sample + 1 < end && cursor.next(); i++) {
    const next = cursor.dts + cursor.offset
    // Leading pictures come before all others of their group (ISO/IEC 23008-2 §7.4.2.2).
    if (next > time) break
    lead = Math.max(lead, time - next)
  }
  return lead
}

/** Samples of a track's table of sync samples; the first is the track's first sample. */
function listed({ sync, timeline }: KeyframeInput): Uint32Array {
  const from = sync.entryFrom(timeline.first + 1)
  const to = sync.entryFrom(timeline.end)
  const samples = new Uint32Array(Math.max(0, to - from) + 1)
  samples[0] = timeline.first
  let count = 1
  for (let entry = from; entry < to; entry++) {
    const sample = sync.at(entry)
    // What breaks the table's order is no sync sample.
    if (sample > samples[count - 1]! && sample < timeline.end) samples[count++] = sample
  }
  return samples.subarray(0, count)
}

/** Samples of a track whose samples are all sync samples: the first at or after each step of a grid. */
function gridded({ columns, timeline, timescale }: KeyframeInput): Uint32Array {
  const shift = timeline.decodeShift + timeline.offsetShift
  const length = Math.max(1, timeline.stop - timeline.start)
  const step = Math.max(1, timescale / CUTS_PER_SECOND, length / MAX_CUTS)
  const samples = new Uint32Array(Math.min(timeline.end - timeline.first, Math.ceil(length / step) + 1))
  const cursor = new SampleCursor(columns, timeline.first)
  samples[0] = timeline.first
  let count = 1
  for (let grid = 1; count < samples.length; ) {
    const sample = firstPresentedFrom(columns, cursor, Math.ceil(timeline.start + grid * step) - shift)
    if (sample >= timeline.end) break
    cursor.seek(sample)
    if (sample > samples[count - 1]!) samples[count++] = sample
    grid = Math.max(grid + 1, Math.floor((cursor.dts + cursor.offset + shift - timeline.start) / step) + 1)
  }
  return samples.subarray(0, count)
}

/** Composition offsets of samples in increasing order, and whether one is followed by a sample presented before it. */
function reordered(input: KeyframeInput, samples: Uint32Array, time: Float64Array): boolean {
  const cursor = new SampleCursor(input.columns, samples[0])
  let isOpen = false
  for (let i = 0; i < samples.length; i++) {
    cursor.seek(samples[i]!)
    time[i]! += cursor.offset
    if (!isOpen) isOpen = leadOf(cursor, input.timeline.end) > 0
  }
  return isOpen
}

/** Which description each of the samples has, which are in increasing order. */
function descriptionsOf({ columns, descriptionCount }: KeyframeInput, samples: Uint32Array): Uint16Array {
  const cursor = new SampleCursor(columns)
  return Uint16Array.from(samples, sample => {
    cursor.seek(sample)
    return Math.min(cursor.description, descriptionCount - 1)
  })
}

/** Where the reference track can be cut. */
export function readKeyframes(input: KeyframeInput): Keyframes {
  const { columns, timeline, sync } = input
  const { offsets } = columns
  const samples = sync.isAll ? gridded(input) : listed(input)
  const time = columns.times.timesOf(samples)
  const mayReorder = offsets.min !== offsets.max
  const closedGops = !mayReorder || !reordered(input, samples, time)
  const offsetBytes = columns.chunks.positionsOf(samples, columns.sizes)
  const shift = timeline.decodeShift + timeline.offsetShift + (mayReorder ? 0 : offsets.min)
  // The film can't be shown before its start, though its first keyframe may lie there.
  time[0] = Math.max(timeline.start, time[0]! + shift)
  let count = 1
  for (let i = 1; i < samples.length; i++) {
    const next = time[i]! + shift
    // A sync sample that is presented before the last one (in a broken file) can't be a cut.
    if (next <= time[count - 1]!) continue
    time[count] = next
    samples[count] = samples[i]!
    offsetBytes[count++] = offsetBytes[i]!
  }
  const kept = samples.slice(0, count)
  const description = input.descriptionCount > 1 ? descriptionsOf(input, kept) : undefined
  return {
    table: {
      ...(description === undefined ? {} : { description }),
      trackId: input.trackId,
      timescale: input.timescale,
      count,
      time: time.slice(0, count),
      offsetBytes: offsetBytes.slice(0, count),
    },
    samples: kept,
    closedGops,
  }
}
