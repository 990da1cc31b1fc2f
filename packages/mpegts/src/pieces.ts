import { type ByteSource, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { PACKET_BYTES } from './packets.js'

/** Bytes of the source. */
export interface Piece {
  readonly bytes: Uint8Array
  /** Offset of the first one. */
  readonly base: number
  /** Packets that begin before it are there in full, unless the source ends. */
  readonly end: number
}

/** Where a walk over packets gets its bytes. */
export interface Pieces {
  /** A piece in which the packet at `at` lies in full, unless the source ends. */
  take(at: number, options: ReadOptions): Promise<Piece>
  /** The piece is done with: nothing may look into its bytes any more. */
  give(piece: Piece): void
}

/** Pieces overlap by so much, so that a packet that begins in one is whole whatever its place. */
const OVERLAP_BYTES = 4 * 204
const FURTHER_BYTES = 512 * 1024

/** One read for all that is wanted for sure, and some more behind it where they are needed. */
export class DirectPieces implements Pieces {
  readonly #source: ByteSource
  readonly #readEnd: number
  #last: Piece | undefined

  constructor(source: ByteSource, readEnd: number) {
    this.#source = source
    this.#readEnd = readEnd
  }

  async take(at: number, options: ReadOptions): Promise<Piece> {
    const last = this.#last
    if (last !== undefined && at >= last.base && at < last.end) return last
    const length = at < this.#readEnd ? this.#readEnd - at : FURTHER_BYTES
    const bytes = await this.#source.read(at, length, options)
    this.#last = { bytes, base: at, end: at + Math.max(1, bytes.length - PACKET_BYTES + 1) }
    return this.#last
  }

  give(): void {}
}

/** A source that reads into memory that is there. */
export type ReusingSource = ByteSource & Required<Pick<ByteSource, 'readInto'>>

/** Whether a source does. */
export function canReuse(source: ByteSource): source is ReusingSource {
  return source.readInto !== undefined
}

/** A piece in memory that is used again and again. */
interface Slot {
  readonly number: number
  readonly target: Uint8Array
  readonly ready: Promise<Piece>
  /** How many walk over it; while there are any, or while it is read, its memory isn't used for another. */
  users: number
}

const PIECE_BYTES = 2 * 1024 * 1024
/** So many pieces are read ahead where a film is read in sequence. */
const AHEAD = 1
/**
 * Pieces that are kept: those ahead, the one that is walked, and those before it, in which the next span may begin: sound
 * lies up to a second from its picture. With one before, a film of 8 Mbit/s was read 4.4 times over.
 */
const KEPT = AHEAD + 4

/**
 * Pieces of equal size in memory that is used again and again, with the next one under way where a film is read in
 * sequence. For sources that can read so.
 */
export class PooledPieces implements Pieces {
  readonly #source: ReusingSource
  readonly #begin: number
  readonly #endBytes: number
  readonly #pieceBytes: number
  /** The longest unused first. */
  #slots: Slot[] = []
  #previous = -2

  /** @param begin where the first packet is: pieces are whole packets from there on */
  constructor(source: ReusingSource, stride: number, begin: number, endBytes: number) {
    this.#source = source
    this.#begin = begin
    this.#endBytes = endBytes
    this.#pieceBytes = Math.floor(PIECE_BYTES / stride) * stride
  }

  /** No signal goes to the source: a piece may be another reader's, too. */
  async take(at: number, options: ReadOptions): Promise<Piece> {
    const number = Math.floor((at - this.#begin) / this.#pieceBytes)
    const slot = this.#slot(number)
    slot.users++
    if (number === this.#previous + 1) {
      for (let next = number + 1; next <= number + AHEAD; next++) {
        if (this.#begin + next * this.#pieceBytes < this.#endBytes) this.#slot(next)
      }
    }
    this.#previous = number
    try {
      const piece = await slot.ready
      throwIfAborted(options.signal)
      return piece
    } catch (error) {
      slot.users--
      throw error
    }
  }

  give({ base }: Piece): void {
    const number = Math.floor((base - this.#begin) / this.#pieceBytes)
    const slot = this.#slots.find(other => other.number === number)
    if (slot !== undefined) slot.users--
    // There are more while several readers are at different places.
    while (this.#slots.length > KEPT) {
      const unused = this.#slots.find(({ users }) => users === 0)
      if (unused === undefined) return
      this.#slots = this.#slots.filter(other => other !== unused)
    }
  }

  #slot(number: number): Slot {
    const known = this.#slots.find(other => other.number === number)
    if (known !== undefined) {
      this.#slots = [...this.#slots.filter(other => other !== known), known]
      return known
    }
    const unused = this.#slots.length < KEPT ? undefined : this.#slots.find(({ users }) => users === 0)
    if (unused !== undefined) this.#slots = this.#slots.filter(other => other !== unused)
    const target = unused?.target ?? new Uint8Array(this.#pieceBytes + OVERLAP_BYTES)
    const base = this.#begin + number * this.#pieceBytes
    const slot: Slot = { number, target, ready: this.#read(base, target), users: 1 }
    const settle = (): void => {
      slot.users--
    }
    slot.ready.then(settle, () => {
      settle()
      // What failed once may succeed when it is asked for again.
      this.#slots = this.#slots.filter(other => other !== slot)
    })
    this.#slots.push(slot)
    return slot
  }

  async #read(base: number, target: Uint8Array): Promise<Piece> {
    const length = await this.#source.readInto(base, target)
    return { bytes: target.subarray(0, length), base, end: base + Math.min(length, this.#pieceBytes) }
  }
}
