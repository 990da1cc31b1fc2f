import { type ByteSource, CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { fourcc, u32 } from './boxes.js'
import type { Chunk } from './byte-runs.js'
import { topBox } from './top-level.js'

/** The first read: enough for a small film's whole moov, one round trip for any. */
const HEAD_BYTES = 64 * 1024
/** What lies behind the media is read to the file's end when it is no more than this. */
const TAIL_BYTES = 1024 * 1024
/** A moov is held in memory whole: 512 MiB are ten days of film. */
const MAX_MOOV_BYTES = 512 * 1024 * 1024
/** Reads that the walk from box to box may cost. */
const MAX_HOPS = 64

/** The movie box, and what the walk to it showed. */
export interface FoundMoov {
  /** The whole box, header included. */
  readonly bytes: Uint8Array
  /** Where it lies in the source. */
  readonly offsetBytes: number
  /** Size of the source, bytes. */
  readonly sizeBytes: number
  /** Major brand of `ftyp`, or empty. */
  readonly brand: string
  /** A box's size goes beyond the end of the source. */
  readonly isCut: boolean
  /** What was read last: the moov's head and what lies behind it. */
  readonly piece: Chunk
}

/** A stretch of the source in memory. */
interface Piece extends Chunk {
  /** It came without waiting: reading costs nothing, so copying would. */
  readonly inMemory: boolean
}

/** Reads a stretch, and notes whether it was in memory. */
async function readPiece(source: ByteSource, at: number, length: number, signal?: AbortSignal): Promise<Piece> {
  throwIfAborted(signal)
  try {
    const result = source.read(at, length, { signal })
    const inMemory = result instanceof Uint8Array
    return { at, bytes: inMemory ? result : await result, inMemory }
  } catch (error) {
    throw toCuemuxError(error, 'SOURCE_UNREACHABLE')
  }
}

/**
 * Finds the movie box by walking the top-level headers: one read at the start, one behind the media, one for the rest
 * of the box. Nothing is searched for.
 *
 * @param head the source's first bytes, where the caller has read them already
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `LIMIT_EXCEEDED`, and what the source throws
 */
export async function findMoov(source: ByteSource, head?: Uint8Array, signal?: AbortSignal): Promise<FoundMoov> {
  let piece: Piece =
    head !== undefined && head.length >= 16 && source.sizeBytes !== undefined
      ? { at: 0, bytes: head, inMemory: false }
      : await readPiece(source, 0, HEAD_BYTES, signal)
  if (!isMp4(piece.bytes)) {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', 'The file does not start as an MP4 or QuickTime file does.', {
      at: { offsetBytes: 0 },
    })
  }
  const sizeBytes = source.sizeBytes ?? piece.bytes.length
  let brand = ''
  let at = 0
  let hops = 0
  while (at < sizeBytes) {
    if (at + 16 > piece.at + piece.bytes.length && piece.at + piece.bytes.length < sizeBytes) {
      if (++hops > MAX_HOPS) {
        throw new CuemuxError('LIMIT_EXCEEDED', `No moov box within ${MAX_HOPS} reads.`, { at: { offsetBytes: at } })
      }
      piece = await readPiece(source, at, sizeBytes - at <= TAIL_BYTES ? sizeBytes - at : HEAD_BYTES, signal)
    }
    const box = topBox(piece.bytes, piece.at, at)
    if (box === undefined) break
    if (box.type === 'ftyp' && at + 12 <= piece.at + piece.bytes.length) brand = fourcc(piece.bytes, at - piece.at + 8)
    if (box.type === 'moov') {
      const isCut = await isCutAfter(piece, box.end, sizeBytes)
      const bytes = await wholeMoov(source, piece, at, box.end, signal)
      return { bytes, offsetBytes: at, sizeBytes, brand, isCut, piece }
    }
    at = box.end
  }
  throw missingMoov(at, sizeBytes)
}

/** Whether the next box, as far as its header is in memory, goes beyond the source: a film that was cut. */
function isCutAfter(piece: Piece, end: number, sizeBytes: number): boolean {
  let at = end
  while (at < sizeBytes) {
    if (at < piece.at) return false
    const box = topBox(piece.bytes, piece.at, at)
    if (box === undefined) return false
    if (box.end !== Number.POSITIVE_INFINITY && box.end > sizeBytes) return true
    at = box.end
  }
  return false
}

/** All of the box's bytes: what is in memory, and one more read for the rest. */
async function wholeMoov(
  source: ByteSource,
  piece: Piece,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const sizeBytes = source.sizeBytes ?? piece.at + piece.bytes.length
  const stop = end === Number.POSITIVE_INFINITY ? sizeBytes : end
  const length = stop - start
  if (length > MAX_MOOV_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', `The moov box says that it has ${length} bytes; 512 MiB is the limit.`, {
      at: { offsetBytes: start, path: 'moov' },
    })
  }
  if (stop > sizeBytes) {
    throw new CuemuxError('CORRUPT_INDEX', 'The file ends inside its moov box: its index is incomplete.', {
      at: { offsetBytes: start, path: 'moov' },
      hint: 'Get the whole file again.',
    })
  }
  const have = piece.bytes.subarray(start - piece.at)
  if (have.length >= length) return have.subarray(0, length)
  if (piece.inMemory) {
    const whole = await readPiece(source, start, length, signal)
    if (whole.bytes.length === length) return whole.bytes
  }
  const { bytes: rest } = await readPiece(source, start + have.length, length - have.length, signal)
  if (rest.length < length - have.length) {
    throw new CuemuxError('CORRUPT_INDEX', 'The source ended while its moov box was read.', {
      at: { offsetBytes: start, path: 'moov' },
    })
  }
  const whole = new Uint8Array(length)
  whole.set(have)
  whole.set(rest, have.length)
  return whole
}

function missingMoov(at: number, sizeBytes: number): CuemuxError {
  return new CuemuxError(
    'CORRUPT_INDEX',
    at > sizeBytes
      ? 'The file ends before its moov box, which holds its index: it was cut, or its recording was not finished.'
      : 'The file has no moov box, which would hold its index.',
    { at: { offsetBytes: Math.min(at, sizeBytes) }, hint: 'Get the whole file, or repair it from a healthy one.' },
  )
}

const FIRST_BOXES = new Set(['ftyp', 'styp', 'moov', 'mdat', 'wide', 'pnot', 'moof', 'sidx', 'uuid', 'PICT', 'junk'])

/** Whether a file's first bytes (16 or more) are those of an MP4 or QuickTime file. */
export function isMp4(head: Uint8Array): boolean {
  let at = 0
  // A file may start with padding; what follows it decides.
  for (let i = 0; i < 4 && at + 8 <= head.length; i++) {
    const size = u32(head, at)
    const type = fourcc(head, at + 4)
    if (FIRST_BOXES.has(type)) return size === 0 || size === 1 || size >= 8
    if ((type !== 'free' && type !== 'skip') || size < 8) return false
    at += size
  }
  return false
}
