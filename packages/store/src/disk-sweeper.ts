import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Counters } from './counters.js'
import type { DiskFiles, ListedFile } from './disk-files.js'

/** Files that were being written are given up after this long, locks after that long. */
const TEMP_AGE_MS = 600_000
const LOCK_AGE_MS = 3_600_000
/** A disk without space leaves the cache this much all the same. */
const LEAST_BYTES = 64 * 1024

/**
 * Keeps a disk cache below its size. What this process knows of the folder is an estimate, as others write to it too:
 * room is made by looking at all files, and each process looks again after it wrote a 16th of the size. Room is made
 * down to 7/8, so that two processes stay below the size between their looks.
 */
export class DiskSweeper {
  readonly #files: DiskFiles
  #maxBytes: number
  readonly #counters: Counters
  #knownBytes: number | undefined
  #writtenBytes = 0
  #sweep: Promise<void> | undefined
  #isClosed = false

  constructor(files: DiskFiles, maxBytes: number, counters: Counters) {
    this.#files = files
    this.#maxBytes = maxBytes
    this.#counters = counters
  }

  /** What the files take as far as this process knows; `undefined` before its first look. */
  get heldBytes(): number | undefined {
    return this.#knownBytes === undefined ? undefined : this.#knownBytes + this.#writtenBytes
  }

  /** Tells that this process wrote a file; looks at the folder in the background when it is time to. */
  wrote(sizeBytes: number): void {
    this.#writtenBytes += sizeBytes
    const isDue =
      this.#knownBytes === undefined ||
      this.#writtenBytes >= this.#maxBytes / 16 ||
      this.#knownBytes + this.#writtenBytes > this.#maxBytes
    if (isDue) this.#start()
  }

  /** The disk has less room than this cache was given: from now on it takes no more than it takes now. */
  ranOutOfSpace(): void {
    const held = this.heldBytes
    if (held !== undefined) this.#maxBytes = Math.min(this.#maxBytes, Math.max(held, LEAST_BYTES))
    this.#start()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sweep
  }

  #start(): void {
    if (this.#sweep !== undefined || this.#isClosed) return
    this.#sweep = this.#makeRoom().then(
      () => {
        this.#sweep = undefined
        // What was written while the folder was looked at may be due again.
        if (this.#knownBytes !== undefined) this.wrote(0)
      },
      error => {
        this.#sweep = undefined
        this.#counters.failed('sweep', error)
      },
    )
  }

  async #makeRoom(): Promise<void> {
    if (this.#knownBytes === undefined) await this.#files.removeLeftovers(TEMP_AGE_MS, LOCK_AGE_MS)
    const written = this.#writtenBytes
    const files: ListedFile[] = []
    let total = 0
    for await (const folder of this.#files.list()) {
      for (const file of folder) {
        files.push(file)
        total += file.sizeBytes
      }
      if (this.#isClosed) return
      await nextTurn()
    }
    if (total > this.#maxBytes * (7 / 8)) total = await this.#evict(files, total)
    this.#knownBytes = total
    this.#writtenBytes -= written
  }

  async #evict(files: ListedFile[], total: number): Promise<number> {
    files.sort((a, b) => a.usedAtMs - b.usedAtMs)
    for (const file of files) {
      if (total <= this.#maxBytes * (7 / 8) || this.#isClosed) break
      // Another process may have removed it: the room is there all the same.
      if (await this.#files.remove(file.name)) this.#counters.evicted()
      total -= file.sizeBytes
    }
    return total
  }
}
