import { CuemuxError, type Piece, type PieceReader, type SampleBatch } from '@cuemux/core'
import type { ByteRuns } from './byte-runs.js'
import type { PlannedBatch } from './read-span.js'

/** Pieces of the source one after another: all that some runs lie in. */
interface TakenPieces {
  readonly pieceBytes: number
  /** Number of the first. */
  readonly first: number
  readonly pieces: readonly Piece[]
}

/** Takes the pieces in which all of the runs lie. */
export async function takePieces(
  reader: PieceReader,
  { start, end }: ByteRuns,
  signal: AbortSignal | undefined,
): Promise<TakenPieces> {
  const { pieceBytes } = reader
  let from = Number.POSITIVE_INFINITY
  let to = 0
  for (let run = 0; run < start.length; run++) {
    from = Math.min(from, start[run]!)
    to = Math.max(to, end[run]!)
  }
  const first = from < to ? Math.floor(from / pieceBytes) : 0
  // All are asked for before the first is waited for, in their order.
  const coming: (Piece | Promise<Piece>)[] = []
  for (let at = first * pieceBytes; at < to; at += pieceBytes) coming.push(reader.take(at, { signal }))
  return { pieceBytes, first, pieces: await Promise.all(coming) }
}

/**
 * Puts views of the pieces into a batch; a sample that lies in two pieces is a copy.
 *
 * @throws CuemuxError `CORRUPT_MEDIA` where the source ends inside a sample
 */
export function fillFromPieces({ batch, position }: PlannedBatch, taken: TakenPieces): SampleBatch {
  const { data, size, count } = batch
  const { pieceBytes, first, pieces } = taken
  const firstAt = first * pieceBytes
  // Hot: once per sample.
  for (let i = 0; i < count; i++) {
    const at = position[i]! - firstAt
    const number = Math.floor(at / pieceBytes)
    const within = at - number * pieceBytes
    const { bytes } = pieces[number]!
    const length = size[i]!
    const view =
      within + length <= bytes.length
        ? new Uint8Array(bytes.buffer, bytes.byteOffset + within, length)
        : joined(taken, at, length)
    data.push(view)
  }
  return batch
}

/** A copy of bytes that lie in several pieces. */
function joined({ pieceBytes, first, pieces }: TakenPieces, at: number, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const number = Math.floor((at + filled) / pieceBytes)
    const within = at + filled - number * pieceBytes
    const part = pieces[number]?.bytes.subarray(within, within + length - filled)
    if (part === undefined || part.length === 0) {
      throw new CuemuxError('CORRUPT_MEDIA', 'The source ends inside a sample.', {
        at: { offsetBytes: first * pieceBytes + at },
      })
    }
    whole.set(part, filled)
    filled += part.length
  }
  return whole
}
