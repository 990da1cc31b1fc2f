import { createHeader, type ElementHeader, readHeader, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'

/** Cue points of one track as columns, in the order of their times (RFC 9559 §5.1.5). */
export interface CueColumns {
  readonly count: number
  /** CueTime, container ticks, strictly increasing. */
  readonly ticks: Float64Array
  /** Offset of the cluster in the source, bytes, never decreasing. */
  readonly clusterOffset: Float64Array
  /** CueRelativePosition: offset of the block in the cluster's payload, bytes; -1 where it isn't told. */
  readonly relative: Float64Array
}

const CUE_POINT = Id.CuePoint
const CUE_TIME = Id.CueTime
const CUE_TRACK_POSITIONS = Id.CueTrackPositions
const CUE_TRACK = Id.CueTrack
const CUE_CLUSTER_POSITION = Id.CueClusterPosition
const CUE_RELATIVE_POSITION = Id.CueRelativePosition

/** Most cue points that are kept: a keyframe every 10 ms for a day. */
const MAX_CUES = 8_000_000

/** Grows by itself; holds one row per cue of the track. */
export class CueRows {
  count = 0
  #ticks: Float64Array = new Float64Array(512)
  #clusterOffset: Float64Array = new Float64Array(512)
  #relative: Float64Array = new Float64Array(512)

  add(ticks: number, clusterOffset: number, relative: number): void {
    if (this.count >= MAX_CUES) return
    if (this.count === this.#ticks.length) {
      this.#ticks = grow(this.#ticks)
      this.#clusterOffset = grow(this.#clusterOffset)
      this.#relative = grow(this.#relative)
    }
    this.#ticks[this.count] = ticks
    this.#clusterOffset[this.count] = clusterOffset
    this.#relative[this.count] = relative
    this.count++
  }

  /**
   * The rows sorted by time, without those outside of `[from, end)`, those of a time that was there before, and
   * those that lead back in the file.
   */
  toColumns(from: number, end: number): CueColumns {
    const order = this.#order()
    const ticks = new Float64Array(this.count)
    const clusterOffset = new Float64Array(this.count)
    const relative = new Float64Array(this.count)
    let count = 0
    let lastTicks = Number.NEGATIVE_INFINITY
    let lastOffset = from
    for (let i = 0; i < this.count; i++) {
      const row = order === undefined ? i : order[i]!
      const at = this.#clusterOffset[row]!
      const time = this.#ticks[row]!
      if (at < lastOffset || at >= end || time === lastTicks) continue
      ticks[count] = lastTicks = time
      clusterOffset[count] = lastOffset = at
      relative[count] = this.#relative[row]!
      count++
    }
    return {
      count,
      ticks: ticks.subarray(0, count),
      clusterOffset: clusterOffset.subarray(0, count),
      relative: relative.subarray(0, count),
    }
  }

  /** Row numbers by time, then place; `undefined` where they are in order already. */
  #order(): Uint32Array | undefined {
    const ticks = this.#ticks
    const offset = this.#clusterOffset
    let isSorted = true
    for (let i = 1; i < this.count && isSorted; i++) isSorted = ticks[i - 1]! <= ticks[i]!
    if (isSorted) return undefined
    const order = new Uint32Array(this.count).map((_, i) => i)
    return order.sort((a, b) => ticks[a]! - ticks[b]! || offset[a]! - offset[b]! || a - b)
  }
}

function grow(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2)
  larger.set(column)
  return larger
}

/**
 * Reads the payload of Cues: the cue points of one track. Damaged ones end the reading, since what follows can't be
 * trusted.
 *
 * @param segmentStart offset of the Segment's payload in the source
 */
export function readCues(
  bytes: Uint8Array,
  start: number,
  end: number,
  trackId: number,
  segmentStart: number,
): CueRows {
  // A loop over positions rather than callbacks: thousands of points, three levels deep.
  const rows = new CueRows()
  const header = createHeader()
  let pos = start
  while (pos < end) {
    const length = readHeader(bytes, pos, end, header)
    if (length <= 0 || header.size === UNKNOWN_SIZE) break
    const dataEnd = header.dataStart + header.size
    if (dataEnd > end) break
    if (header.id === CUE_POINT) readCuePoint(bytes, header.dataStart, dataEnd, trackId, segmentStart, rows, header)
    pos = dataEnd
  }
  return rows
}

function readCuePoint(
  bytes: Uint8Array,
  start: number,
  end: number,
  trackId: number,
  segmentStart: number,
  rows: CueRows,
  header: ElementHeader,
): void {
  let ticks = -1
  for (let pos = start; pos < end; pos = header.dataStart + header.size) {
    if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) return
    const dataEnd = Math.min(end, header.dataStart + header.size)
    if (header.id === CUE_TIME) {
      ticks = readUint(bytes, header.dataStart, dataEnd)
    } else if (header.id === CUE_TRACK_POSITIONS && ticks >= 0) {
      const from = header.dataStart
      readPositions(bytes, from, dataEnd, trackId, segmentStart, ticks, rows, header)
      header.dataStart = from
      header.size = dataEnd - from
    }
  }
}

function readPositions(
  bytes: Uint8Array,
  start: number,
  end: number,
  trackId: number,
  segmentStart: number,
  ticks: number,
  rows: CueRows,
  header: ElementHeader,
): void {
  let track = 0
  let cluster = -1
  let relative = -1
  for (let pos = start; pos < end; pos = header.dataStart + header.size) {
    if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) break
    const dataEnd = Math.min(end, header.dataStart + header.size)
    if (header.id === CUE_TRACK) track = readUint(bytes, header.dataStart, dataEnd)
    else if (header.id === CUE_CLUSTER_POSITION) cluster = readUint(bytes, header.dataStart, dataEnd)
    else if (header.id === CUE_RELATIVE_POSITION) relative = readUint(bytes, header.dataStart, dataEnd)
  }
  if (track === trackId && cluster >= 0) rows.add(ticks, segmentStart + cluster, relative)
}
