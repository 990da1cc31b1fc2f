import { type ByteSource, CuemuxError, type ReadMemory, readIntoMemory, toCuemuxError } from '@cuemux/core'

/** One read is no larger than this, unless a single sample is. */
const MAX_PIECE_BYTES = 4 * 1024 * 1024
/** Reads under way at once. */
const CONCURRENCY = 4
/** A span of more bytes than this is refused. */
const MAX_SPAN_BYTES = 1024 * 1024 * 1024

/** Offsets from here on are no place in any source, and would lose their last digits as numbers. */
export const NOWHERE: number = 2 ** 52

/** A stretch of the source in memory. */
export interface Chunk {
  /** Offset in the source, bytes. */
  readonly at: number
  readonly bytes: Uint8Array
}

/** Stretches of the source that samples lie in, as growing columns; each holds whole samples. */
export class ByteRuns {
  readonly start: number[] = []
  readonly end: number[] = []

  /** Starts a run when the sample does not follow the last one; returns the run's number. */
  add(position: number, size: number): number {
    if (position >= NOWHERE) throw new CuemuxError('CORRUPT_MEDIA', 'A sample lies where no file reaches.')
    const last = this.end.length - 1
    if (last >= 0 && this.end[last] === position && position + size - this.start[last]! <= MAX_PIECE_BYTES) {
      this.end[last] = position + size
      return last
    }
    this.start.push(position)
    return this.end.push(position + size) - 1
  }
}

/** The bytes of runs: `bytes[pieceOf[run]]` holds a run from `run's start - pieceStart[pieceOf[run]]`. */
export interface ReadRuns {
  readonly pieceOf: Uint32Array
  readonly pieceStart: readonly number[]
  readonly bytes: readonly Uint8Array[]
}

interface Pieces {
  readonly pieceOf: Uint32Array
  readonly start: number[]
  readonly end: number[]
}

/** Number of the chunk that holds a whole stretch, -1 when none does. */
function heldBy(held: readonly Chunk[], start: number, end: number): number {
  return held.findIndex(({ at, bytes }) => at <= start && end <= at + bytes.length)
}

/** Joins runs into reads: what overlaps or is closer than a seek costs, up to the size of a read. */
function joinRuns(runs: ByteRuns, seekCostBytes: number, held: readonly Chunk[]): Pieces {
  const pieces: Pieces = {
    pieceOf: new Uint32Array(runs.start.length),
    start: held.map(({ at }) => at),
    end: held.map(({ at, bytes }) => at + bytes.length),
  }
  const missing: number[] = []
  for (let run = 0; run < runs.start.length; run++) {
    const chunk = heldBy(held, runs.start[run]!, runs.end[run]!)
    if (chunk < 0) missing.push(run)
    else pieces.pieceOf[run] = chunk
  }
  for (const run of missing.sort((a, b) => runs.start[a]! - runs.start[b]!)) {
    const last = pieces.start.length > held.length ? pieces.start.length - 1 : -1
    const start = runs.start[run]!
    const end = runs.end[run]!
    const isOver = last >= 0 && start < pieces.end[last]!
    const isNear =
      last >= 0 && start - pieces.end[last]! <= seekCostBytes && end - pieces.start[last]! <= MAX_PIECE_BYTES
    if (isOver || isNear) {
      pieces.end[last] = Math.max(pieces.end[last]!, end)
      pieces.pieceOf[run] = last
    } else {
      pieces.pieceOf[run] = pieces.start.push(start) - 1
      pieces.end.push(end)
    }
  }
  return pieces
}

/**
 * Whether the runs fill most of the stretch that they lie in: reading all of it costs no more than hopping over what is
 * between them, which in a pass over a film is mostly what comes next.
 */
export function isDense({ start, end }: ByteRuns, seekCostBytes: number): boolean {
  let from = Number.POSITIVE_INFINITY
  let to = 0
  let payload = 0
  for (let run = 0; run < start.length; run++) {
    from = Math.min(from, start[run]!)
    to = Math.max(to, end[run]!)
    payload += end[run]! - start[run]!
  }
  return to - from <= MAX_SPAN_BYTES && to - from - payload <= Math.max(seekCostBytes, payload / 2)
}

/** How runs are read. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** What large reads go into. */
  readonly memory?: ReadMemory | undefined
}

/** Reads one stretch whole. A value where the bytes are in memory. */
function readWhole(
  source: ByteSource,
  start: number,
  length: number,
  { signal, memory }: RunOptions,
): Uint8Array | Promise<Uint8Array> {
  const check = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes
    throw new CuemuxError('CORRUPT_MEDIA', 'The source ends inside a sample.', { at: { offsetBytes: start } })
  }
  const result = readIntoMemory(source, memory, start, length, { signal }) ?? source.read(start, length, { signal })
  return result instanceof Uint8Array ? check(result) : result.then(check)
}

/**
 * Reads all runs, joined into few reads.
 *
 * @param held what is in memory already
 * @throws CuemuxError `CORRUPT_MEDIA`, `LIMIT_EXCEEDED`, and what the source throws
 */
export async function readRuns(
  source: ByteSource,
  runs: ByteRuns,
  options: RunOptions = {},
  held: readonly Chunk[] = [],
): Promise<ReadRuns> {
  const pieces = joinRuns(runs, source.seekCostBytes, held)
  const count = pieces.start.length
  let total = 0
  for (let i = held.length; i < count; i++) total += pieces.end[i]! - pieces.start[i]!
  if (total > MAX_SPAN_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', `A segment of ${total} bytes is too large to be held in memory.`, {
      at: { offsetBytes: pieces.start[held.length]! },
    })
  }
  const bytes = new Array<Uint8Array>(count)
  held.forEach((chunk, i) => {
    bytes[i] = chunk.bytes
  })
  let next = held.length
  const worker = async (): Promise<void> => {
    while (next < count) {
      const piece = next++
      const start = pieces.start[piece]!
      try {
        const result = readWhole(source, start, pieces.end[piece]! - start, options)
        bytes[piece] = result instanceof Uint8Array ? result : await result
      } catch (error) {
        next = count
        throw toCuemuxError(error, 'SOURCE_UNREACHABLE')
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count - held.length) }, worker))
  return { pieceOf: pieces.pieceOf, pieceStart: pieces.start, bytes }
}
