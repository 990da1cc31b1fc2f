import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { hasCode, listFolder, orAbsent } from '../disk-files.js'

/** A file that is being written is removed as a leftover after this long without a change, whoever wrote it. */
const LEFTOVER_AGE_MS = 24 * 3600_000

/**
 * Files that are written aside and renamed into place, so that nobody sees a torn one under its final name, also not
 * after the process is killed. Those that killed processes left are removed before the first is written.
 */
export class TemporaryFiles {
  readonly #folder: string
  readonly #prefix: string
  #swept: Promise<void> | undefined

  /** @param folder on the same file system as the places of the files */
  constructor(folder: string) {
    this.#folder = folder
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
    this.#prefix = `${host}-${process.pid}-`
  }

  /**
   * Writes a file, which takes its place when `write` is done.
   *
   * @param isSynced whether the bytes are forced to the disk before the file gets its name
   */
  async place<T>(file: string, isSynced: boolean, write: (handle: FileHandle) => Promise<T>): Promise<T> {
    await (this.#swept ??= this.#sweep())
    const temporary = path.join(this.#folder, `${this.#prefix}${randomUUID()}`)
    const handle = await withFolders(this.#folder, () => open(temporary, 'wx'))
    try {
      const result = await write(handle)
      if (isSynced) await handle.datasync()
      await handle.close()
      await withFolders(path.dirname(file), () => rename(temporary, file))
      return result
    } catch (error) {
      await handle.close().catch(() => {})
      await unlink(temporary).catch(() => {})
      throw error
    }
  }

  /** Removes the folder when nothing is being written in it. */
  async close(): Promise<void> {
    this.#swept = undefined
    await rmdir(this.#folder).catch(() => {})
  }

  async #sweep(): Promise<void> {
    for (const name of await listFolder(this.#folder).catch(() => [])) {
      const [, host, pid] = /^([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}$/.exec(name) ?? []
      if (host === undefined) continue
      const file = path.join(this.#folder, name)
      const isDead = this.#prefix.startsWith(`${host}-`) && !isAlive(Number(pid))
      const changed = (await orAbsent(stat(file)).catch(() => undefined))?.mtimeMs
      if (isDead || (changed !== undefined && changed < Date.now() - LEFTOVER_AGE_MS))
        await unlink(file).catch(() => {})
    }
  }
}

/** Writes pieces to an open file, wherever it stands. */
export async function writePieces(handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    let position = 0
    while (position < piece.byteLength) position += (await handle.write(piece, position)).bytesWritten
  }
}

async function withFolders<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(folder, { recursive: true })
    return await work()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !hasCode(error, 'ESRCH')
  }
}
