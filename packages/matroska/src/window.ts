import {
  type ByteSource,
  CuemuxError,
  concatBytes,
  type PieceReader,
  readIntoMemory,
  type SpanOptions,
  throwIfAborted,
} from '@cuemux/core'

/** Bytes of the source that lie at `base`. */
export interface Chunk {
  readonly base: number
  readonly bytes: Uint8Array
}

const NO_BYTES = new Uint8Array(0)
/** What is kept between spans at most. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024
/** A kept end of at most this size is copied, so that it doesn't hold the whole piece it is of. */
const MAX_COPIED_BYTES = 512 * 1024

/**
 * A window on a source: the pieces that one read of samples has fetched, in the order in which it did. Holds them only
 * as long as it lives.
 */
export class ByteWindow {
  readonly #source: ByteSource
  readonly #options: SpanOptions
  readonly #chunks: Chunk[]

  /** @param options with `pieces`, what is read comes from there, in pieces that may begin before what was asked for */
  constructor(source: ByteSource, options: SpanOptions, known: readonly Chunk[] = []) {
    this.#source = source
    this.#options = options
    this.#chunks = [...known]
  }

  /**
   * Bytes in one piece from `position` on, `needBytes` at least but where the source ends. What isn't there yet is
   * read, up to `readTo` if that is more. Only a piece that crosses two reads is copied.
   */
  get(position: number, needBytes: number, readTo: number): Chunk | Promise<Chunk> {
    const chunk = this.#find(position)
    if (chunk !== undefined && position + needBytes <= endOf(chunk)) return chunk
    return this.#fetch(position, needBytes, readTo, chunk)
  }

  /** Whether the bytes are there without a read. */
  has(position: number, needBytes: number): boolean {
    const chunk = this.#find(position)
    return chunk !== undefined && position + needBytes <= endOf(chunk)
  }

  async #fetch(position: number, needBytes: number, readTo: number, known: Chunk | undefined): Promise<Chunk> {
    if (known === undefined) {
      const chunk = await this.#read(position, Math.max(needBytes, readTo - position))
      if (position + needBytes <= endOf(chunk) || chunk.bytes.length === 0) return chunk
      // It stopped before a chunk that is there already, at a piece's end, or at the source's.
      known = chunk
    }
    const parts: Uint8Array[] = []
    let at = position
    let chunk: Chunk | undefined = known
    while (at < position + needBytes) {
      chunk ??= this.#find(at) ?? (await this.#read(at, Math.max(position + needBytes, readTo) - at))
      const part = chunk.bytes.subarray(at - chunk.base, at - chunk.base + position + needBytes - at)
      if (part.length === 0) break
      parts.push(part)
      at += part.length
      chunk = undefined
    }
    return { base: position, bytes: parts.length === 1 ? parts[0]! : concatBytes(parts) }
  }

  async #read(offset: number, length: number): Promise<Chunk> {
    throwIfAborted(this.#options.signal)
    if (this.#options.pieces !== undefined) return this.#take(this.#options.pieces, offset)
    // A size that the file claims is no reason to ask for more than the source has.
    let limit = Math.min(length, (this.#source.sizeBytes ?? Number.POSITIVE_INFINITY) - offset)
    if (limit <= 0) return { base: offset, bytes: NO_BYTES }
    for (const chunk of this.#chunks) if (chunk.base > offset) limit = Math.min(limit, chunk.base - offset)
    const source = this.#source
    const options = this.#options
    const bytes = await (readIntoMemory(source, options.memory, offset, limit, options) ??
      source.read(offset, limit, options))
    const { sizeBytes } = source
    // A source that learns its size by reading may end sooner than it could have.
    if (bytes.length < limit && sizeBytes !== undefined && offset + bytes.length < sizeBytes) {
      throw new CuemuxError('SOURCE_CHANGED', 'The source ends before the size that it had when it was opened.', {
        at: { offsetBytes: offset + bytes.length },
        hint: 'Open it again.',
      })
    }
    const chunk = { base: offset, bytes }
    if (bytes.length > 0) this.#chunks.push(chunk)
    return chunk
  }

  async #take(pieces: PieceReader, offset: number): Promise<Chunk> {
    const taken = pieces.take(offset, this.#options)
    const piece = taken instanceof Promise ? await taken : taken
    if (offset >= endOf(piece)) return { base: offset, bytes: NO_BYTES }
    this.#chunks.push(piece)
    return piece
  }

  #find(position: number): Chunk | undefined {
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const chunk = this.#chunks[i]!
      if (chunk.base <= position && position < endOf(chunk)) return chunk
    }
    return undefined
  }

  /** How many bytes it holds. */
  get heldBytes(): number {
    let total = 0
    for (const chunk of this.#chunks) total += chunk.bytes.length
    return total
  }

  /**
   * What was fetched from `position` to before `end`, for the next span; at most 8 MiB. An `end` between two elements
   * leaves none of them half here and half in a later read, which would have to be copied together.
   */
  keep(position: number, end: number): Chunk[] {
    const kept: Chunk[] = []
    let total = 0
    for (const chunk of this.#chunks) {
      const skip = Math.max(0, position - chunk.base)
      const length = Math.min(chunk.bytes.length, end - chunk.base) - skip
      if (length <= 0) continue
      if (total + length > MAX_KEPT_BYTES) continue
      total += length
      const rest = chunk.bytes.subarray(skip, skip + length)
      // Memory that isn't ours may be overwritten after this read.
      const isCopied = (length <= MAX_COPIED_BYTES && skip > 0) || this.#options.memory !== undefined
      const bytes = isCopied ? new Uint8Array(rest) : rest
      kept.push({ base: chunk.base + skip, bytes })
    }
    return kept
  }
}

function endOf(chunk: Chunk): number {
  return chunk.base + chunk.bytes.length
}
