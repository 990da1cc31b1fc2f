import { rowsInOrder } from './cue-order.js'
import { createHeader, type ElementHeader, readHeader, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import { TextCueRows } from './text-cues.js'

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
const CUE_DURATION = Id.CueDuration

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
    const order = rowsInOrder(this.#ticks, this.#clusterOffset, this.count)
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
}

function grow(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2)
  larger.set(column)
  return larger
}

/** The cues of the tracks that are asked for. */
export interface TrackCues {
  readonly reference: CueRows
  /** By track; of text tracks. */
  readonly text: ReadonlyMap<number, TextCueRows>
}

/** What a walk over Cues is about. */
interface CueWalk extends TrackCues {
  readonly bytes: Uint8Array
  readonly trackId: number
  /** Offset of the Segment's payload in the source. */
  readonly segmentStart: number
  readonly header: ElementHeader
}

/**
 * Reads the payload of Cues: the cue points of the reference track and of text tracks. Damaged ones end the reading,
 * since what follows can't be trusted.
 *
 * @param segmentStart offset of the Segment's payload in the source
 */
export function readCues(
  bytes: Uint8Array,
  start: number,
  end: number,
  trackId: number,
  segmentStart: number,
  textIds: readonly number[] = [],
): TrackCues {
  // A loop over positions rather than callbacks: thousands of points, three levels deep.
  const header = createHeader()
  const text = new Map(textIds.map(id => [id, new TextCueRows()]))
  const walk: CueWalk = { bytes, trackId, segmentStart, header, reference: new CueRows(), text }
  let pos = start
  while (pos < end) {
    const length = readHeader(bytes, pos, end, header)
    if (length <= 0 || header.size === UNKNOWN_SIZE) break
    const dataEnd = header.dataStart + header.size
    if (dataEnd > end) break
    if (header.id === CUE_POINT) readCuePoint(walk, header.dataStart, dataEnd)
    pos = dataEnd
  }
  // Text of which the cues break off can't be found by them.
  if (pos < end) for (const rows of text.values()) rows.isUnusable = true
  return walk
}

function readCuePoint(walk: CueWalk, start: number, end: number): void {
  const { bytes, header } = walk
  let ticks = -1
  for (let pos = start; pos < end; pos = header.dataStart + header.size) {
    if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) return
    const dataEnd = Math.min(end, header.dataStart + header.size)
    if (header.id === CUE_TIME) {
      ticks = readUint(bytes, header.dataStart, dataEnd)
    } else if (header.id === CUE_TRACK_POSITIONS && ticks >= 0) {
      const from = header.dataStart
      readPositions(walk, from, dataEnd, ticks)
      header.dataStart = from
      header.size = dataEnd - from
    }
  }
}

function readPositions(walk: CueWalk, start: number, end: number, ticks: number): void {
  const { bytes, header } = walk
  let track = 0
  let cluster = -1
  let relative = -1
  let duration = -1
  for (let pos = start; pos < end; pos = header.dataStart + header.size) {
    if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) break
    const dataEnd = Math.min(end, header.dataStart + header.size)
    if (header.id === CUE_TRACK) track = readUint(bytes, header.dataStart, dataEnd)
    else if (header.id === CUE_CLUSTER_POSITION) cluster = readUint(bytes, header.dataStart, dataEnd)
    else if (header.id === CUE_RELATIVE_POSITION) relative = readUint(bytes, header.dataStart, dataEnd)
    else if (header.id === CUE_DURATION) duration = readUint(bytes, header.dataStart, dataEnd)
  }
  if (cluster < 0) return
  if (track === walk.trackId) walk.reference.add(ticks, walk.segmentStart + cluster, relative)
  else walk.text.get(track)?.add(ticks, walk.segmentStart + cluster, relative, duration)
}
