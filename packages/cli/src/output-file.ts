import { fstatSync, writev, writevSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { CuemuxError } from '@cuemux/core'

/** Errors of the operating system that have a plainer name. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  ENOENT: 'the folder does not exist',
  EEXIST: 'a file stands in its way',
}

/** An error of the file system as `OUTPUT_FAILED`, with its reason in words. */
export function outputError(path: string, error: unknown): CuemuxError {
  if (error instanceof CuemuxError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error))
  return new CuemuxError('OUTPUT_FAILED', `Cannot write ${path}: ${reason}.`, { cause: error })
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw outputError(path, error)
  }
}

/** Takes a folder away that nothing was written into; one that has something in it stays. */
export async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined)
}

/** A file that comes into being under its name only when it is complete. */
export interface OutputFile {
  /** Appends all of the pieces. */
  write(pieces: readonly Uint8Array[]): Promise<void>
  /** Ends the file and gives it its name. */
  commit(): Promise<void>
  /** Ends and takes away what was written. Does nothing after {@link commit}. */
  discard(): Promise<void>
}

/**
 * Opens a file for writing under a temporary name beside its own. A device or a pipe is written as it is, and a link's
 * target takes the place of the link: neither may be replaced by a file.
 *
 * @throws CuemuxError `OUTPUT_FAILED`
 */
export async function openOutputFile(path: string): Promise<OutputFile> {
  try {
    const existing = await stat(path).catch(() => undefined)
    if (existing?.isDirectory()) throw new CuemuxError('OUTPUT_FAILED', `Cannot write ${path}: it is a folder.`)
    if (existing !== undefined && !existing.isFile()) return new AtomicFile(path, undefined, await open(path, 'w'))
    const target = existing === undefined ? path : await realpath(path)
    const temporary = temporaryName(target)
    return new AtomicFile(target, temporary, await open(temporary, 'wx'))
  } catch (error) {
    throw outputError(path, error)
  }
}

/** Writes a whole file under a temporary name, then gives it its own. */
export async function writeFileAtomically(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await openOutputFile(path)
  try {
    await file.write(pieces)
    await file.commit()
  } finally {
    await file.discard()
  }
}

let temporaries = 0

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${temporaries++}.part`)
}

class AtomicFile implements OutputFile {
  readonly #path: string
  readonly #temporary: string | undefined
  #handle: FileHandle | undefined

  constructor(path: string, temporary: string | undefined, handle: FileHandle) {
    this.#path = path
    this.#temporary = temporary
    this.#handle = handle
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#handle === undefined) throw new CuemuxError('OUTPUT_FAILED', `${this.#path} is already closed.`)
    try {
      await writeAll(this.#handle, pieces)
    } catch (error) {
      throw outputError(this.#path, error)
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#close()
      if (this.#temporary !== undefined) await rename(this.#temporary, this.#path)
    } catch (error) {
      if (this.#temporary !== undefined) await rm(this.#temporary, { force: true })
      throw outputError(this.#path, error)
    }
  }

  async discard(): Promise<void> {
    if (this.#handle === undefined) return
    await this.#close().catch(() => {})
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true }).catch(() => {})
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }
}

/** What {@link writeAll} writes to: the handle of a file, or a descriptor. */
type Writable = Pick<FileHandle, 'writev'>

/**
 * A writer past a stream that ends in a file or a device: the stream would make a system call of each piece, and wait for
 * it on the event loop. `undefined` where it is anything else, a pipe above all, which only the stream can wait for.
 */
export function directWriter(output: object): ((pieces: readonly Uint8Array[]) => Promise<void>) | undefined {
  if (!('fd' in output) || typeof output.fd !== 'number') return undefined
  const { fd } = output
  const stats = fstatSync(fd)
  if (!stats.isFile() && !stats.isCharacterDevice()) return undefined
  const descriptor: Writable = {
    writev: async buffers => {
      // A device takes no time worth another thread, a file does.
      const bytesWritten = stats.isFile() ? (await writeOffLoop(fd, buffers)).bytesWritten : writevSync(fd, buffers)
      return { bytesWritten, buffers }
    },
  }
  return async pieces => {
    try {
      await writeAll(descriptor, pieces)
    } catch (error) {
      throw outputError('to stdout', error)
    }
  }
}

const writeOffLoop = promisify(writev)

/** One `writev` as a rule; a device or a nearly full disk may take a part only. */
async function writeAll(handle: Writable, pieces: readonly Uint8Array[]): Promise<void> {
  let rest: readonly Uint8Array[] = pieces
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest)
    let whole = 0
    while (whole < rest.length && bytesWritten >= (rest[whole]?.byteLength ?? 0)) {
      bytesWritten -= rest[whole]?.byteLength ?? 0
      whole++
    }
    const [cut, ...others] = rest.slice(whole)
    rest = cut === undefined ? [] : [cut.subarray(bytesWritten), ...others]
  }
}
