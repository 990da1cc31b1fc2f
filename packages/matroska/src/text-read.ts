import {
  type ByteSource,
  CuemuxError,
  type ReadOptions,
  type SampleBatch,
  type Track,
  throwIfAborted,
} from '@cuemux/core'
import { BlockWalker, TAKE_FRAMES } from './block-walker.js'
import type { TrackClock } from './clock.js'
import { createHeader, readHeader, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import { decodeAdditions, decodeFrames } from './encodings.js'
import type { MatroskaFormat, TrackFormat } from './format.js'
import { FrameColumns } from './frame-columns.js'
import { makeTextBatch } from './text-batch.js'
import { NO_DURATION, type TextCues } from './text-cues.js'
import { step } from './walk-step.js'
import { ByteWindow, type Chunk } from './window.js'

/** So far before a window, and so many of them, are texts looked at of which the cues don't say how long they last. */
const LOOK_BACK_MS = 60_000
const MAX_LOOK_BACK = 64
/** The same of texts that have ended by their cue: another one that has none may begin with them and last longer. */
const MAX_DOUBTFUL = 8
/** A text with all that is around it is mostly shorter than this. */
const BLOCK_BYTES = 1024
/** Bytes of a cluster's header: its ID of four, and one to eight of its size. */
const MIN_CLUSTER_HEADER = 5
const MAX_CLUSTER_HEADER = 12
/** Enough to know a block by its headers. */
const HEADERS_BYTES = 48
/** Neighbours are read in pieces up to this size. */
const MAX_PIECE_BYTES = 1024 * 1024
/** A block of text is no larger than this, and neither are all that are asked for at once. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024
const MAX_TEXT_BYTES = 256 * 1024 * 1024
/** Reads under way at once. */
const LANES = 4

/** What is asked for, and of what. */
export interface TextRequest {
  readonly source: ByteSource
  readonly film: MatroskaFormat
  readonly cues: TextCues
  readonly track: Track
  readonly format: TrackFormat
  readonly clock: TrackClock
  /** The window, ticks of the track. */
  readonly from: number
  readonly to: number
  readonly options: ReadOptions
}

/** A text as it was read. */
interface FoundText {
  readonly time: number
  readonly duration: number
  readonly data: Uint8Array
  readonly addition: Uint8Array | undefined
}

/** Texts by the places of their blocks. */
class FoundTexts {
  readonly #byPlace = new Map<number, FoundText>()
  #bytes = 0

  has(position: number): boolean {
    return this.#byPlace.has(position)
  }

  add(position: number, text: FoundText): void {
    this.#bytes += text.data.length + (text.addition?.length ?? 0)
    if (this.#bytes > MAX_TEXT_BYTES) throw tooLarge(position)
    this.#byPlace.set(position, text)
  }

  /** In the order of the file. */
  inOrder(): FoundText[] {
    return [...this.#byPlace].sort(([a], [b]) => a - b).map(([, text]) => text)
  }
}

function tooLarge(offsetBytes: number): CuemuxError {
  return new CuemuxError('LIMIT_EXCEEDED', 'A text, or all of a track, is larger than any that is meant to be read.', {
    at: { offsetBytes, path: 'Segment/Cluster' },
  })
}

/** Cues that are read together. */
interface Piece {
  readonly start: number
  end: number
  readonly rows: number[]
}

/** The texts of a window by a small read at each block; `undefined` where a cue leads to none of the track's blocks. */
export async function readTextByCues(request: TextRequest): Promise<SampleBatch | undefined> {
  const { track, format, from, to } = request
  const { rows, next } = selectRows(request)
  const found = new FoundTexts()
  const pieces = planPieces(request, rows)
  let nextPiece = 0
  let isTrue = true
  const lane = async (): Promise<void> => {
    while (nextPiece < pieces.length && isTrue) {
      throwIfAborted(request.options.signal)
      if (!(await readPiece(request, pieces[nextPiece++]!, found))) isTrue = false
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, pieces.length) }, lane))
  if (!isTrue) return undefined
  const texts = found.inOrder()
  const data = texts.map(text => text.data)
  await decodeFrames(format.encodings, data)
  const additions = new Map<number, Uint8Array>()
  texts.forEach(({ addition }, i) => {
    if (addition !== undefined) additions.set(i, addition)
  })
  await decodeAdditions(format.encodings, additions)
  const pts = texts.map(({ time }) => time)
  const batch = makeTextBatch(track, { pts, data, duration: texts.map(text => text.duration), additions, next })
  return within(batch, from, to)
}

/** Which cues may be of the window, and the time of the text behind it. */
function selectRows({ cues, clock, track, from, to }: TextRequest): {
  readonly rows: number[]
  readonly next: number | undefined
} {
  const { ticks, duration, isComplete } = cues
  const lookBack = from - (LOOK_BACK_MS * track.timescale) / 1000
  const rows: number[] = []
  const openEnded = new Latest(MAX_LOOK_BACK)
  const doubtful = new Latest(MAX_DOUBTFUL)
  let next: number | undefined
  for (let row = 0; row < ticks.length; row++) {
    const time = clock.presentationTime(ticks[row]!, 0)
    if (time >= to) {
      next = time
      break
    }
    const shown = duration[row]!
    if (time >= from || (shown !== NO_DURATION && time + clock.duration(shown) > from)) rows.push(row)
    else if (time < lookBack) continue
    else if (shown === NO_DURATION) openEnded.add(row)
    else if (!isComplete) doubtful.add(row)
  }
  return { rows: [...openEnded.rows, ...doubtful.rows, ...rows], next }
}

/** The rows that were added last. */
class Latest {
  readonly rows: number[] = []
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  add(row: number): void {
    if (this.rows.length === this.#most) this.rows.shift()
    this.rows.push(row)
  }
}

/** Least offset at which a cue's block can lie: behind the shortest header of its cluster. */
function leastPosition({ clusterOffset, relative }: TextCues, row: number): number {
  return clusterOffset[row]! + MIN_CLUSTER_HEADER + relative[row]!
}

function planPieces({ source, cues, film }: TextRequest, rows: readonly number[]): Piece[] {
  const byPlace = rows
    .filter(row => leastPosition(cues, row) < film.segmentEnd)
    .sort((a, b) => leastPosition(cues, a) - leastPosition(cues, b) || a - b)
  const pieces: Piece[] = []
  for (const row of byPlace) {
    const start = leastPosition(cues, row)
    const end = start + MAX_CLUSTER_HEADER - MIN_CLUSTER_HEADER + BLOCK_BYTES
    const last = pieces.at(-1)
    if (last !== undefined && start - last.end <= source.seekCostBytes && end - last.start <= MAX_PIECE_BYTES) {
      last.end = Math.max(last.end, end)
      last.rows.push(row)
    } else pieces.push({ start, end, rows: [row] })
  }
  return pieces
}

/** Reads a piece and takes the texts of its cues out of it; false where one of them leads nowhere. */
async function readPiece(request: TextRequest, piece: Piece, found: FoundTexts): Promise<boolean> {
  const window = new ByteWindow(request.source, request.options)
  await window.get(piece.start, piece.end - piece.start, piece.end)
  for (const row of piece.rows) {
    const position = await findBlock(window, request, row)
    if (position === undefined) return false
    await takeBlocks(window, request, row, position, found)
  }
  return true
}

/** Offset of a cue's block: how long its cluster's header is shows by what lies where it would. */
async function findBlock(window: ByteWindow, request: TextRequest, row: number): Promise<number | undefined> {
  const least = leastPosition(request.cues, row)
  const chunk = await window.get(least, HEADERS_BYTES, least + BLOCK_BYTES)
  for (let skip = MAX_CLUSTER_HEADER - MIN_CLUSTER_HEADER; skip >= 0; skip--) {
    if (isBlockAt(chunk, least + skip, request.track.id)) return least + skip
  }
  return undefined
}

/** Whether a block of the track begins there (RFC 9559 §10.1). */
function isBlockAt({ bytes, base }: Chunk, position: number, trackId: number): boolean {
  const element = createHeader()
  const header = createHeader()
  if (readHeader(bytes, position - base, bytes.length, element) <= 0 || element.size === UNKNOWN_SIZE) return false
  const isGroup = element.id === Id.BlockGroup
  if (readHeader(bytes, isGroup ? element.dataStart : position - base, bytes.length, header) <= 0) return false
  if (header.id !== (isGroup ? Id.Block : Id.SimpleBlock)) return false
  const length = Math.clz32(bytes[header.dataStart] ?? 0) - 23
  if (length > 4 || header.dataStart + length > bytes.length) return false
  let number = bytes[header.dataStart]! & ((0x80 >> (length - 1)) - 1)
  for (let i = 1; i < length; i++) number = number * 256 + bytes[header.dataStart + i]!
  return number === trackId
}

/** The block at a place, and those of the track right behind it with the same time: some muxers write one cue for all. */
async function takeBlocks(
  window: ByteWindow,
  { film, track, cues, clock }: TextRequest,
  row: number,
  position: number,
  found: FoundTexts,
): Promise<void> {
  const frames = new FrameColumns()
  const walked = { trackId: track.id, take: TAKE_FRAMES, takesAdditions: true, frames }
  const walker = new BlockWalker(position, film.segmentEnd, [walked])
  walker.enter(position, 0)
  const time = clock.presentationTime(cues.ticks[row]!, 0)
  let taken = 0
  while (!walker.hasEnded) {
    if (walker.needBytes > MAX_BLOCK_BYTES) throw tooLarge(walker.position)
    const { status } = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + BLOCK_BYTES)
    if (status !== 'block') continue
    const isOther =
      frames.count === taken || frames.ticks[taken] !== frames.ticks[0] || walker.clusterOffset !== position
    if (isOther || found.has(frames.position[taken]!)) return
    for (; taken < frames.count; taken++) {
      const ticks = frames.duration[taken]!
      // Copied, so that a text doesn't hold the piece that it was read with.
      found.add(frames.position[taken]!, {
        time,
        duration: ticks < 0 ? -1 : clock.duration(ticks),
        data: frames.data[taken]!.slice(),
        addition: frames.additions?.get(taken)?.slice(),
      })
    }
  }
}

/** The texts that are shown in the window. */
function within(batch: SampleBatch, from: number, to: number): SampleBatch {
  const { dts, duration } = batch
  const rows: number[] = []
  for (let i = 0; i < batch.count; i++) {
    if (dts[i]! < to && (dts[i]! >= from || dts[i]! + duration[i]! > from)) rows.push(i)
  }
  if (rows.length === batch.count) return batch
  const additions = batch.additions === undefined ? undefined : rows.map(row => batch.additions![row])
  return {
    ...batch,
    count: rows.length,
    dts: Float64Array.from(rows, row => dts[row]!),
    compositionOffset: new Int32Array(rows.length),
    duration: Uint32Array.from(rows, row => duration[row]!),
    size: Uint32Array.from(rows, row => batch.size[row]!),
    flags: Uint8Array.from(rows, row => batch.flags[row]!),
    data: rows.map(row => batch.data[row]!),
    ...(additions === undefined ? {} : { additions }),
  }
}
