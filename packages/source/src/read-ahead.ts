import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { untilAborted } from './abort.js'
import { allocate, checkRange, clampLength, closedError, NO_BYTES } from './range.js'

/** How {@link readAheadSource} reads. */
export interface ReadAheadOptions {
  /** Bytes of one piece, which is one read of the source; 2 MiB when not given. */
  readonly pieceBytes?: number | undefined
  /** How many pieces are kept, the one under way among them; 4 when not given, at least 2. */
  readonly pieces?: number | undefined
}

const DEFAULT_PIECE_BYTES = 2 * 1024 * 1024
const DEFAULT_PIECES = 4
const NO_PIECE = -2

/** A piece that is being read, and who waits for it. */
class PieceOnItsWay {
  readonly bytes: Promise<Uint8Array>
  readonly #ending: AbortController
  readonly #waiting = new Map<AbortSignal, () => void>()
  #isWantedByAll = false
  #isOver = false

  constructor(bytes: Promise<Uint8Array>, ending: AbortController) {
    this.bytes = bytes
    this.#ending = ending
    const settle = (): void => {
      this.#isOver = true
      for (const [signal, leave] of this.#waiting) signal.removeEventListener('abort', leave)
      this.#waiting.clear()
    }
    bytes.then(settle, settle)
  }

  /** Counts a reader until its signal fires; without readers the piece is not read on. */
  want(signal: AbortSignal | undefined): void {
    if (this.#isOver || (signal !== undefined && this.#waiting.has(signal))) return
    if (signal === undefined) {
      this.#isWantedByAll = true
      return
    }
    const leave = (): void => {
      this.#waiting.delete(signal)
      if (this.#waiting.size === 0 && !this.#isWantedByAll) this.#ending.abort()
    }
    this.#waiting.set(signal, leave)
    signal.addEventListener('abort', leave, { once: true })
  }

  end(): void {
    this.#ending.abort()
  }

  get isEnded(): boolean {
    return this.#ending.signal.aborted
  }
}

class ReadAheadSource implements ByteSource {
  readonly #source: ByteSource
  readonly #pieceBytes: number
  readonly #maxPieces: number
  /** By piece number, the longest unused first. */
  readonly #pieces = new Map<number, Uint8Array | PieceOnItsWay>()
  #isClosed = false
  /** The piece last read from, beside the map for the hot path: number and bytes. None is -2: a first read at 0 follows on nothing. */
  #current = NO_PIECE
  #currentBytes: Uint8Array = NO_BYTES

  constructor(source: ByteSource, options: ReadAheadOptions) {
    this.#source = source
    this.#pieceBytes = atLeast('pieceBytes', options.pieceBytes ?? DEFAULT_PIECE_BYTES, 4096)
    this.#maxPieces = atLeast('pieces', options.pieces ?? DEFAULT_PIECES, 2)
  }

  get key(): string {
    return this.#source.key
  }
  get name(): string {
    return this.#source.name
  }
  get sizeBytes(): number | undefined {
    return this.#source.sizeBytes
  }
  get seekCostBytes(): number {
    return this.#source.seekCostBytes
  }

  /** Hot when a reader walks block by block: a read inside the current piece is a comparison and a view, 0.1 µs. */
  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    const within = offsetBytes - this.#current * this.#pieceBytes
    if (within >= 0 && lengthBytes >= 0 && within + lengthBytes <= this.#currentBytes.byteLength) {
      return this.#currentBytes.subarray(within, within + lengthBytes)
    }
    return this.#readPieces(offsetBytes, lengthBytes, options)
  }

  #readPieces(offsetBytes: number, lengthBytes: number, options: ReadOptions | undefined) {
    checkRange(offsetBytes, lengthBytes)
    throwIfAborted(options?.signal)
    if (this.#isClosed) throw closedError(this.name)
    const length = clampLength(offsetBytes, lengthBytes, this.sizeBytes)
    if (length === 0) return NO_BYTES
    const first = Math.floor(offsetBytes / this.#pieceBytes)
    const last = Math.floor((offsetBytes + length - 1) / this.#pieceBytes)
    // Joining pieces copies: what doesn't fit among them is better read as one.
    if (last - first >= this.#maxPieces - 1) return this.#source.read(offsetBytes, length, options)
    const isSequential = first === this.#current || first === this.#current + 1
    const { signal } = options ?? {}
    const held: (Uint8Array | PieceOnItsWay)[] = []
    for (let number = first; number <= last; number++) held.push(this.#piece(number, signal))
    this.#turnTo(last, held[held.length - 1]!)
    if (isSequential || last > first) this.#startAhead(last + 1, signal)
    const from = offsetBytes - first * this.#pieceBytes
    const ready = held.every(piece => piece instanceof Uint8Array)
    if (ready) return this.#join(held as Uint8Array[], from, length)
    const coming = Promise.all(held.map(piece => (piece instanceof Uint8Array ? piece : piece.bytes)))
    return untilAborted(coming, signal).then(pieces => this.#join(pieces, from, length))
  }

  #turnTo(number: number, piece: Uint8Array | PieceOnItsWay): void {
    this.#current = number
    this.#currentBytes = piece instanceof Uint8Array ? piece : NO_BYTES
  }

  #startAhead(number: number, signal: AbortSignal | undefined): void {
    const size = this.sizeBytes
    if (size !== undefined && number * this.#pieceBytes >= size) return
    const piece = this.#piece(number, signal)
    // Whoever reads this piece hears of its failure; here nobody waits yet.
    if (!(piece instanceof Uint8Array)) piece.bytes.catch(() => undefined)
  }

  /** The piece, read if it isn't there, as the last used. */
  #piece(number: number, signal: AbortSignal | undefined): Uint8Array | PieceOnItsWay {
    const known = this.#pieces.get(number)
    if (known !== undefined && (known instanceof Uint8Array || !known.isEnded)) {
      this.#pieces.delete(number)
      this.#pieces.set(number, known)
      if (!(known instanceof Uint8Array)) known.want(signal)
      return known
    }
    const ending = new AbortController()
    const reading = this.#source.read(number * this.#pieceBytes, this.#pieceBytes, { signal: ending.signal })
    const piece = reading instanceof Uint8Array ? reading : this.#onItsWay(number, reading, ending)
    if (!(piece instanceof Uint8Array)) piece.want(signal)
    this.#pieces.delete(number)
    this.#pieces.set(number, piece)
    if (this.#pieces.size > this.#maxPieces) this.#pieces.delete(this.#pieces.keys().next().value!)
    return piece
  }

  #onItsWay(number: number, reading: Promise<Uint8Array>, ending: AbortController): PieceOnItsWay {
    const piece = new PieceOnItsWay(reading, ending)
    reading.then(
      bytes => {
        if (this.#pieces.get(number) !== piece) return
        this.#pieces.set(number, bytes)
        if (this.#current === number) this.#currentBytes = bytes
      },
      () => {
        // A failed piece is read again when it is asked for again.
        if (this.#pieces.get(number) === piece) this.#pieces.delete(number)
      },
    )
    return piece
  }

  /** A view where the range lies in one piece, a copy where it doesn't; shorter where the source ended sooner than it said. */
  #join(pieces: readonly Uint8Array[], from: number, length: number): Uint8Array {
    const first = pieces[0]!
    if (pieces.length === 1) return first.subarray(from, from + length)
    let available = -from
    for (const piece of pieces) available += piece.byteLength
    const joined = allocate(Math.max(0, Math.min(length, available)))
    let filled = 0
    for (let i = 0; i < pieces.length && filled < joined.byteLength; i++) {
      const start = i === 0 ? from : 0
      const part = pieces[i]!.subarray(start, start + joined.byteLength - filled)
      joined.set(part, filled)
      filled += part.byteLength
    }
    return joined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const piece of this.#pieces.values()) if (!(piece instanceof Uint8Array)) piece.end()
    this.#pieces.clear()
    this.#turnTo(NO_PIECE, NO_BYTES)
    await this.#source.close?.()
  }
}

function atLeast(field: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new CuemuxError('BAD_REQUEST', `${field} is ${value}; a whole number of at least ${least} is needed.`)
}

/**
 * The same source for a reader that goes through it in order: read in large pieces, the next one under way while one is
 * used. A read inside a piece that is there is a view, at once; one that crosses pieces is a copy; one that is larger
 * than the pieces go to the source as it is. A view keeps its whole piece in memory. Memory: `pieceBytes × pieces`.
 * A piece whose readers' signals have all fired is not read on, the one ahead among them.
 *
 * Jumping about is right but wasteful: every jump reads a piece. Closing it closes the source.
 *
 * @throws CuemuxError `BAD_REQUEST` for options that make no sense
 */
export function readAheadSource(source: ByteSource, options: ReadAheadOptions = {}): ByteSource {
  return new ReadAheadSource(source, options)
}
