import { splitAnnexB } from '@cuemux/codecs'
import { type AudioTrack, type ByteSource, type ReadOptions, throwIfAborted, type VideoTrack } from '@cuemux/core'
import { ElementaryStream, PES_RANDOM_ACCESS } from './elementary-stream.js'
import type { PidEpoch } from './format.js'
import { nalRole } from './nal-types.js'
import { PacketWalker } from './packet-walker.js'
import { pictureKind } from './picture-kind.js'
import { canReuse } from './pieces.js'
import { type FoundProgram, TableReader } from './program.js'
import { kindOfStream } from './stream-kinds.js'

/** Pieces overlap, so that a packet that begins in one is whole. */
const OVERLAP_BYTES = 4 * 204
/** So much of an access unit shows its first slice behind parameter sets and messages. */
const PREFIX_BYTES = 4096
const MAX_EPOCHS = 4096

/** PES packets of the reference track in the order of the stream, as columns. */
export interface ReferencePackets {
  readonly position: number[]
  /** 33 bits, -1 where there is none. */
  readonly pts: number[]
  readonly dts: number[]
  /** 1 where decoding can start. */
  readonly isKey: number[]
}

/** What a pass over the whole stream finds. */
export interface ScanResult {
  readonly packets: ReferencePackets
  readonly epochs: readonly PidEpoch[]
  /** Some keyframe has parameter sets that the decoder's configuration doesn't have. */
  readonly setsChange: boolean
}

/** What {@link scanStream} looks for. */
export interface ScanPlan {
  readonly stride: number
  readonly begin: number
  readonly end: number
  readonly program: FoundProgram
  /** PIDs of the index's tracks, in their order. */
  readonly pids: readonly number[]
  readonly reference: VideoTrack | AudioTrack
  /** Those of its configuration. */
  readonly parameterSets: readonly Uint8Array[]
  /** Bytes of a read. */
  readonly pieceBytes: number
  /** Ends the pass early. */
  readonly isEnough?: (packets: ReferencePackets) => boolean
}

/** Goes once over the whole stream: the reference track's packets, and where the program map moves tracks to other PIDs. */
export async function scanStream(
  source: ByteSource,
  plan: ScanPlan,
  options: ReadOptions,
  onProgress: ((doneBytes: number, totalBytes: number) => void) | undefined,
): Promise<ScanResult> {
  const walker = new PacketWalker(plan.stride)
  const stream = new ElementaryStream(plan.reference.id, 1 << 20, plan.reference.kind === 'video' ? PREFIX_BYTES : 0)
  const epochs = followMaps(walker, stream, plan)
  walker.add(stream)
  const packets: ReferencePackets = { position: [], pts: [], dts: [], isKey: [] }
  let setsChange = false
  const { begin, end, pieceBytes, isEnough } = plan
  const readPiece = pieceReader(source, pieceBytes + OVERLAP_BYTES, end, options)
  let next = readPiece(begin)
  let at = begin
  for (let pieceStart = begin; pieceStart < end; pieceStart += pieceBytes) {
    const bytes = await next
    const pieceEnd = Math.min(pieceStart + pieceBytes, end)
    // The next piece is read while this one is walked, where it is certain to be needed.
    if (pieceEnd < end && isEnough === undefined) {
      next = readPiece(pieceEnd)
      next.catch(() => {})
    }
    if (bytes.length === 0) break
    at = pieceStart + walker.walk(bytes, pieceStart, at - pieceStart, pieceEnd - pieceStart)
    if (takePackets(stream, plan, packets, false)) setsChange = true
    onProgress?.(pieceEnd, end)
    throwIfAborted(options.signal)
    if (isEnough?.(packets)) return { packets, epochs, setsChange }
    if (pieceEnd < end && isEnough !== undefined) next = readPiece(pieceEnd)
  }
  if (takePackets(stream, plan, packets, true)) setsChange = true
  return { packets, epochs, setsChange }
}

/** Reads pieces, where the source can in turns into two stretches of memory: one is walked while the other is filled. */
function pieceReader(
  source: ByteSource,
  length: number,
  end: number,
  options: ReadOptions,
): (from: number) => Promise<Uint8Array> {
  if (!canReuse(source)) return async from => source.read(from, Math.min(length, end - from), options)
  let [next, other] = [new Uint8Array(Math.min(length, end)), new Uint8Array(Math.min(length, end))]
  return async from => {
    const target = next.subarray(0, Math.min(length, end - from))
    ;[next, other] = [other, next]
    return target.subarray(0, await source.readInto(from, target, options))
  }
}

/**
 * Takes the packets that are there in full: all but the last one, unless the stream has ended. Tells whether one of them
 * has parameter sets that aren't the configuration's.
 */
function takePackets(
  stream: ElementaryStream,
  { reference, parameterSets }: ScanPlan,
  into: ReferencePackets,
  isEnd: boolean,
): boolean {
  const { kind } = reference
  const codec = reference.codec as VideoTrack['codec'] // used where it is one
  let setsChange = false
  const { count, bytes, start, position, pts, dts, flags } = stream
  const last = isEnd ? count : count - 1
  for (let row = 0; row < last; row++) {
    into.position.push(position[row]!)
    into.pts.push(pts[row]!)
    into.dts.push(dts[row]!)
    let isKey = kind === 'audio'
    if (kind === 'video') {
      const end = row + 1 < count ? start[row + 1]! : stream.length
      const prefix = bytes.subarray(start[row]!, end)
      const isComplete = prefix.length < PREFIX_BYTES
      const found = pictureKind(codec, prefix, isComplete)
      isKey = found === 'unknown' ? (flags[row]! & PES_RANDOM_ACCESS) !== 0 : found !== 'none'
      if (isKey && parameterSets.length > 0) setsChange ||= hasOtherSets(codec, prefix, parameterSets)
    }
    into.isKey.push(isKey ? 1 : 0)
  }
  if (!isEnd) stream.keepLast()
  return setsChange
}

function hasOtherSets(codec: VideoTrack['codec'], prefix: Uint8Array, known: readonly Uint8Array[]): boolean {
  return splitAnnexB(prefix).some(
    unit => unit.length > 0 && nalRole(codec, unit, 0) === 'parameters' && !known.some(set => isSame(set, unit)),
  )
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** Notes where a new version of the program map moves tracks to other PIDs, and follows the reference track there. */
function followMaps(walker: PacketWalker, stream: ElementaryStream, plan: ScanPlan): PidEpoch[] {
  const epochs: PidEpoch[] = [{ position: plan.begin, pids: plan.pids }]
  let { map } = plan.program
  new TableReader(walker, ({ map: later }, position) => {
    if (later.program !== map.program || isSameMap(map, later) || epochs.length >= MAX_EPOCHS) return
    const before = epochs.at(-1)!.pids
    const pids = movedPids(plan, before, map, later)
    const i = plan.pids.indexOf(plan.reference.id)
    if (pids[i] !== before[i]) {
      if (before[i]! >= 0) walker.drop(before[i]!)
      if (pids[i]! >= 0) walker.redirect(pids[i]!, stream)
    }
    if (pids.some((pid, track) => pid !== before[track])) epochs.push({ position, pids })
    map = later
  })
  return epochs
}

function isSameMap(a: FoundProgram['map'], b: FoundProgram['map']): boolean {
  return (
    a.streams.length === b.streams.length &&
    a.streams.every((stream, i) => {
      const other = b.streams[i]!
      return stream.pid === other.pid && stream.streamType === other.streamType
    })
  )
}

/**
 * Each track's PID in a later map: its own where it is still there, else that of a new stream of the same codec; -1 where
 * its PID is another codec's by now.
 */
function movedPids(
  plan: ScanPlan,
  before: readonly number[],
  from: FoundProgram['map'],
  to: FoundProgram['map'],
): number[] {
  const codecOf = (map: FoundProgram['map'], pid: number): string | undefined => {
    const entry = map.streams.find(stream => stream.pid === pid)
    return entry === undefined ? undefined : kindOfStream(entry)?.codec
  }
  const fresh = to.streams.filter(({ pid }) => !from.streams.some(stream => stream.pid === pid)).map(({ pid }) => pid)
  return before.map((last, i) => {
    const first = plan.pids[i]!
    if (first < 0) return first
    const codec = codecOf(plan.program.map, first)
    const pid = last < 0 ? first : last
    const isListed = to.streams.some(stream => stream.pid === pid)
    if (isListed && codecOf(to, pid) === codec) return pid
    const at = fresh.findIndex(candidate => codecOf(to, candidate) === codec)
    return at >= 0 ? fresh.splice(at, 1)[0]! : isListed ? -1 : last
  })
}
