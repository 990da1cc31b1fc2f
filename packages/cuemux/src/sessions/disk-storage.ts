import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { toCuemuxError } from '@cuemux/core'
import { validateOptions } from '../schemas.js'
import { type FolderLock, lockFolder, type Processes } from './folder-lock.js'
import type { SessionRecord } from './record.js'
import type { SessionStorage } from './storage.js'

/** Names of sessions: nothing else below the folder is ever touched. */
const ID = /^[\w-]{16}$/
const RECORD = 'session.json'
/** A larger record is none of ours. */
const MAX_RECORD_BYTES = 4 << 20

/** Where the folders of sessions lie in the folder that a manager was given. */
export function sessionsFolder(folder: string): string {
  return path.join(path.resolve(folder), 'sessions')
}

/** Sessions as folders with a `session.json`, in a folder that is locked for this process. */
export function diskStorage(folder: string, processes?: Processes): SessionStorage {
  return new DiskStorage(folder, processes)
}

class DiskStorage implements SessionStorage {
  readonly #root: string
  readonly #folder: string
  readonly #processes: Processes | undefined
  #lock: FolderLock | undefined

  constructor(root: string, processes: Processes | undefined) {
    this.#root = path.resolve(root)
    this.#folder = sessionsFolder(root)
    this.#processes = processes
  }

  async open(accept: (record: SessionRecord) => boolean): Promise<{ records: SessionRecord[]; removed: number }> {
    return guarded('The folder of sessions can not be used', async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      this.#lock = await lockFolder(this.#root, this.#processes)
      await removeTemporaries(this.#root, /^lock-[\w-]+\.tmp$/)
      const records: SessionRecord[] = []
      let removed = 0
      for (const id of await readdir(this.#folder)) {
        if (!ID.test(id)) continue
        const record = await this.#read(id)
        if (record !== undefined && accept(record)) {
          await tidy(path.join(this.#folder, id))
          records.push(record)
        } else {
          await this.remove(id)
          removed++
        }
      }
      return { records, removed }
    })
  }

  async create(id: string): Promise<string> {
    const folder = path.join(this.#folder, id)
    await guarded('The folder of a session can not be made', () => mkdir(folder, { recursive: true, mode: 0o700 }))
    return folder
  }

  async write(record: SessionRecord): Promise<void> {
    const file = path.join(this.#folder, record.id, RECORD)
    const temporary = `${file}.${randomUUID()}.tmp`
    await guarded('A session can not be written down', async () => {
      try {
        await writeFile(temporary, JSON.stringify(record), { mode: 0o600, flag: 'wx' })
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    })
  }

  async remove(id: string): Promise<void> {
    const folder = path.join(this.#folder, id)
    await guarded('The files of a session can not be removed', () =>
      rm(folder, { recursive: true, force: true, maxRetries: 3 }),
    )
  }

  async close(): Promise<void> {
    await this.#lock?.release()
    this.#lock = undefined
  }

  /** `undefined` for a record that is missing, damaged, of another version or of another folder. */
  async #read(id: string): Promise<SessionRecord | undefined> {
    try {
      const file = path.join(this.#folder, id, RECORD)
      if ((await stat(file)).size > MAX_RECORD_BYTES) return undefined
      const record = validateOptions<SessionRecord>('sessionRecord', JSON.parse(await readFile(file, 'utf8')))
      return record.id === id ? record : undefined
    } catch {
      return undefined
    }
  }
}

/** Removes what a killed process was just writing, and the locks of its cache, which would be waited for. */
async function tidy(folder: string): Promise<void> {
  await removeTemporaries(folder, /\.tmp$/)
  for (const name of ['temp', 'locks']) await rm(path.join(folder, 'v1', name), { recursive: true, force: true })
}

async function removeTemporaries(folder: string, pattern: RegExp): Promise<void> {
  for (const name of await readdir(folder)) if (pattern.test(name)) await rm(path.join(folder, name), { force: true })
}

async function guarded<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toCuemuxError(error, 'OUTPUT_FAILED', message)
  }
}
