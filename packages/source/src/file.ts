import { type BigIntStats, close, closeSync, constants, fstatSync, openSync, read, readSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { abortedError } from './abort.js'
import { checkRange, clampLength, closedError, NO_BYTES } from './range.js'

/** How {@link openFile} reads. */
export interface FileSourceOptions {
  /**
   * Reads up to this many bytes are done at once, on the event loop, and return a value; 64 KiB when not given, 0 for
   * never. See {@link openFile}.
   */
  readonly syncReadBytes?: number | undefined
}

const DEFAULT_SYNC_READ_BYTES = 64 * 1024
/** A read on the event loop that takes longer than this came from a disk or a network, not from memory. */
const SLOW_READ_MS = 4
/** For how long reads stay off the event loop after two slow ones within this time. */
const SLOW_PENALTY_MS = 1000
/** A larger read is done as several at once, each of at least this size. */
const MIN_PART_BYTES = 512 * 1024
/** As many as the thread pool has threads, unless it was told otherwise. */
const MAX_PARTS = 4
/** {@link ByteSource.readInto} reads up to this size in one part. */
const MAX_WHOLE_BYTES = 2 * 1024 * 1024
const PAGE_BYTES = 4096

class FileSource implements ByteSource {
  readonly key: string
  readonly name: string
  readonly sizeBytes: number
  readonly seekCostBytes: number = 32 * 1024
  readonly #path: string
  readonly #syncReadBytes: number
  #descriptor: number
  #isClosed = false
  /** Reads on other threads: the descriptor must outlive them, or they would read whatever file gets its number next. */
  #underWay = 0
  #whenIdle: (() => void) | undefined
  #offLoopUntilMs = 0
  #lastSlowMs = Number.NEGATIVE_INFINITY

  constructor(path: string, descriptor: number, stats: BigIntStats, options: FileSourceOptions) {
    this.#path = path
    this.#descriptor = descriptor
    this.#syncReadBytes = options.syncReadBytes ?? DEFAULT_SYNC_READ_BYTES
    this.name = basename(path)
    this.sizeBytes = Number(stats.size)
    this.key = `file:${path}?size=${stats.size}&mtime=${stats.mtimeNs}&inode=${stats.dev}:${stats.ino}`
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    checkRange(offsetBytes, lengthBytes)
    throwIfAborted(options?.signal)
    if (this.#isClosed) throw closedError(this.name)
    const length = clampLength(offsetBytes, lengthBytes, this.sizeBytes)
    if (length === 0) return NO_BYTES
    const buffer = allocateBuffer(length)
    if (length <= this.#syncReadBytes && this.#offLoopUntilMs < performance.now()) {
      this.#readNow(buffer, offsetBytes)
      return buffer
    }
    return this.#readParts(buffer, length, offsetBytes, partsOf(length), options?.signal).then(() => buffer)
  }

  async readInto(offsetBytes: number, target: Uint8Array, options?: ReadOptions): Promise<number> {
    checkRange(offsetBytes, target.byteLength)
    throwIfAborted(options?.signal)
    if (this.#isClosed) throw closedError(this.name)
    const length = clampLength(offsetBytes, target.byteLength, this.sizeBytes)
    if (length === 0) return 0
    // Who reads small pieces so has several reads under way.
    const parts = length <= MAX_WHOLE_BYTES ? 1 : partsOf(length)
    await this.#readParts(target, length, offsetBytes, parts, options?.signal)
    return length
  }

  #readNow(buffer: Uint8Array, offsetBytes: number): void {
    const startMs = performance.now()
    let filled = 0
    while (filled < buffer.byteLength) {
      const count = this.#pread(buffer, filled, offsetBytes + filled)
      if (count === 0) throw this.#shorterThanOpened(offsetBytes + filled)
      filled += count
    }
    const endMs = performance.now()
    if (endMs - startMs <= SLOW_READ_MS) return
    // One alone may be the system's: another process had the core.
    if (endMs - this.#lastSlowMs < SLOW_PENALTY_MS) this.#offLoopUntilMs = endMs + SLOW_PENALTY_MS
    this.#lastSlowMs = endMs
  }

  #pread(buffer: Uint8Array, filled: number, offsetBytes: number): number {
    try {
      return readSync(this.#descriptor, buffer, filled, buffer.byteLength - filled, offsetBytes)
    } catch (error) {
      throw readError(error, this.#path, offsetBytes)
    }
  }

  /** Reads `length` bytes into the beginning of a buffer, off the event loop. */
  async #readParts(
    buffer: Uint8Array,
    length: number,
    offsetBytes: number,
    parts: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#underWay++
    try {
      const partBytes = Math.ceil(length / parts / PAGE_BYTES) * PAGE_BYTES
      const reads: Promise<void>[] = []
      for (let from = 0; from < length; from += partBytes) {
        reads.push(this.#fill(buffer, from, Math.min(length, from + partBytes), offsetBytes, signal))
      }
      // All are awaited even when one fails: the descriptor stays open, and no thread writes to a buffer in use.
      for (const result of await Promise.allSettled(reads)) if (result.status === 'rejected') throw result.reason
    } finally {
      if (--this.#underWay === 0) this.#whenIdle?.()
    }
  }

  /** Fills `buffer` from `from` to `to`; a read of the system may give less than it was asked for. */
  #fill(
    buffer: Uint8Array,
    from: number,
    to: number,
    baseBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return new Promise((settle, reject) => {
      const next = (): void => {
        read(this.#descriptor, buffer, from, to - from, baseBytes + from, (error, count) => {
          if (error) return reject(readError(error, this.#path, baseBytes + from))
          if (signal?.aborted) return reject(abortedError(signal))
          if (count === 0) return reject(this.#shorterThanOpened(baseBytes + from))
          from += count
          if (from === to) settle()
          else next()
        })
      }
      next()
    })
  }

  #shorterThanOpened(offsetBytes: number): CuemuxError {
    const now = fstatSync(this.#descriptor).size
    return new CuemuxError(
      'SOURCE_CHANGED',
      `${this.#path} has ${now} bytes, but had ${this.sizeBytes} when it was opened.`,
      {
        at: { offsetBytes },
        hint: 'Open it again.',
      },
    )
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#underWay > 0) await new Promise<void>(idle => (this.#whenIdle = idle))
    const descriptor = this.#descriptor
    this.#descriptor = -1
    await new Promise<void>(done => close(descriptor, () => done()))
  }
}

function partsOf(length: number): number {
  return Math.max(1, Math.min(MAX_PARTS, Math.floor(length / MIN_PART_BYTES)))
}

/** Not from the pool: a kept view must not keep its neighbours, and nothing else may share its ArrayBuffer. Not zeroed: every byte is read. */
function allocateBuffer(length: number): Uint8Array {
  try {
    // A plain Uint8Array over it: parsers that also get bytes from elsewhere see one kind of object only.
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  } catch (cause) {
    throw new CuemuxError('LIMIT_EXCEEDED', `There is no memory for one read of ${length} bytes.`, { cause })
  }
}

/**
 * A film in a file. Size, time of change and inode are pinned: they are in its key, and a read that finds the file cut
 * short throws `SOURCE_CHANGED`. A file that is replaced by renaming another over it is read on as it was opened; one
 * that grows is read up to the size that it had.
 *
 * Reads of up to 64 KiB are made on the event loop: 1 µs for 512 bytes and 6 µs for 64 KiB out of the page cache, where
 * the thread pool takes 35 µs for either (Node 20, Linux, two cores). When two within a second take more than 4 ms (a
 * disk that must seek, a network mount) the next second's reads go to the thread pool. Larger reads always do, in up to
 * four parts at once: a remux of 658 MB in reads of 4 to 8 MiB took 265 ms so, 290 ms in two parts and 395 ms in one.
 * `fs.read` and `FileHandle.read` are alike (49 ms for the 658 MB alone, 2 MiB at a time, two under way); `readSync`
 * is as fast (53 ms) but holds up everything else.
 *
 * It holds a file descriptor until `close()`. Nothing else gives that back: no finalizer, since the collector may come
 * late or never. `close()` waits for the reads under way.
 *
 * @throws CuemuxError `NOT_FOUND` (no such file), `BAD_REQUEST` (a folder, a pipe, a device, no path),
 *   `SOURCE_UNREACHABLE` (no permission, an I/O error), `CAPACITY` (too many open files)
 */
export async function openFile(path: string | URL, options: FileSourceOptions = {}): Promise<ByteSource> {
  return fileSource(path, options)
}

/** {@link openFile} without a promise: opening is two system calls, made on the event loop. */
export function fileSource(path: string | URL, options: FileSourceOptions = {}): ByteSource {
  const absolute = absolutePath(path)
  let descriptor: number | undefined
  try {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    refuseUnlessFile(statSync(absolute, { bigint: true }), absolute)
    descriptor = openSync(absolute, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stats = fstatSync(descriptor, { bigint: true })
    refuseUnlessFile(stats, absolute)
    return new FileSource(absolute, descriptor, stats, options)
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor)
    throw openError(error, absolute)
  }
}

function absolutePath(path: string | URL): string {
  try {
    const text = typeof path === 'string' ? path : fileURLToPath(path)
    if (text !== '' && !text.includes('\0')) return resolve(text)
  } catch (error) {
    throw toCuemuxError(error, 'BAD_REQUEST', `${path} is not the path of a file`)
  }
  throw new CuemuxError('BAD_REQUEST', `${JSON.stringify(path)} is not the path of a file.`)
}

function refuseUnlessFile(stats: BigIntStats, path: string): void {
  if (stats.isFile()) return
  if (stats.isDirectory()) throw new CuemuxError('BAD_REQUEST', `${path} is a folder, not a film.`)
  throw new CuemuxError('BAD_REQUEST', `${path} is a pipe, socket or device: only a file can be read at any place.`)
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

function openError(error: unknown, path: string): CuemuxError {
  const code = errorCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new CuemuxError('NOT_FOUND', `There is no file ${path}.`, { cause: error })
  if (code === 'EACCES' || code === 'EPERM') {
    return new CuemuxError('SOURCE_UNREACHABLE', `There is no permission to read ${path}.`, { cause: error })
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new CuemuxError('CAPACITY', `${path} can't be opened: too many files are open.`, {
      cause: error,
      hint: 'Close other films or raise the limit (ulimit -n).',
    })
  }
  if (code === 'ENAMETOOLONG' || code === 'ELOOP' || code === 'EINVAL') {
    return new CuemuxError('BAD_REQUEST', `${path} is not the path of a file.`, { cause: error })
  }
  return toCuemuxError(error, 'SOURCE_UNREACHABLE', `${path} can't be opened`)
}

function readError(error: unknown, path: string, offsetBytes: number): CuemuxError {
  const code = errorCode(error)
  if (code === 'ESTALE') {
    return new CuemuxError('SOURCE_CHANGED', `${path} was replaced on its server.`, {
      cause: error,
      at: { offsetBytes },
    })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new CuemuxError('SOURCE_UNREACHABLE', `${path} can't be read: ${reason}.`, {
    cause: error,
    at: { offsetBytes },
  })
}
