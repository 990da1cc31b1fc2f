import { type BoxPlace, u32 } from './boxes.js'
import type { TableWriter } from './table-writer.js'
import type { FragmentDefaults } from './trex.js'

/** Flag of a `trun`: it has a data offset. */
export const DATA_OFFSET = 0x1
const FIRST_FLAGS = 0x4
const DURATION = 0x100
const SIZE = 0x200
const FLAGS = 0x400
const OFFSET = 0x800

/** `sample_is_non_sync_sample`, and `sample_depends_on` 1: not a sync sample (ISO/IEC 14496-12 §8.8.3.1). */
const NOT_SYNC = 0x01010000
/** Samples without a byte that a run may claim without listing them. */
const MAX_EMPTY = 256

/** Where a run's samples lie. */
interface RunPlace {
  /** Decode time of its first sample, media ticks. */
  readonly time: number
  /** What its data offset counts from, bytes. */
  readonly base: number
  /** Where its data lie when it has no data offset, bytes. */
  readonly position: number
  /** Every sample is a sync sample, whatever the flags say: sound and text. */
  readonly isAllSync: boolean
  /** Size of the source: samples that are not in it are none, bytes. */
  readonly sizeBytes: number
}

function bitCount(flags: number): number {
  let bits = 0
  for (const bit of [DURATION, SIZE, FLAGS, OFFSET]) if (flags & bit) bits++
  return bits
}

/**
 * Adds the samples of a track fragment run (§8.8.8) to a track's tables. Composition offsets are signed in both
 * versions, as in `ctts`.
 *
 * @returns offset in the source after its data
 */
export function addRun(
  bytes: Uint8Array,
  trun: BoxPlace,
  defaults: FragmentDefaults,
  place: RunPlace,
  writer: TableWriter,
): number {
  if (trun.end - trun.body < 8) return place.position
  const flags = u32(bytes, trun.body) & 0xffffff
  let at = trun.body + 8
  let position = place.position
  if (flags & DATA_OFFSET) {
    position = place.base + (u32(bytes, at) | 0)
    at += 4
  }
  let firstFlags = defaults.flags
  if (flags & FIRST_FLAGS) {
    firstFlags = u32(bytes, at)
    at += 4
  }
  const entryBytes = bitCount(flags) * 4
  const room = entryBytes === 0 ? roomWithoutEntries(defaults, place, position) : (trun.end - at) / entryBytes
  const count = Math.min(u32(bytes, trun.body + 4), Math.max(0, Math.floor(room)))
  const { description } = defaults
  let time = place.time
  const isSync = (sampleFlags: number): boolean => place.isAllSync || (sampleFlags & NOT_SYNC) === 0
  const rest = isSync(defaults.flags)
  if (entryBytes === 0 && count > 0) {
    const { duration, size } = defaults
    writer.add(time, duration, 0, size, position, description, isSync(firstFlags))
    if (count > 1) writer.add(time + duration, duration, 0, size, position + size, description, rest, count - 1)
    return position + size * count
  }
  const hasFlags = (flags & FLAGS) !== 0
  // Hot: once per sample (about 40 ns).
  for (let i = 0; i < count; i++) {
    let { duration, size } = defaults
    let offset = 0
    let sync = i === 0 ? isSync(firstFlags) : rest
    if (flags & DURATION) {
      duration = u32(bytes, at)
      at += 4
    }
    if (flags & SIZE) {
      size = u32(bytes, at)
      at += 4
    }
    if (hasFlags) {
      // §8.8.8.1: the first sample's own flags take the place of those in its entry.
      if (i > 0 || (flags & FIRST_FLAGS) === 0) sync = isSync(u32(bytes, at))
      at += 4
    }
    if (flags & OFFSET) {
      offset = u32(bytes, at) | 0
      at += 4
    }
    writer.add(time, duration, offset, size, position, description, sync)
    time += duration
    position += size
  }
  return position
}

/** How many samples can be meant by a run that lists none: no more than the source has bytes for. */
function roomWithoutEntries(defaults: FragmentDefaults, place: RunPlace, position: number): number {
  return defaults.size === 0 ? MAX_EMPTY : Math.max(0, place.sizeBytes - position) / defaults.size
}
