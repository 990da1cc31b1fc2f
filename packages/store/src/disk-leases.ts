import { randomUUID } from 'node:crypto'
import { link, readFile, stat, unlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { CacheBody, CacheSetOptions, CommitResult, Lease, LeaseAnswer, Leases } from './cache.js'
import { type DiskFiles, hasCode, listFolder, orAbsent, withFolder } from './disk-files.js'
import { clockFence } from './fence.js'
import { storedName } from './key.js'

/** Stores an entry unless `confirm` says no, which is `undefined`; `false` when it can't be stored. */
export type StoreEntry = (
  name: string,
  body: CacheBody,
  options: CacheSetOptions,
  confirm: () => Promise<boolean>,
) => Promise<boolean | undefined>

interface LockFile {
  readonly generation: number
  readonly endsAtMs: number
}

/**
 * Leases by lock files, for processes on one machine. A lock is `<name>.<generation>`, and its modification time is when
 * its lease ends. It is linked to its name as a finished file, which fails when there is one. Whoever finds the lease
 * ended takes the next generation: only one can, and the one before sees that it has lost its lease. What is in the file
 * names the holder.
 */
export class DiskLeases implements Leases {
  readonly #files: DiskFiles
  readonly #store: StoreEntry
  readonly #onError: (error: unknown) => void

  constructor(files: DiskFiles, store: StoreEntry, onError: (error: unknown) => void) {
    this.#files = files
    this.#store = store
    this.#onError = onError
  }

  async acquire(key: string, leaseMs: number): Promise<LeaseAnswer> {
    try {
      return await this.#acquire(storedName(key), leaseMs)
    } catch (error) {
      this.#onError(error)
      return 'alone'
    }
  }

  async #acquire(name: string, leaseMs: number): Promise<LeaseAnswer> {
    const last = (await this.#locksOf(name)).at(-1)
    if (last !== undefined && last.endsAtMs > Date.now()) return 'held'
    const generation = last === undefined ? 0 : last.generation + 1
    const file = this.#lockPath(name, generation)
    const token = `${process.pid} ${randomUUID()}\n`
    if (!(await this.#link(file, token, leaseMs))) return 'held'
    // Two may take different generations when a third lets go between their looks: whoever sees another one leaves.
    const others = (await this.#locksOf(name)).filter(lock => lock.generation !== generation)
    const isPresent = await this.#files.has(name)
    if (isPresent || others.some(lock => lock.endsAtMs > Date.now() || lock.generation > generation)) {
      await orAbsent(unlink(file))
      return isPresent ? 'present' : 'held'
    }
    for (const lock of others) await orAbsent(unlink(this.#lockPath(name, lock.generation)))
    return this.#lease(name, generation, token, leaseMs)
  }

  async #link(file: string, token: string, leaseMs: number): Promise<boolean> {
    const temporary = await this.#files.writeTemporary([Buffer.from(token)])
    try {
      await setEnd(temporary, leaseMs)
      await withFolder(this.#files.locks, () => link(temporary, file))
      return true
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    } finally {
      await orAbsent(unlink(temporary))
    }
  }

  #lease(name: string, generation: number, token: string, leaseMs: number): Lease {
    const file = this.#lockPath(name, generation)
    const isMine = async (): Promise<boolean> => (await orAbsent(readFile(file, 'utf8'))) === token
    const isHeld = async (): Promise<boolean> =>
      (await this.#locksOf(name)).at(-1)?.generation === generation && (await isMine())
    const guarded = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        this.#onError(error)
        return otherwise
      }
    }
    const release = (): Promise<void> =>
      guarded(async () => {
        if (await isMine()) await orAbsent(unlink(file))
      }, undefined)
    return {
      // Of the clock, as lock files don't outlive their leases and can't count.
      fence: clockFence(),
      release,
      renew: () =>
        guarded(
          async () => (await isHeld()) && (await orAbsent(setEnd(file, leaseMs).then(() => true))) === true,
          true,
        ),
      commit: async (body, options = {}): Promise<CommitResult> => {
        const stored = await this.#store(name, body, options, () => guarded(isHeld, false))
        await release()
        return stored === undefined ? 'lost' : stored ? 'stored' : 'rejected'
      },
    }
  }

  /** The locks of a name, by generation. */
  async #locksOf(name: string): Promise<LockFile[]> {
    const locks: LockFile[] = []
    for (const entry of await listFolder(this.#files.locks)) {
      const generation = entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN
      if (!Number.isSafeInteger(generation)) continue
      const found = await orAbsent(stat(path.join(this.#files.locks, entry)))
      if (found !== undefined) locks.push({ generation, endsAtMs: found.mtimeMs })
    }
    return locks.sort((a, b) => a.generation - b.generation)
  }

  #lockPath(name: string, generation: number): string {
    return path.join(this.#files.locks, `${name}.${generation}`)
  }
}

async function setEnd(file: string, leaseMs: number): Promise<void> {
  const endsAt = (Date.now() + leaseMs) / 1000
  await utimes(file, endsAt, endsAt)
}
