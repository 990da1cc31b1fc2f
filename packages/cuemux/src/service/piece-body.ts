import { CuemuxError, concatBytes } from '@cuemux/core'
import { slicePieces } from '../resource.js'
import { SharedMemory } from '../segment-memory.js'
import type { BytesInFlight, Holder } from './bytes-in-flight.js'
import type { Leave } from './slots.js'

/** Pieces near this size leave Node's sockets at the highest rate. */
const CHUNK_BYTES = 1 << 20
/** What a slow reader may hold when there is little room: it is copied, so that it keeps nothing else alive. */
const SMALL_CHUNK_BYTES = 256 * 1024

/** The part of a resource that is sent. */
export interface BodyPart {
  readonly pieces: readonly Uint8Array[]
  readonly byteLength: number
}

/** Where a body's bytes are counted, and how they are made again. */
export interface BodyKeeping {
  readonly bytes: BytesInFlight
  /** Makes the same pieces once more. */
  remake(): Promise<readonly Uint8Array[]>
  /** A reader that took nothing for so long is cut off by what writes to it, ms. */
  readonly stallTimeoutMs: number
  /** Gives back the memory in which the first pieces lie, when nobody looks at them any more. */
  readonly release?: (() => void) | undefined
}

/**
 * A body in pieces, taken a chunk at a time. When its reader stalls and others need the room it gives its pieces up, and
 * has them made again when the reader goes on.
 */
export class PieceBody implements Holder {
  readonly byteLength: number
  lastTakenMs: number = performance.now()
  readonly #keeping: BodyKeeping | undefined
  #pieces: readonly Uint8Array[] | undefined
  #release: Leave | undefined
  /** Views on the pieces are with the reader: letting go of the pieces would free nothing. */
  #areLent = false
  /** Views were given out since the body began, of which only the reader knows when they have left. */
  #wereLent = false
  /** What small chunks are copied into. */
  #small: { readonly bytes: Uint8Array; readonly release: () => void } | undefined
  #takenBytes = 0
  #piece = 0
  #offset = 0
  #hasEnded = false

  constructor(part: BodyPart, keeping: BodyKeeping | undefined) {
    this.byteLength = part.byteLength
    this.#keeping = keeping
    this.#keep(part.pieces)
  }

  get stallTimeoutMs(): number | undefined {
    return this.#keeping?.stallTimeoutMs
  }

  /**
   * The next chunk, as views on the body's pieces where there is room to keep them alive; `undefined` at the end.
   *
   * @param haveLeft the chunks before aren't looked at any more: their memory may be used for this one
   * @throws CuemuxError what making the pieces again throws
   */
  take(haveLeft = false): readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined> {
    if (this.isDone) return undefined
    if (this.#pieces === undefined) return this.#restore().then(() => this.take(haveLeft))
    if (this.#keeping?.bytes.isTight === true) return [this.#smallCopy(haveLeft)]
    this.#areLent = true
    this.#wereLent = true
    return this.#views(CHUNK_BYTES)
  }

  /** The next chunk as an array of its own; `undefined` at the end. */
  async takeCopy(): Promise<Uint8Array | undefined> {
    if (this.isDone) return undefined
    if (this.#pieces === undefined) await this.#restore()
    return this.isDone ? undefined : this.#copy(CHUNK_BYTES)
  }

  giveUp(): boolean {
    if (this.#areLent || this.#pieces === undefined || this.#keeping === undefined) return false
    this.#pieces = undefined
    this.#release?.()
    if (!this.#wereLent) this.#keeping.release?.()
    return true
  }

  /**
   * Nobody reads it any more.
   *
   * @param areBack whoever took views is done with all of them, and has passed them on to nobody else
   */
  end(areBack = false): void {
    this.#hasEnded = true
    this.#pieces = undefined
    this.#release?.()
    if (areBack || !this.#wereLent) this.#keeping?.release?.()
    if (areBack) this.#small?.release()
  }

  /** All of it was taken, or nobody reads it any more. */
  get isDone(): boolean {
    return this.#hasEnded || this.#takenBytes >= this.byteLength
  }

  #keep(pieces: readonly Uint8Array[]): void {
    this.#pieces = pieces
    this.#piece = 0
    this.#offset = 0
    this.#release = this.#keeping?.bytes.hold(this, pieces)
  }

  async #restore(): Promise<void> {
    const pieces = (await this.#keeping?.remake()) ?? []
    if (this.#hasEnded) return
    const rest = slicePieces(pieces, this.#takenBytes, this.byteLength)
    const restBytes = rest.reduce((sum, piece) => sum + piece.byteLength, 0)
    if (restBytes !== this.byteLength - this.#takenBytes) {
      throw new CuemuxError('SOURCE_CHANGED', 'The rest of the segment has another length than its beginning said.')
    }
    this.lastTakenMs = performance.now()
    this.#keep(rest)
  }

  #copy(maxBytes: number): Uint8Array {
    this.#areLent = false
    const views = this.#views(maxBytes)
    return concatBytes(views)
  }

  #smallCopy(haveLeft: boolean): Uint8Array {
    if (this.#small === undefined) {
      const memory = new SharedMemory()
      const bytes = memory.take(SMALL_CHUNK_BYTES)
      if (bytes !== undefined) this.#small = { bytes, release: memory.hold() }
    } else if (!haveLeft) return this.#copy(SMALL_CHUNK_BYTES)
    const target = this.#small?.bytes ?? new Uint8Array(SMALL_CHUNK_BYTES)
    this.#areLent = false
    let at = 0
    for (const view of this.#views(SMALL_CHUNK_BYTES)) {
      target.set(view, at)
      at += view.byteLength
    }
    return target.subarray(0, at)
  }

  #views(maxBytes: number): Uint8Array[] {
    this.lastTakenMs = performance.now()
    const pieces = this.#pieces ?? []
    const views: Uint8Array[] = []
    let room = maxBytes
    while (room > 0 && this.#piece < pieces.length) {
      const piece = pieces[this.#piece] as Uint8Array
      const left = piece.byteLength - this.#offset
      const bytes = Math.min(left, room)
      views.push(bytes === piece.byteLength ? piece : piece.subarray(this.#offset, this.#offset + bytes))
      room -= bytes
      this.#offset += bytes
      if (bytes === left) {
        this.#piece++
        this.#offset = 0
      }
    }
    this.#takenBytes += maxBytes - room
    return views
  }
}

/** A body as a stream. */
export function bodyStream(body: PieceBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const chunk = await body.takeCopy()
        if (chunk !== undefined) return controller.enqueue(chunk)
        body.end()
        controller.close()
      },
      cancel(): void {
        body.end()
      },
    },
    { highWaterMark: 0 },
  )
}
