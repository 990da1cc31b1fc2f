import { untilAborted } from './abort.js'
import type { Pin } from './http-answer.js'
import { TransientError } from './http-retry.js'
import type { Watch } from './http-watch.js'
import { allocate } from './range.js'
import type { Spool } from './spool.js'

/** The part of a stream's reader that is used here. */
export interface PieceReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<unknown>
}

/** A body that starts at the film's first byte. */
export interface WholeBody {
  readonly reader: PieceReader
  readonly pin: Pin
}

/**
 * A film on a server that knows no ranges: its one body, read forward only as far as it is asked for, with the last
 * bytes that went by kept. Reading before what is kept starts the download again, unless a spool has it.
 *
 * Takes memory: `windowBytes`, and the largest read.
 */
export class ForwardBody {
  readonly #windowBytes: number
  readonly #spool: Spool | undefined
  /** Up to here the spool has everything. */
  #spooledBytes = 0
  #body: WholeBody | undefined
  /** The read of the body that a reader began to wait for and the next one may take over. */
  #pending: ReturnType<PieceReader['read']> | undefined
  /** What is kept, in order; `#starts[i]` is the offset of `#chunks[i]`. */
  #chunks: Uint8Array[] = []
  #starts: number[] = []
  /** Where the next byte of the body lies. */
  #position = 0
  /** Where the film ends, once the body has. */
  #endBytes: number | undefined

  constructor(body: WholeBody, windowBytes: number, spool?: Spool | undefined) {
    this.#body = body
    this.#windowBytes = windowBytes
    this.#spool = spool
  }

  /** Whether bytes that were read at this offset are no longer kept. */
  isBehind(offsetBytes: number): boolean {
    return offsetBytes < (this.#starts[0] ?? this.#position)
  }

  /** Whether the download is broken or was left behind, and {@link resume} must bring a new one. */
  needsBody(offsetBytes: number): boolean {
    return this.isBehind(offsetBytes) || (this.#body === undefined && this.#endBytes === undefined)
  }

  /** Starts the download again, from the first byte. Keeps what is kept when the new one is only to catch up. */
  resume(body: WholeBody, offsetBytes: number): void {
    this.drop()
    this.#body = body
    this.#position = 0
    this.#endBytes = undefined
    if (offsetBytes < (this.#starts[0] ?? 0) || this.#starts.length === 0) {
      this.#chunks = []
      this.#starts = []
    }
  }

  /** The bytes, where all of them are kept: a view of one piece, a copy of several. */
  kept(offsetBytes: number, lengthBytes: number): Uint8Array | undefined {
    const end =
      offsetBytes + Math.max(0, Math.min(lengthBytes, (this.#endBytes ?? Number.MAX_SAFE_INTEGER) - offsetBytes))
    if (this.#starts.length === 0 || offsetBytes < this.#starts[0]! || end > this.#keptEnd()) return undefined
    let index = this.#indexOf(offsetBytes)
    const within = offsetBytes - this.#starts[index]!
    const length = end - offsetBytes
    if (within + length <= this.#chunks[index]!.byteLength)
      return this.#chunks[index]!.subarray(within, within + length)
    const joined = allocate(length)
    let filled = 0
    for (let from = within; filled < length; from = 0) {
      const part = this.#chunks[index++]!.subarray(from, from + length - filled)
      joined.set(part, filled)
      filled += part.byteLength
    }
    return joined
  }

  /** The bytes out of the spool, where it has all of them. */
  async spooled(offsetBytes: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const end = Math.min(offsetBytes + lengthBytes, this.#endBytes ?? Number.MAX_SAFE_INTEGER)
    if (this.#spool === undefined || end > this.#spooledBytes || end <= offsetBytes) return undefined
    return await this.#spool.read(offsetBytes, end - offsetBytes)
  }

  /**
   * Reads forward until `endBytes`, or the end of the film, keeping what lies at `offsetBytes` and after it.
   *
   * @throws TransientError when the body breaks off; `ABORTED` when the watch ends, and the body can be read on
   */
  async advance(offsetBytes: number, endBytes: number, watch: Watch): Promise<void> {
    while (this.#keptEnd() < endBytes && this.#endBytes === undefined) {
      if (this.#body === undefined) throw new TransientError('the connection broke off')
      watch.expect()
      this.#pending ??= this.#body.reader.read().catch(cause => {
        throw new TransientError('the connection broke off', { cause })
      })
      const { done, value } = await untilAborted(this.#pending, watch.signal)
      this.#pending = undefined
      watch.rest()
      if (done || value === undefined) this.#finish(this.#body.pin)
      else {
        await this.#toSpool(value)
        this.#keep(value, offsetBytes)
      }
    }
  }

  async #toSpool(chunk: Uint8Array): Promise<void> {
    if (this.#spool === undefined) return
    const from = this.#spooledBytes - this.#position
    const room = this.#spool.limitBytes - this.#spooledBytes
    const fresh = chunk.subarray(Math.max(0, from), Math.max(0, from + Math.max(0, room)))
    if (from < 0 || fresh.byteLength === 0) return
    await this.#spool.write(this.#spooledBytes, fresh)
    this.#spooledBytes += fresh.byteLength
  }

  /** Size of the film, once its body has ended. */
  get endBytes(): number | undefined {
    return this.#endBytes
  }

  /** Leaves the connection; what is kept stays. */
  drop(): void {
    this.#body?.reader.cancel().catch(() => undefined)
    this.#pending?.catch(() => undefined)
    this.#pending = undefined
    this.#body = undefined
  }

  #finish(pin: Pin): void {
    this.#body = undefined
    if (pin.sizeBytes !== undefined && this.#position < pin.sizeBytes) {
      throw new TransientError(`the answer ended after ${this.#position} of ${pin.sizeBytes} bytes`)
    }
    this.#endBytes = this.#position
  }

  #keep(chunk: Uint8Array, offsetBytes: number): void {
    const start = this.#position
    this.#position += chunk.byteLength
    const keptEnd = this.#keptEnd()
    if (this.#starts.length > 0 && this.#position <= keptEnd) return
    if (chunk.byteLength === 0) return
    // A body that catches up with what is kept overlaps it.
    const overlap = this.#starts.length > 0 ? Math.max(0, keptEnd - start) : 0
    this.#chunks.push(overlap > 0 ? chunk.subarray(overlap) : chunk)
    this.#starts.push(start + overlap)
    this.#trim(Math.min(offsetBytes, this.#position - this.#windowBytes))
  }

  /** Forgets pieces that end before `keepFrom`; many at a time, since it moves the rest. */
  #trim(keepFrom: number): void {
    if (this.#starts[0]! + this.#windowBytes / 8 > keepFrom) return
    let count = 0
    while (count < this.#starts.length - 1 && this.#starts[count + 1]! <= keepFrom) count++
    this.#chunks.splice(0, count)
    this.#starts.splice(0, count)
  }

  #keptEnd(): number {
    const last = this.#starts.length - 1
    return last < 0 ? this.#position : this.#starts[last]! + this.#chunks[last]!.byteLength
  }

  #indexOf(offsetBytes: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offsetBytes) low = middle
      else high = middle - 1
    }
    return low
  }
}
