import type { ReadMemory } from '@cuemux/core'

/** Below this a read takes memory of its own: the collector has little to do with it. */
const MIN_BYTES = 256 * 1024
/** Sizes are whole multiples of it. */
const STEP_BYTES = 256 * 1024
const MIB = 1 << 20
/** What is kept for the next reads at most. */
const MAX_FREE_BYTES = 24 * MIB

/**
 * Large buffers that are used again. V8 counts them as memory outside its heap and begins to mark the whole heap
 * whenever some tens of MB of them have come and gone: 40 to 60 times in 220 segments of 8 MB.
 */
class MemoryPool {
  /** The one that was given back last is the last. */
  readonly #free: Uint8Array[] = []
  #freeBytes = 0

  /** The smallest that is large enough and not much too large, else a new one. */
  take(lengthBytes: number): Uint8Array {
    const most = 2 * lengthBytes + MIB
    let best = -1
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const { byteLength } = this.#free[i] as Uint8Array
      if (byteLength < lengthBytes || byteLength > most) continue
      if (best < 0 || byteLength < (this.#free[best] as Uint8Array).byteLength) best = i
    }
    const [found] = best < 0 ? [] : this.#free.splice(best, 1)
    this.#freeBytes -= found?.byteLength ?? 0
    return found ?? new Uint8Array(Math.ceil(lengthBytes / STEP_BYTES) * STEP_BYTES)
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
    while (this.#freeBytes > MAX_FREE_BYTES) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0
  }
}

/** One for a process: segments of all films take turns in it. */
const pool = new MemoryPool()

/**
 * Memory of one read that several may share. Each of them counts as a holder from before the read begins; the memory is
 * used again when all have let go, and never when one of them doesn't: then it is collected as any other.
 */
export class SharedMemory implements ReadMemory {
  readonly #buffers: Uint8Array[] = []
  #holders = 0

  take(lengthBytes: number): Uint8Array | undefined {
    if (lengthBytes < MIN_BYTES) return undefined
    const buffer = pool.take(lengthBytes)
    this.#buffers.push(buffer)
    return buffer.subarray(0, lengthBytes)
  }

  /** One more holder. What is returned says that it doesn't look at the bytes any more. */
  hold(): () => void {
    this.#holders++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      if (--this.#holders === 0) for (const buffer of this.#buffers.splice(0)) pool.give(buffer)
    }
  }
}

/** What a resource was made of, until whoever asked for it says that he needs it no more. */
export class Lease {
  readonly #releases: (() => void)[] = []

  /** Adds memory that the resource's pieces lie in. */
  add(release: () => void): void {
    this.#releases.push(release)
  }

  /** The pieces won't be looked at again. */
  release(): void {
    for (const release of this.#releases.splice(0)) release()
  }
}
