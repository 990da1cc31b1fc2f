import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Cache, CacheBody, CacheEntry, CacheGetOptions, CacheSetOptions, CacheStats } from '@cuemux/store'

/** What a {@link SegmentStore} works with. */
export interface SegmentStoreParts {
  readonly folder: string
  /** The files. */
  readonly disk: Cache
  /** The name under which a key's file lies. */
  readonly nameOf: (key: string) => string
  readonly onWrite: (bytes: number) => void
}

/**
 * The segments of a session on disk: a cache of its own folder that knows which of the session's segments are there, also
 * those of a process before. It has no leases: no other process has the folder.
 */
export class SegmentStore implements Cache {
  readonly #parts: SegmentStoreParts
  /** Sizes of the files, by name. */
  readonly #files = new Map<string, number>()
  readonly #writing = new Set<Promise<void>>()
  /** The segments that the session can have. */
  #paths: readonly string[] = []
  /** A key of a resource without its last part, the path. */
  #prefix: readonly unknown[] | undefined

  constructor(parts: SegmentStoreParts) {
    this.#parts = parts
  }

  /** Looks what is there from before, of the segments at these paths. */
  async recall(paths: readonly string[]): Promise<void> {
    this.#paths = paths
    const objects = path.join(this.#parts.folder, 'v1', 'objects')
    for (const fan of await readdir(objects).catch(() => [])) {
      for (const name of await readdir(path.join(objects, fan)).catch(() => [])) {
        const found = await stat(path.join(objects, fan, name)).catch(() => undefined)
        if (found !== undefined) this.#files.set(name, found.size)
      }
    }
  }

  /** How many of the session's segments are there; before the first was asked for, how many files are. */
  get kept(): number {
    const prefix = this.#prefix
    if (prefix === undefined) return Math.min(this.#files.size, this.#paths.length)
    return this.#paths.filter(one => this.#files.has(this.#parts.nameOf(JSON.stringify([...prefix, one])))).length
  }

  get keptBytes(): number {
    let bytes = 0
    for (const size of this.#files.values()) bytes += size
    return bytes
  }

  /** Takes note that files were removed to make room. */
  forget(names: Iterable<string>): void {
    for (const name of names) this.#files.delete(name)
  }

  async get(key: string, options?: CacheGetOptions): Promise<CacheEntry | undefined> {
    this.#learn(key)
    const entry = await this.#parts.disk.get(key, options)
    if (entry === undefined) this.#files.delete(this.#parts.nameOf(key))
    return entry
  }

  async set(key: string, body: CacheBody, options?: CacheSetOptions): Promise<void> {
    this.#learn(key)
    const { disk } = this.#parts
    const before = disk.stats()
    const written = disk.set(key, body, options)
    this.#writing.add(written)
    await written.finally(() => this.#writing.delete(written))
    if (disk.stats().stored === before.stored) return
    const bytes = body instanceof Uint8Array ? body.byteLength : body.reduce((sum, one) => sum + one.byteLength, 0)
    this.#files.set(this.#parts.nameOf(key), bytes)
    this.#parts.onWrite(bytes)
  }

  async delete(key: string): Promise<void> {
    this.#files.delete(this.#parts.nameOf(key))
    await this.#parts.disk.delete(key)
  }

  stats(): CacheStats {
    return this.#parts.disk.stats()
  }

  /** Resolves when nothing is being written any more: the folder may be removed. */
  async close(): Promise<void> {
    await this.#parts.disk.close()
    await Promise.allSettled(this.#writing)
  }

  #learn(key: string): void {
    if (this.#prefix !== undefined || !key.startsWith('["resource"')) return
    this.#prefix = (JSON.parse(key) as unknown[]).slice(0, -1)
  }
}
