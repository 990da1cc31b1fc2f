import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CuemuxError } from '@cuemux/core'

/** Where a live stream's segments and playlists lie. */
export interface LiveStorage {
  /** Takes away what an earlier stream has left. @throws CuemuxError `OUTPUT_FAILED` */
  open(): Promise<void>
  /** @throws CuemuxError `OUTPUT_FAILED` */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** `undefined` where nothing has this name. */
  read(name: string): Promise<Uint8Array | undefined>
  remove(name: string): Promise<void>
  /** Takes everything away. */
  clear(): Promise<void>
}

/** Segments in memory, gone with the process. */
export class MemoryStorage implements LiveStorage {
  readonly #files = new Map<string, Uint8Array>()

  async open(): Promise<void> {}

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, bytes)
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.#files.get(name)
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name)
  }

  async clear(): Promise<void> {
    this.#files.clear()
  }
}

/** Names that a live stream gives, and none of anybody else: init segments, segments, playlists, and files half written. */
const OWN_NAME = /^(?:\.?[0-9a-z]{6,12}-(?:i\d+\.mp4|\d+\.m4s)|\.?(?:master|playlist)\.m3u8)(?:\.part)?$/

/** Segments as files, each under its name only when it is complete. */
export class FolderStorage implements LiveStorage {
  readonly #folder: string
  readonly #names = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true })
      for (const name of await readdir(this.#folder)) {
        if (OWN_NAME.test(name)) await rm(join(this.#folder, name), { force: true })
      }
    } catch (error) {
      throw outputError(this.#folder, error)
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.#folder, `.${name}.part`)
    try {
      await writeFile(temporary, bytes)
      await rename(temporary, join(this.#folder, name))
      this.#names.add(name)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw outputError(join(this.#folder, name), error)
    }
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    // Only what was written here: a name out of a request is no path.
    if (!this.#names.has(name)) return undefined
    return readFile(join(this.#folder, name)).catch(() => undefined)
  }

  async remove(name: string): Promise<void> {
    this.#names.delete(name)
    await rm(join(this.#folder, name), { force: true }).catch(() => {})
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#names].map(name => this.remove(name)))
  }
}

function outputError(path: string, error: unknown): CuemuxError {
  const reason = error instanceof Error ? error.message : String(error)
  return new CuemuxError('OUTPUT_FAILED', `Cannot write ${path}: ${reason}.`, { cause: error })
}
