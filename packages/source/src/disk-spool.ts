import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toCuemuxError } from '@cuemux/core'
import { allocate } from './range.js'
import type { Spool } from './spool.js'

/** Where {@link diskSpool} writes, and how much. */
export interface DiskSpoolOptions {
  /** Folder for the file; that of temporary files when not given. */
  readonly folder?: string | undefined
  /** Bytes that it may take; 16 GiB when not given. */
  readonly limitBytes?: number | undefined
}

const DEFAULT_LIMIT_BYTES = 16 * 1024 ** 3

class DiskSpool implements Spool {
  readonly limitBytes: number
  readonly #folder: string
  #file: Promise<FileHandle> | undefined

  constructor(options: DiskSpoolOptions) {
    this.#folder = options.folder ?? tmpdir()
    this.limitBytes = options.limitBytes ?? DEFAULT_LIMIT_BYTES
  }

  async write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= openNameless(this.#folder)
      const file = await this.#file
      for (let done = 0; done < bytes.byteLength; ) {
        done += (await file.write(bytes, done, bytes.byteLength - done, offsetBytes + done)).bytesWritten
      }
    } catch (error) {
      throw toCuemuxError(error, 'OUTPUT_FAILED', `The film can't be kept in ${this.#folder}`)
    }
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = allocate(lengthBytes)
    const file = await this.#file
    for (let done = 0; file !== undefined && done < lengthBytes; ) {
      const { bytesRead } = await file.read(bytes, done, lengthBytes - done, offsetBytes + done)
      if (bytesRead === 0) return bytes.subarray(0, done)
      done += bytesRead
    }
    return bytes
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await (await file?.catch(() => undefined))?.close()
  }
}

/** A file that has no name any more: it goes with the process, whatever becomes of that. */
async function openNameless(folder: string): Promise<FileHandle> {
  const own = await mkdtemp(join(folder, 'cuemux-'))
  try {
    return await open(join(own, 'film'), 'wx+', 0o600)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

/**
 * Keeps a download on disk while its source is open, so that a film on a server without ranges is downloaded once
 * however it is read, and a stream can be read backwards. The file is removed from its folder as soon as it is made:
 * nothing stays behind, not even after a crash (Windows keeps such a file until it is closed).
 */
export function diskSpool(options: DiskSpoolOptions = {}): Spool {
  return new DiskSpool(options)
}
