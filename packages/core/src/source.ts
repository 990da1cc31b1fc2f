/** Options of one read. */
export interface ReadOptions {
  /** Ends the read early with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Where a film's bytes come from: anything that can be read at an offset. Small on purpose, so that a caller can write
 * one for a store of its own.
 */
export interface ByteSource {
  /** Names the content and what was used to reach it, without credentials; the same key means the same bytes. Never empty. */
  readonly key: string
  /** A file name, where one is known: shown to people, and a hint of the container. */
  readonly name: string
  /** Size in bytes; `undefined` only before the first read of a source that learns it from that read. */
  readonly sizeBytes: number | undefined
  /**
   * How many bytes may be read for nothing before a further read is cheaper: about 32 KiB for a file, 512 KiB for a
   * remote source. Readers use it to choose between reading through a gap and hopping over it.
   */
  readonly seekCostBytes: number
  /**
   * Reads `lengthBytes` bytes at `offsetBytes`; fewer only where the source ends, none past its end. A value when the
   * bytes are in memory, a promise when they are not. The bytes are the caller's to keep but not to change.
   *
   * @throws CuemuxError `SOURCE_UNREACHABLE`, `SOURCE_CHANGED`, `ABORTED`
   */
  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array>
  /**
   * Reads into memory that the caller uses again and again: a pass over a whole film then takes none anew. Gives how many
   * bytes were read: as many as `target` has, fewer only where the source ends. Optional: `read` does the same.
   *
   * @throws CuemuxError as `read` does
   */
  readInto?(offsetBytes: number, target: Uint8Array, options?: ReadOptions): Promise<number>
  /** Gives back what the source holds open (a file handle, connections). Reads after it fail. */
  close?(): Promise<void>
}

/** Memory for what is read. Whoever made it says until when the bytes in it stay. */
export interface ReadMemory {
  /** Room for a read of so many bytes; `undefined` where the read had better take memory of its own. */
  take(lengthBytes: number): Uint8Array | undefined
}

/** Bytes of a source in memory. */
export interface Piece {
  /** Offset of the first one. */
  readonly base: number
  readonly bytes: Uint8Array
}

/**
 * Reads as {@link ByteSource.read} does, into memory that is there where there is some and the source can; `undefined`
 * else.
 */
export function readIntoMemory(
  source: ByteSource,
  memory: ReadMemory | undefined,
  offsetBytes: number,
  lengthBytes: number,
  options?: ReadOptions,
): Promise<Uint8Array> | undefined {
  const target = source.readInto === undefined ? undefined : memory?.take(lengthBytes)
  return target && source.readInto?.(offsetBytes, target, options).then(length => target.subarray(0, length))
}

/** Hands out the pieces of a source in memory that is used again: a pass over a whole film then takes none anew. */
export interface PieceReader {
  /** Bytes of a piece; only the last one of the source has fewer. Each lies at a multiple of it. */
  readonly pieceBytes: number
  /**
   * The piece in which a byte lies, empty behind the source's end. A value where it is in memory. Whoever made the reader
   * says until when its bytes stay.
   *
   * @throws CuemuxError as {@link ByteSource.read} does
   */
  take(offsetBytes: number, options?: ReadOptions): Piece | Promise<Piece>
}
