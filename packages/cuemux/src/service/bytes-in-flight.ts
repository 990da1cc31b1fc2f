import { CuemuxError } from '@cuemux/core'
import { closedError } from './busy.js'
import type { Leave } from './slots.js'

/** What holds bytes that it can give up and have made again. */
export interface Holder {
  /** When its reader last took something, ms of `performance.now()`. */
  readonly lastTakenMs: number
  /** Lets go of its bytes, where it can. */
  giveUp(): boolean
}

/** A body whose reader took nothing for so long gives its bytes up when others wait for the room. */
const STALLED_MS = 1000
/** So often those who wait look for bodies that have stalled. */
const LOOK_MS = 250

interface Held {
  readonly bytes: number
  holders: number
}

interface Waiter {
  readonly bytes: number
  readonly admit: () => void
  readonly refuse: (error: CuemuxError) => void
}

/**
 * Counts the bytes of bodies that are being made or sent, a buffer that several share once, and lets further ones be made
 * only where there is room. No timer runs but while somebody waits.
 */
export class BytesInFlight {
  readonly #limitBytes: number
  readonly #buffers = new Map<ArrayBufferLike, Held>()
  readonly #holders = new Set<WeakRef<Holder>>()
  readonly #waiting = new Set<Waiter>()
  /** A response that nobody reads to its end, nor cancels, is collected some day, and its bytes with it. */
  readonly #dropped = new FinalizationRegistry<Leave>(release => release())
  #usedBytes = 0
  #timer: ReturnType<typeof setInterval> | undefined
  #isClosed = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** More than three quarters of the room is taken: what goes out from now on must not keep whole segments alive. */
  get isTight(): boolean {
    return this.#usedBytes * 4 > this.#limitBytes * 3
  }

  /**
   * Room for a body that is going to be made. One that is larger than all the room there is waits until it is alone.
   *
   * @throws CuemuxError `ABORTED`, `CAPACITY` after closing
   */
  reserve(bytes: number, signal: AbortSignal | undefined): Leave | Promise<Leave> {
    if (this.#isClosed) throw closedError()
    if (this.#waiting.size === 0 && this.#hasRoomFor(bytes)) return this.#take(bytes)
    return this.#wait(bytes, signal)
  }

  /** Room that is free and that nobody waits for, else `undefined`. */
  reserveSpare(bytes: number): Leave | undefined {
    if (this.#isClosed || this.isTight || this.#waiting.size > 0 || !this.#hasRoomFor(bytes)) return undefined
    return this.#take(bytes)
  }

  /** Counts the bytes that a body consists of, until it gives them up or ends. */
  hold(holder: Holder, pieces: readonly Uint8Array[]): Leave {
    const bytesOf = new Map<ArrayBufferLike, number>()
    for (const piece of pieces) bytesOf.set(piece.buffer, (bytesOf.get(piece.buffer) ?? 0) + piece.byteLength)
    for (const [buffer, bytes] of bytesOf) this.#share(buffer, bytes)
    const reference = new WeakRef(holder)
    this.#holders.add(reference)
    const buffers = [...bytesOf.keys()]
    const release = once(() => {
      this.#holders.delete(reference)
      this.#dropped.unregister(reference)
      for (const buffer of buffers) this.#unshare(buffer)
      this.#admit()
    })
    this.#dropped.register(holder, release, reference)
    return release
  }

  /** Sends away those who wait, and all that come. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiting) waiter.refuse(closedError())
    this.#stopLooking()
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#limitBytes
  }

  #take(bytes: number): Leave {
    this.#usedBytes += bytes
    return once(() => {
      this.#usedBytes -= bytes
      this.#admit()
    })
  }

  #share(buffer: ArrayBufferLike, bytes: number): void {
    const held = this.#buffers.get(buffer)
    if (held !== undefined) {
      held.holders++
      return
    }
    this.#buffers.set(buffer, { bytes, holders: 1 })
    this.#usedBytes += bytes
  }

  #unshare(buffer: ArrayBufferLike): void {
    const held = this.#buffers.get(buffer)
    if (held === undefined || --held.holders > 0) return
    this.#buffers.delete(buffer)
    this.#usedBytes -= held.bytes
  }

  #wait(bytes: number, signal: AbortSignal | undefined): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
        if (this.#waiting.size === 0) this.#stopLooking()
      }
      const refuse = (error: CuemuxError): void => {
        settle()
        reject(error)
      }
      const abort = (): void => refuse(new CuemuxError('ABORTED', 'The client left before there was room.'))
      const admit = (): void => {
        settle()
        resolve(this.#take(bytes))
      }
      const waiter: Waiter = { bytes, admit, refuse }
      this.#waiting.add(waiter)
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
      this.#look()
    })
  }

  /** Takes the bytes back from bodies whose readers have stalled, the longest first, as long as somebody waits. */
  #look(): void {
    const nowMs = performance.now()
    const stalled: Holder[] = []
    for (const reference of this.#holders) {
      const holder = reference.deref()
      if (holder !== undefined && nowMs - holder.lastTakenMs >= STALLED_MS) stalled.push(holder)
    }
    stalled.sort((a, b) => a.lastTakenMs - b.lastTakenMs)
    for (const holder of stalled) {
      if (this.#waiting.size === 0) break
      holder.giveUp()
    }
    this.#admit()
  }

  /** In the order in which they came. */
  #admit(): void {
    for (const waiter of this.#waiting) {
      if (!this.#hasRoomFor(waiter.bytes)) return
      waiter.admit()
    }
  }

  #stopLooking(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function once(work: () => void): Leave {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
