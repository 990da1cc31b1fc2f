import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'

/** A segment that a session just made is left for its viewer, ms. */
const FRESH_MS = 60_000

/** What a {@link DiskCap} works with. */
export interface DiskCapParts {
  /** The folder of the sessions' folders. */
  readonly folder: string
  readonly maxBytes: number
  /** Whether somebody watches a session. */
  readonly isWatched: (id: string) => boolean
  /** Told what was removed of a session. */
  readonly onRemoved: (id: string, names: readonly string[]) => void
  readonly onEvicted: (files: number, bytes: number) => void
  readonly onError: (error: unknown) => void
}

interface SegmentFile {
  readonly id: string
  readonly name: string
  readonly file: string
  readonly sizeBytes: number
  readonly usedAtMs: number
}

/**
 * Keeps what all sessions have on disk below a size: the least recently used files go first, of sessions that nobody
 * watches before those of others, and of these none that was used a moment ago.
 */
export class DiskCap {
  readonly #parts: DiskCapParts
  #knownBytes: number | undefined
  #writtenBytes = 0
  #look: Promise<void> | undefined
  #isClosed = false

  constructor(parts: DiskCapParts) {
    this.#parts = parts
  }

  /** A file was written; looks whether there is room when there may be none, in the background. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes
    const isFull = this.#knownBytes === undefined || this.#knownBytes + this.#writtenBytes > this.#parts.maxBytes
    if (!isFull || this.#look !== undefined || this.#isClosed) return
    this.#look = this.#makeRoom()
      .catch(this.#parts.onError)
      .finally(() => {
        this.#look = undefined
      })
  }

  /** Resolves when a look that is under way is done. */
  async settled(): Promise<void> {
    await this.#look
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#look
  }

  async #makeRoom(): Promise<void> {
    const written = this.#writtenBytes
    const files = await this.#list()
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (total > this.#parts.maxBytes) total -= await this.#evict(files, total - this.#parts.maxBytes * (7 / 8))
    this.#knownBytes = total
    this.#writtenBytes -= written
  }

  async #evict(files: readonly SegmentFile[], excessBytes: number): Promise<number> {
    const latestMs = Math.max(...files.map(({ usedAtMs }) => usedAtMs))
    const inOrder = files
      .map(file => ({ ...file, isWatched: this.#parts.isWatched(file.id) }))
      .filter(({ isWatched, usedAtMs }) => !isWatched || usedAtMs <= latestMs - FRESH_MS)
      .sort((a, b) => Number(a.isWatched) - Number(b.isWatched) || a.usedAtMs - b.usedAtMs)
    const removed = new Map<string, string[]>()
    let bytes = 0
    let count = 0
    for (const { id, name, file, sizeBytes } of inOrder) {
      if (bytes >= excessBytes || this.#isClosed) break
      await rm(file, { force: true })
      removed.set(id, [...(removed.get(id) ?? []), name])
      bytes += sizeBytes
      count++
    }
    for (const [id, names] of removed) this.#parts.onRemoved(id, names)
    if (count > 0) this.#parts.onEvicted(count, bytes)
    return bytes
  }

  async #list(): Promise<SegmentFile[]> {
    const files: SegmentFile[] = []
    for (const id of await namesIn(this.#parts.folder)) {
      const objects = path.join(this.#parts.folder, id, 'v1', 'objects')
      for (const fan of await namesIn(objects)) {
        for (const name of await namesIn(path.join(objects, fan))) {
          const file = path.join(objects, fan, name)
          const found = await stat(file).catch(() => undefined)
          if (found?.isFile()) files.push({ id, name, file, sizeBytes: found.size, usedAtMs: found.mtimeMs })
        }
      }
    }
    return files
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
