import { type ByteSource, CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import type { Chunk } from './byte-runs.js'
import { topBox } from './top-level.js'

/** A moof is at most this large: 64 MiB are the headers of four million samples. */
const MAX_MOOF_BYTES = 64 * 1024 * 1024
/** Reads while hopping from box to box, bytes: they grow while the boxes lie close together. */
const STEP_BYTES = 16 * 1024
const MAX_STEP_BYTES = 1024 * 1024

/** How a walk over fragments ended. */
export interface WalkEnd {
  /** Offset of the box that would have been next. */
  readonly at: number
  /** The source ends inside a box, or has bytes there that are none. */
  readonly isCut: boolean
}

/** Reads boxes by their headers, holding what was read. */
export class ByteWindow {
  readonly source: ByteSource
  readonly sizeBytes: number
  readonly signal: AbortSignal | undefined
  #chunks: Chunk[]
  #step = STEP_BYTES
  #keepsAll: boolean

  /**
   * @param known what is in memory already
   * @param keepsAll holds all chunks, not only the last
   */
  constructor(
    source: ByteSource,
    sizeBytes: number,
    known: readonly Chunk[],
    keepsAll: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.source = source
    this.sizeBytes = sizeBytes
    this.signal = signal
    this.#chunks = [...known]
    this.#keepsAll = keepsAll
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  /** The bytes from an offset on that are in memory, where they are at least so many. */
  #held(at: number, length: number): Uint8Array | undefined {
    const end = Math.min(at + length, this.sizeBytes)
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const { at: start, bytes } = this.#chunks[i]!
      if (start <= at && end <= start + bytes.length) return bytes.subarray(at - start, at - start + length)
    }
    return undefined
  }

  /** Reads a stretch and holds it. */
  async load(at: number, length: number): Promise<Chunk> {
    throwIfAborted(this.signal)
    const want = Math.max(0, Math.min(length, this.sizeBytes - at))
    try {
      const result = this.source.read(at, want, { signal: this.signal })
      const chunk = { at, bytes: result instanceof Uint8Array ? result : await result }
      if (this.#keepsAll) this.#chunks.push(chunk)
      else this.#chunks = [chunk]
      return chunk
    } catch (error) {
      throw toCuemuxError(error, 'SOURCE_UNREACHABLE')
    }
  }

  /** So many bytes from an offset on, fewer only at the source's end. A value where they are in memory. */
  read(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    const held = this.#held(at, length)
    if (held !== undefined) return held
    const last = this.#chunks[this.#chunks.length - 1]
    const lastEnd = last === undefined ? Number.NEGATIVE_INFINITY : last.at + last.bytes.length
    const isNear = at >= lastEnd - 64 && at - lastEnd <= this.source.seekCostBytes
    this.#step = isNear ? Math.min(MAX_STEP_BYTES, this.#step * 2) : STEP_BYTES
    return this.load(at, Math.max(length, this.#step)).then(({ bytes }) => bytes.subarray(0, length))
  }

  /**
   * Visits the moof boxes that start from one offset to before another, hopping over all others.
   *
   * @param visit takes a whole box and where it lies; `false` ends the walk
   */
  async walk(from: number, to: number, visit: (moof: Uint8Array, at: number) => boolean): Promise<WalkEnd> {
    let at = from
    const stop = Math.min(to, this.sizeBytes)
    while (at < stop) {
      const head = this.read(at, 16)
      const bytes = head instanceof Uint8Array ? head : await head
      const box = topBox(bytes, at, at)
      if (box === undefined) return { at, isCut: true }
      if (box.type === 'moof') {
        if (box.end > this.sizeBytes) return { at, isCut: true }
        if (box.end - at > MAX_MOOF_BYTES) {
          throw new CuemuxError('LIMIT_EXCEEDED', `A moof box has ${box.end - at} bytes; 64 MiB is the limit.`, {
            at: { offsetBytes: at, path: 'moof' },
          })
        }
        const moof = this.read(at, box.end - at)
        if (!visit(moof instanceof Uint8Array ? moof : await moof, at)) return { at: box.end, isCut: false }
      }
      at = box.end
    }
    return { at, isCut: at > this.sizeBytes && Number.isFinite(at) }
  }
}
