import { CuemuxError } from '@cuemux/core'
import { readAddition } from './additions.js'
import { createHeader, MAX_HEADER_BYTES, readHeader, readInt, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import { FRAME_KEY, type FrameColumns } from './frame-columns.js'
import { readLace } from './lacing.js'

const CLUSTER = Id.Cluster
const TIMESTAMP = Id.Timestamp
const SIMPLE_BLOCK = Id.SimpleBlock
const BLOCK_GROUP = Id.BlockGroup
const BLOCK = Id.Block
const BLOCK_DURATION = Id.BlockDuration
const REFERENCE_BLOCK = Id.ReferenceBlock
const DISCARD_PADDING = Id.DiscardPadding
const BLOCK_ADDITIONS = Id.BlockAdditions

/** Children of the Segment: they end a cluster of unknown size (RFC 9559 §4.5). */
const TOP_LEVEL: ReadonlySet<number> = new Set([
  Id.Cluster,
  Id.Cues,
  Id.Tags,
  Id.SeekHead,
  Id.Info,
  Id.Tracks,
  Id.Chapters,
  Id.Attachments,
  Id.Segment,
  Id.EBML,
])

/** What to take of a track's blocks. */
export const TAKE_NOTHING = 0
export const TAKE_FRAMES = 1
/** The time of each block, without its bytes. */
export const TAKE_TIMES = 2

/** Why a walk paused. */
export type WalkStatus = 'reached' | 'needs-bytes' | 'block' | 'end'

/** Header of an element and of the block in it: ID, size, track number, timestamp, flags. */
const BLOCK_HEADER_BYTES = 2 * MAX_HEADER_BYTES + 11

const EMPTY = new Uint8Array(0)
const MAX_SHORT_TRACK = 127

/** One track that a walk looks at. */
export interface WalkedTrack {
  readonly trackId: number
  take: number
  /** Takes what lies beside its blocks' frames (BlockAdditions), too. */
  readonly takesAdditions?: boolean
  readonly frames: FrameColumns
}

/**
 * Walks the blocks of clusters, synchronously over bytes that are in memory. It stands at {@link position}; where the
 * bytes end too early it pauses, and goes on when it is given those from there.
 */
export class BlockWalker {
  /** Offset in the source of the element that comes next. */
  position: number
  /** How many bytes from {@link position} the next step needs in one piece. */
  needBytes: number = BLOCK_HEADER_BYTES
  /** Timestamp of the latest block of any track, container ticks. */
  lastTicks: number = Number.NEGATIVE_INFINITY
  /** Timestamp of the first block of any track, container ticks. */
  firstTicks: number = Number.POSITIVE_INFINITY
  /** Offset of the cluster that it stands in. */
  clusterOffset = -1
  /** Offset of that cluster's payload. */
  clusterDataStart = -1
  readonly #segmentEnd: number
  readonly #tracks: readonly WalkedTrack[]
  readonly #short: Int16Array = new Int16Array(MAX_SHORT_TRACK + 1).fill(-1)
  readonly #header = createHeader()
  #clusterTicks = 0
  /** End of the cluster; infinite where its size is unknown, -1 outside of one. */
  #clusterEnd = -1
  #hasEnded = false

  constructor(position: number, segmentEnd: number, tracks: readonly WalkedTrack[]) {
    this.position = position
    this.#segmentEnd = segmentEnd
    this.#tracks = tracks
    tracks.forEach((track, slot) => {
      if (track.trackId <= MAX_SHORT_TRACK) this.#short[track.trackId] = slot
    })
  }

  /** Whether nothing more can be read: the Segment or the source is at its end. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Ends the walk: the source has no more bytes. */
  end(): void {
    this.#hasEnded = true
  }

  /** Goes to an element of the cluster that it stands in. */
  jump(position: number): void {
    this.position = position
    this.needBytes = BLOCK_HEADER_BYTES
  }

  /**
   * Stands at an element of a cluster whose own header was not read.
   *
   * @param ticks timestamp of the cluster, container ticks
   */
  enter(position: number, ticks: number): void {
    this.jump(position)
    this.clusterOffset = position
    this.#clusterTicks = ticks
    this.#clusterEnd = Number.POSITIVE_INFINITY
  }

  /** End of the current cluster; infinite where its size is unknown, -1 outside of one. */
  get clusterEnd(): number {
    return this.#clusterEnd
  }

  /**
   * Walks over `bytes`, which lie at `base` in the source, until {@link position} is at or after `until`, or, when
   * `oneBlock`, a block has been seen.
   *
   * @throws CuemuxError `CORRUPT_MEDIA`
   */
  walk(bytes: Uint8Array, base: number, until: number, oneBlock: boolean): WalkStatus {
    // Hot: once per block, no object but the view on its frame.
    const header = this.#header
    const end = bytes.length
    this.needBytes = BLOCK_HEADER_BYTES
    while (!this.#hasEnded) {
      if (this.position >= this.#clusterEnd) this.#clusterEnd = -1
      if (this.position >= until) return 'reached'
      if (this.position >= this.#segmentEnd) {
        this.#hasEnded = true
        break
      }
      const at = this.position - base
      if (at < 0 || at >= end) return this.#pause(BLOCK_HEADER_BYTES)
      const length = readHeader(bytes, at, end, header)
      if (length < 0) throw this.#damaged('An element of a cluster has no valid header.')
      if (length === 0) return this.#pause(BLOCK_HEADER_BYTES)
      if (this.#clusterEnd < 0 || header.id === CLUSTER) {
        this.#stepInSegment(base)
        continue
      }
      const { id, size } = header
      if (id === SIMPLE_BLOCK || id === BLOCK_GROUP) {
        if (size === UNKNOWN_SIZE) throw this.#damaged('A block has no size.')
        this.#checkSize(base + header.dataStart + size)
        if (this.#hasEnded) break
        const needed = this.#stepBlock(bytes, base, at, id === BLOCK_GROUP)
        if (needed > 0) return this.#pause(needed)
        if (oneBlock) return 'block'
      } else if (!this.#stepInCluster(bytes, base)) {
        return this.#pause(header.dataStart + size - at)
      }
    }
    return 'end'
  }

  #pause(needBytes: number): WalkStatus {
    this.needBytes = needBytes
    return 'needs-bytes'
  }

  #damaged(message: string): CuemuxError {
    return new CuemuxError('CORRUPT_MEDIA', message, {
      at: { offsetBytes: this.position, path: 'Segment/Cluster' },
      hint: 'The file is damaged there.',
    })
  }

  /** An element that runs over the source's end is where the film was cut; over its cluster's end it is damage. */
  #checkSize(elementEnd: number): void {
    if (elementEnd > this.#segmentEnd) this.#hasEnded = true
    else if (elementEnd > this.#clusterEnd) throw this.#damaged('A block is larger than its cluster.')
  }

  /** A child of the Segment: a cluster is entered, all else skipped. */
  #stepInSegment(base: number): void {
    const { id, size, dataStart } = this.#header
    const isUnknown = size === UNKNOWN_SIZE
    if (id === CLUSTER) {
      this.clusterOffset = this.position
      this.#clusterTicks = 0
      this.#clusterEnd = isUnknown ? Number.POSITIVE_INFINITY : base + dataStart + size
      this.position = this.clusterDataStart = base + dataStart
      return
    }
    if (id === Id.EBML || id === Id.Segment) {
      // A second Segment: another film, behind this one.
      this.#hasEnded = true
      return
    }
    if (isUnknown) throw this.#damaged('An element without size lies between clusters.')
    // Cues that lead to a place where nothing begins.
    if (this.clusterOffset < 0 && !TOP_LEVEL.has(id) && id !== Id.Void && id !== Id.Crc32) {
      throw this.#damaged('No cluster begins there.')
    }
    this.position = base + dataStart + size
  }

  /** A child of a cluster that is no block. False when more bytes are needed. */
  #stepInCluster(bytes: Uint8Array, base: number): boolean {
    const { id, size, dataStart } = this.#header
    if (this.#clusterEnd === Number.POSITIVE_INFINITY && TOP_LEVEL.has(id)) {
      this.#clusterEnd = -1
      return true
    }
    if (size === UNKNOWN_SIZE) throw this.#damaged('An element of a cluster has no size.')
    this.#checkSize(base + dataStart + size)
    if (this.#hasEnded) return true
    if (id === TIMESTAMP) {
      if (size > 8) throw this.#damaged("A cluster's timestamp is damaged.")
      if (dataStart + size > bytes.length) return false
      this.#clusterTicks = readUint(bytes, dataStart, dataStart + size)
    }
    this.position = base + dataStart + size
    return true
  }

  /**
   * A SimpleBlock or BlockGroup.
   *
   * @returns 0 when it is dealt with, else how many bytes from its start are needed
   */
  #stepBlock(bytes: Uint8Array, base: number, at: number, isGroup: boolean): number {
    const header = this.#header
    const start = header.dataStart
    const end = start + header.size
    let block = start
    let isWhole = true
    if (isGroup) {
      // The Block comes first in the groups of all muxers; where it doesn't, the whole group is needed.
      const length = readHeader(bytes, start, Math.min(end, bytes.length), header)
      if (length <= 0 && end > bytes.length) return Math.min(end - at, BLOCK_HEADER_BYTES + bytes.length - at)
      if (length > 0 && header.id === BLOCK) block = header.dataStart
      else if (end > bytes.length) return end - at
      else block = this.#findBlock(bytes, start, end)
      if (block < 0) {
        this.position = base + end
        return 0
      }
      isWhole = end <= bytes.length
    }
    if (block + 4 > end) throw this.#damaged('A block is too short.')
    const trackLength = block < bytes.length ? Math.clz32(bytes[block]!) - 23 : 1
    if (trackLength > 4) throw this.#damaged('A block has no track number.')
    const flagsAt = block + trackLength + 2
    if (flagsAt >= bytes.length) return Math.min(end, flagsAt + 1) - at
    if (flagsAt >= end) throw this.#damaged('A block is too short.')
    const track = this.#trackOf(bytes, block, trackLength)
    // Signed 16 bits, relative to the cluster (RFC 9559 §10.1).
    const ticks = this.#clusterTicks + (((bytes[flagsAt - 2]! << 24) >> 16) | bytes[flagsAt - 1]!)
    if (this.lastTicks === Number.NEGATIVE_INFINITY) this.firstTicks = ticks
    this.lastTicks = ticks
    if (track !== undefined && track.take !== TAKE_NOTHING) {
      if (track.take === TAKE_TIMES && !isWhole) {
        track.frames.add(ticks, this.position, -1, 0, 0, EMPTY)
      } else {
        if (track.take === TAKE_FRAMES && end > bytes.length) return end - at
        if (isGroup) this.#takeGroup(track, ticks, bytes, start, end)
        else this.#takeSimple(track, ticks, bytes, flagsAt, end)
      }
    }
    this.position = base + end
    return 0
  }

  #trackOf(bytes: Uint8Array, at: number, length: number): WalkedTrack | undefined {
    if (length === 1) {
      const slot = this.#short[bytes[at]! & 0x7f]!
      return slot < 0 ? undefined : this.#tracks[slot]
    }
    let number = bytes[at]! & ((0x80 >> (length - 1)) - 1)
    for (let i = 1; i < length; i++) number = number * 256 + bytes[at + i]!
    return this.#tracks.find(track => track.trackId === number)
  }

  #takeSimple(track: WalkedTrack, ticks: number, bytes: Uint8Array, flagsAt: number, end: number): void {
    const flags = bytes[flagsAt]!
    const key = flags & 0x80 ? FRAME_KEY : 0
    if (track.take === TAKE_TIMES) track.frames.add(ticks, this.position, -1, 0, key, EMPTY)
    else this.#takeFrames(track, ticks, bytes, flagsAt, end, key, -1)
  }

  /** RFC 9559 §5.1.3.5: a Block with what SimpleBlock can't tell. It is a keyframe when it refers to no other block. */
  #takeGroup(track: WalkedTrack, ticks: number, bytes: Uint8Array, start: number, end: number): void {
    const header = this.#header
    let duration = -1
    let key = FRAME_KEY
    let discardNs = 0
    let flagsAt = -1
    let blockEnd = end
    let additionsAt = -1
    let additionsEnd = -1
    for (let pos = start; pos < end; ) {
      if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) break
      const from = header.dataStart
      pos = from + header.size
      if (pos > end) throw this.#damaged('An element of a BlockGroup is larger than the group.')
      if (header.id === BLOCK) {
        flagsAt = from + Math.clz32(bytes[from]!) - 23 + 2
        blockEnd = pos
      } else if (header.id === BLOCK_DURATION) duration = readUint(bytes, from, pos)
      else if (header.id === REFERENCE_BLOCK) key = 0
      else if (header.id === DISCARD_PADDING) discardNs = readInt(bytes, from, pos)
      else if (header.id === BLOCK_ADDITIONS) {
        additionsAt = from
        additionsEnd = pos
      }
    }
    if (flagsAt < 0 || flagsAt >= blockEnd) return
    if (track.take === TAKE_TIMES) track.frames.add(ticks, this.position, duration, 0, key, EMPTY)
    else this.#takeFrames(track, ticks, bytes, flagsAt, blockEnd, key, duration)
    track.frames.discardNs = discardNs
    if (additionsAt < 0 || track.takesAdditions !== true) return
    const addition = readAddition(bytes, additionsAt, additionsEnd)
    if (addition !== undefined) track.frames.addAddition(addition)
  }

  #takeFrames(
    track: WalkedTrack,
    ticks: number,
    bytes: Uint8Array,
    flagsAt: number,
    end: number,
    key: number,
    duration: number,
  ): void {
    const lacing = (bytes[flagsAt]! & 0x06) >> 1
    const origin = bytes.byteOffset
    if (lacing === 0) {
      // Faster than subarray, and a plain Uint8Array also where the source hands out Node's Buffers.
      const view = new Uint8Array(bytes.buffer, origin + flagsAt + 1, end - flagsAt - 1)
      track.frames.add(ticks, this.position, duration, 0, key, view)
      return
    }
    const offsets = readLace(bytes, flagsAt + 1, end, lacing)
    const count = offsets.length - 1
    for (let i = 0; i < count; i++) {
      const view = new Uint8Array(bytes.buffer, origin + offsets[i]!, offsets[i + 1]! - offsets[i]!)
      track.frames.add(ticks, this.position, duration < 0 ? -1 : duration / count, i, key, view)
    }
  }

  /** Where a group's Block begins; -1 for a group without one. */
  #findBlock(bytes: Uint8Array, start: number, end: number): number {
    const header = this.#header
    for (let pos = start; pos < end; pos = header.dataStart + header.size) {
      if (readHeader(bytes, pos, end, header) <= 0 || header.size === UNKNOWN_SIZE) return -1
      if (header.id === BLOCK) return header.dataStart
    }
    return -1
  }
}
