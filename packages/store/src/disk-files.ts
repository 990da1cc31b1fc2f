import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { joinBody } from './record.js'

/** More pieces than this are joined before they are written. */
const MAX_WRITE_PIECES = 64

/** A record read from its file. */
export interface ReadRecord {
  readonly record: Buffer
  /** Names the very file that was read, should another have taken its place since. */
  readonly inode: number
}

/** A file of a record, as a listing of a folder shows it. */
export interface ListedFile {
  readonly name: string
  readonly sizeBytes: number
  readonly usedAtMs: number
}

/**
 * The files of a disk cache, below `v1` of the caller's folder: `objects/ab/abcdef…` by name, `temp` for files that are
 * being written, `locks`. Every process works on the files alone; what one remembers of them is never relied upon.
 */
export class DiskFiles {
  readonly locks: string
  readonly #objects: string
  readonly #temp: string

  constructor(folder: string) {
    const root = path.resolve(folder, 'v1')
    this.locks = path.join(root, 'locks')
    this.#objects = path.join(root, 'objects')
    this.#temp = path.join(root, 'temp')
  }

  /** The record under a name, and its time of use moved to now when it lies far back; `undefined` when there is none. */
  async read(name: string, maxBytes: number, touchAfterMs: number): Promise<ReadRecord | undefined> {
    const handle = await orAbsent(open(this.#pathOf(name), 'r'))
    if (handle === undefined) return undefined
    try {
      const { size, mtimeMs, ino } = await handle.stat()
      // Nothing this cache wrote is larger: an empty record is a damaged one.
      if (size > maxBytes) return { record: Buffer.alloc(0), inode: ino }
      const record = await readWhole(handle, size)
      const now = Date.now()
      if (now - mtimeMs > touchAfterMs) await handle.utimes(now / 1000, now / 1000).catch(() => {})
      return { record, inode: ino }
    } finally {
      await handle.close()
    }
  }

  /**
   * Writes a record so that others see all of it or nothing. It isn't forced to the disk: what a power failure tears is
   * found by its checksum.
   *
   * @param confirm asked right before the record takes its place: `false` leaves everything as it is
   * @returns whether the record took its place
   */
  async write(name: string, pieces: readonly Uint8Array[], confirm?: () => Promise<boolean>): Promise<boolean> {
    const temporary = await this.writeTemporary(pieces)
    try {
      if (confirm !== undefined && !(await confirm())) {
        await orAbsent(unlink(temporary))
        return false
      }
      await withFolder(path.dirname(this.#pathOf(name)), () => rename(temporary, this.#pathOf(name)))
      return true
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
  }

  /** A new file of its own name in the folder for what is being written. */
  async writeTemporary(pieces: readonly Uint8Array[]): Promise<string> {
    const file = path.join(this.#temp, randomUUID())
    const handle = await withFolder(this.#temp, () => open(file, 'wx', 0o600))
    try {
      await writeWhole(handle, pieces)
      await handle.close()
      return file
    } catch (error) {
      await handle.close().catch(() => {})
      await unlink(file).catch(() => {})
      throw error
    }
  }

  /** Removes a record; with an inode only if it is still that file. Whether there was one to remove. */
  async remove(name: string, inode?: number): Promise<boolean> {
    const file = this.#pathOf(name)
    if (inode !== undefined && (await orAbsent(stat(file)))?.ino !== inode) return false
    return (await orAbsent(unlink(file).then(() => true))) ?? false
  }

  async has(name: string): Promise<boolean> {
    return (await orAbsent(stat(this.#pathOf(name)))) !== undefined
  }

  /** All records, folder by folder. Files that are none of ours are left alone. */
  async *list(): AsyncGenerator<ListedFile[]> {
    for (const fan of await listFolder(this.#objects)) {
      if (/^[0-9a-f]{2}$/.test(fan)) yield await statFiles(path.join(this.#objects, fan), /^[0-9a-f]{64}$/)
    }
  }

  /** Removes what killed processes left: files that were being written, and locks, unchanged for longer than given. */
  async removeLeftovers(tempAgeMs: number, lockAgeMs: number): Promise<void> {
    for (const [folder, ageMs] of [
      [this.#temp, tempAgeMs],
      [this.locks, lockAgeMs],
    ] as const) {
      const before = Date.now() - ageMs
      for (const file of await statFiles(folder, /^[0-9a-f.-]+$/)) {
        if (file.usedAtMs < before) await orAbsent(unlink(path.join(folder, file.name)))
      }
    }
  }

  #pathOf(name: string): string {
    return path.join(this.#objects, name.slice(0, 2), name)
  }
}

/** What the promise gives; `undefined` when a file or folder on the way isn't there. */
export async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether an error is a system error with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Does something in a folder, making the folder first when it isn't there (or was removed meanwhile). */
export async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return await work()
  }
}

/** The names in a folder; none when it isn't there. */
export async function listFolder(folder: string): Promise<string[]> {
  return (await orAbsent(readdir(folder))) ?? []
}

async function statFiles(folder: string, pattern: RegExp): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  for (const name of await listFolder(folder)) {
    if (!pattern.test(name)) continue
    const found = await orAbsent(stat(path.join(folder, name)))
    if (found?.isFile()) files.push({ name, sizeBytes: found.size, usedAtMs: found.mtimeMs })
  }
  return files
}

async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  // Not from Node's pool: the entry's bytes are a view on this buffer and must not share it with others.
  const record = Buffer.allocUnsafeSlow(size)
  let position = 0
  while (position < size) {
    const { bytesRead } = await handle.read(record, position, size - position, position)
    if (bytesRead === 0) return record.subarray(0, position)
    position += bytesRead
  }
  return record
}

async function writeWhole(handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  const written = pieces.length > MAX_WRITE_PIECES ? [joinBody(pieces)] : pieces
  for (const piece of written) {
    let position = 0
    while (position < piece.byteLength) {
      position += (await handle.write(piece, position)).bytesWritten
    }
  }
}
