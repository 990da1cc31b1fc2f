import { bringsParameterSets, captionDataOf, inBandDescription, type KeyframeKind, keyframeKind } from '@cuemux/codecs'
import type { ByteSource, GroupStart, SampleDescription, VideoTrack } from '@cuemux/core'
import { BlockWalker, TAKE_TIMES } from './block-walker.js'
import { createHeader, readHeader } from './ebml.js'
import { Id } from './elements.js'
import { type ContentEncoding, decodeFrames } from './encodings.js'
import type { MatroskaFormat } from './format.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { lengthSizeOf, toLengthPrefixed } from './nal-format.js'
import { skipInto } from './skip-into.js'
import { type Cut, isCut } from './span-bounds.js'
import type { TrackState } from './track-state.js'
import { step } from './walk-step.js'
import type { ByteWindow } from './window.js'

/** So much of a keyframe shows its first slice's header, behind parameter sets and messages. */
const FRAME_START_BYTES = 4 * 1024
/** Bounds of a read: where it costs little, it brings no more than a look needs as a rule. */
const MIN_PIECE_BYTES = 5 * 1024
const MAX_PIECE_BYTES = 16 * 1024
/** Blocks of all tracks behind the keyframe in which leading pictures are looked for. */
const MAX_BLOCKS = 400

/** Codecs in which nothing that is shown before a closed keyframe can follow it in decode order. */
const NO_LEADING: ReadonlySet<string> = new Set(['h264', 'vp8', 'vp9', 'mpeg1'])

interface Search {
  /** Rows that have been looked at. */
  seen: number
  /** Row of the keyframe, -1 until it is met. */
  cutRow: number
  /** Least presentation time of the group so far. */
  least: number
  blocks: number
  isOver: boolean
}

/**
 * Looks at one keyframe of the reference track and the pictures that follow it.
 *
 * @param frames columns to use: their rows are lost
 * @param ignoresLeads leaves out the pictures that follow it
 */
export async function readGroupStart(
  source: ByteSource,
  window: ByteWindow,
  film: MatroskaFormat,
  state: TrackState,
  cut: Cut,
  frames: FrameColumns = new FrameColumns(),
  ignoresLeads = false,
): Promise<GroupStart> {
  const { track } = state
  if (track.kind !== 'video') return { isClosed: true, lead: 0 }
  frames.clear()
  const pieceBytes = Math.max(MIN_PIECE_BYTES, Math.min(MAX_PIECE_BYTES, source.seekCostBytes / 8))
  const walker = new BlockWalker(cut.clusterOffset, film.segmentEnd, [{ trackId: track.id, take: TAKE_TIMES, frames }])
  await skipInto(source, window, cut, walker)
  const search: Search = { seen: 0, cutRow: -1, least: cut.time, blocks: 0, isOver: false }
  let told: KeyframeHead | undefined
  while (!walker.hasEnded && !search.isOver) {
    const { status, chunk } = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + pieceBytes)
    let last = status
    while (last === 'block' && !search.isOver) {
      lookAtFrames(search, frames, state, cut)
      if (told === undefined && search.cutRow >= 0) {
        told = await readKeyframe(window, track, state.format.encodings, frames.position[search.cutRow]!)
        const isTold = told.kind === 'closed' && NO_LEADING.has(track.codec)
        if (isTold || ignoresLeads) return startOf(told.kind !== 'open', 0, told)
      }
      if (!search.isOver) last = walker.walk(chunk.bytes, chunk.base, Number.POSITIVE_INFINITY, true)
    }
  }
  const lead = cut.time - search.least
  const kind = told?.kind
  // Of a codec that can't be looked into, only leading pictures tell.
  return startOf(kind === 'closed' || (kind !== 'open' && lead === 0), lead, told)
}

function startOf(isClosed: boolean, lead: number, told: KeyframeHead | undefined): GroupStart {
  const { description, bringsSets, keyframeBytes, captions } = told ?? {}
  return {
    isClosed,
    lead,
    ...(description === undefined ? {} : { description }),
    ...(bringsSets === true ? { bringsSets } : {}),
    ...(captions === undefined ? {} : { captions }),
    ...(keyframeBytes === undefined ? {} : { keyframeBytes }),
  }
}

function lookAtFrames(search: Search, frames: FrameColumns, { clock }: TrackState, cut: Cut): void {
  if (search.cutRow >= 0 && ++search.blocks > MAX_BLOCKS) search.isOver = true
  for (; search.seen < frames.count; search.seen++) {
    const row = search.seen
    if (search.cutRow < 0) {
      const isKey = (frames.flags[row]! & FRAME_KEY) !== 0
      if (isCut(cut, frames.position[row]!, frames.ticks[row]!, isKey)) search.cutRow = row
      continue
    }
    const time = clock.presentationTime(frames.ticks[row]!, frames.lace[row]!)
    // Leading pictures come before all others of their group.
    if (time > cut.time) search.isOver = true
    else search.least = Math.min(search.least, time)
  }
}

/** What a keyframe's own bytes say. */
interface KeyframeHead {
  /** `none` where they say nothing. */
  readonly kind: KeyframeKind
  /** What decodes it, where it isn't the track's description. */
  readonly description: SampleDescription | undefined
  readonly bringsSets?: boolean
  readonly captions?: GroupStart['captions'] | undefined
  /** Bytes of its sample, where they are told by the block. */
  readonly keyframeBytes?: number | undefined
}

async function readKeyframe(
  window: ByteWindow,
  track: VideoTrack,
  encodings: readonly ContentEncoding[],
  position: number,
): Promise<KeyframeHead> {
  // Bytes that are packed have to be read whole; else the first ones do.
  const block = await blockStart(window, position, encodings.length === 0 ? FRAME_START_BYTES : MAX_KEYFRAME_BYTES)
  const frame = [block.start]
  try {
    await decodeFrames(encodings, frame)
    const decoded = frame[0]!
    const wholeBytes = encodings.length === 0 ? block.frameBytes : decoded.byteLength
    toLengthPrefixed(track, frame, true)
    const { config } = track.descriptions[0]
    const known = { config, width: track.width, height: track.height }
    return {
      kind: keyframeKind(track.codec, frame[0]!, lengthSizeOf(track)),
      description: inBandDescription(track.codec, known, frame[0]!),
      bringsSets: bringsParameterSets(track.codec, config, frame[0]!),
      captions: captionDataOf(decoded),
      // A byte stream gets another length when it gets lengths.
      keyframeBytes: frame[0] === decoded ? wholeBytes : undefined,
    }
  } catch {
    return { kind: 'none', description: undefined }
  }
}

/** No keyframe is larger. */
export const MAX_KEYFRAME_BYTES: number = 32 * 1024 * 1024

/** The beginning of a block's frame, and how long the frame is. */
export interface BlockStart {
  readonly start: Uint8Array
  readonly frameBytes: number | undefined
}

/** At most `maxBytes` of the SimpleBlock or BlockGroup at `position`, from where its first frame begins. */
export async function blockStart(window: ByteWindow, position: number, maxBytes: number): Promise<BlockStart> {
  const nothing: BlockStart = { start: new Uint8Array(0), frameBytes: undefined }
  const header = createHeader()
  let chunk = await window.get(position, FRAME_START_BYTES, position + FRAME_START_BYTES)
  let at = position - chunk.base
  if (readHeader(chunk.bytes, at, chunk.bytes.length, header) <= 0) return nothing
  const wholeBytes = Math.min(maxBytes, header.dataStart - at + header.size)
  chunk = await window.get(position, wholeBytes, position + wholeBytes)
  at = position - chunk.base
  const { bytes } = chunk
  const end = Math.min(bytes.length, at + wholeBytes)
  if (readHeader(bytes, at, end, header) <= 0) return nothing
  if (header.id === Id.BlockGroup && readHeader(bytes, header.dataStart, end, header) <= 0) return nothing
  if (header.id !== Id.SimpleBlock && header.id !== Id.Block) return nothing
  // RFC 9559 §10.1: track number, timestamp, flags; pictures are not laced.
  const start = header.dataStart + Math.clz32(bytes[header.dataStart] ?? 0) - 23 + 3
  const frameEnd = header.dataStart + header.size
  return { start: bytes.subarray(start, Math.min(end, frameEnd)), frameBytes: frameEnd - start }
}
