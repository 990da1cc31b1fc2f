import { throwIfAborted } from '@cuemux/core'
import type {
  Cache,
  CacheBody,
  CacheEntry,
  CacheEventListener,
  CacheGetOptions,
  CacheSetOptions,
  CacheStats,
  Leases,
} from './cache.js'
import { Counters } from './counters.js'
import { DiskFiles, hasCode } from './disk-files.js'
import { DiskLeases } from './disk-leases.js'
import { DiskSweeper } from './disk-sweeper.js'
import { storedName } from './key.js'
import { positive } from './limits.js'
import { bodyLength, decodeRecord, encodeRecord } from './record.js'

/** A hit writes the file's time of use at most this often. */
const TOUCH_AFTER_MS = 30_000
/** The largest record, whatever the cache's size. */
const MAX_RECORD_BYTES = 2 ** 30

/** Options of {@link diskCache}. */
export interface DiskCacheOptions {
  /** Where the files lie, in a folder `v1` that is made in it. On a local disk. */
  readonly folder: string
  /** How much all files together may take. 4 GiB when left out. */
  readonly maxBytes?: number
  /** Is told what goes wrong. */
  readonly onEvent?: CacheEventListener
}

/**
 * A cache of files, shared by all processes that give the same folder.
 *
 * A file takes its place as a whole, and is checked when it is read: a damaged one is removed and is a miss. The least
 * recently used files are removed when there are more than `maxBytes`; each process looks at the whole folder once
 * before it first makes room, in the background, and then after every 16th of `maxBytes` that it wrote. What the
 * system refuses (no space, no rights) is a miss and an `error` event.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function diskCache(options: DiskCacheOptions): Cache {
  return new DiskCache(options.folder, positive('maxBytes', options.maxBytes ?? 4 * 2 ** 30), options.onEvent)
}

class DiskCache implements Cache {
  readonly leases: Leases
  readonly #files: DiskFiles
  readonly #sweeper: DiskSweeper
  readonly #counters: Counters
  readonly #maxRecordBytes: number
  #isClosed = false

  constructor(folder: string, maxBytes: number, onEvent: CacheEventListener | undefined) {
    this.#files = new DiskFiles(folder)
    this.#counters = new Counters('disk', onEvent)
    this.#sweeper = new DiskSweeper(this.#files, maxBytes, this.#counters)
    this.#maxRecordBytes = Math.min(maxBytes, MAX_RECORD_BYTES)
    this.leases = new DiskLeases(
      this.#files,
      (name, body, options, confirm) => this.#store(name, body, options, confirm),
      error => this.#counters.failed('lease', error),
    )
  }

  async get(key: string, options: CacheGetOptions = {}): Promise<CacheEntry | undefined> {
    const name = storedName(key)
    throwIfAborted(options.signal)
    const entry = this.#isClosed ? undefined : await this.#read(name)
    throwIfAborted(options.signal)
    return this.#counters.found(entry)
  }

  async set(key: string, body: CacheBody, options: CacheSetOptions = {}): Promise<void> {
    await this.#store(storedName(key), body, options)
  }

  async delete(key: string): Promise<void> {
    const name = storedName(key)
    try {
      await this.#files.remove(name)
    } catch (error) {
      this.#counters.failed('delete', error)
    }
  }

  stats(): CacheStats {
    return this.#counters.stats(this.#sweeper.heldBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sweeper.close()
  }

  async #read(name: string): Promise<CacheEntry | undefined> {
    try {
      const found = await this.#files.read(name, MAX_RECORD_BYTES, TOUCH_AFTER_MS)
      if (found === undefined) return undefined
      const entry = decodeRecord(found.record)
      if (entry === undefined) await this.#files.remove(name, found.inode)
      return entry
    } catch (error) {
      this.#counters.failed('get', error)
      return undefined
    }
  }

  /** Whether the entry was stored; `undefined` when `confirm` said no. */
  async #store(
    name: string,
    body: CacheBody,
    options: CacheSetOptions,
    confirm?: () => Promise<boolean>,
  ): Promise<boolean | undefined> {
    const pieces = encodeRecord(body, options)
    const sizeBytes = bodyLength(pieces)
    if (sizeBytes > this.#maxRecordBytes || this.#isClosed) {
      this.#counters.rejected()
      return false
    }
    try {
      if (!(await this.#files.write(name, pieces, confirm))) return undefined
      this.#counters.stored(bodyLength(body))
      this.#sweeper.wrote(sizeBytes)
      return true
    } catch (error) {
      if (hasCode(error, 'ENOSPC')) this.#sweeper.ranOutOfSpace()
      this.#counters.rejected()
      this.#counters.failed('set', error)
      return false
    }
  }
}
