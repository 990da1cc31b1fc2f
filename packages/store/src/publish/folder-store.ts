import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { throwIfAborted } from '@cuemux/core'
import { hasCode } from '../disk-files.js'
import { readPieces } from './body.js'
import { outputFailed } from './failure.js'
import { checkPath, fillTemplate, pathTemplate, relativeAddress, resolveFolder } from './naming.js'
import type {
  PublishBody,
  PublishOptions,
  PublishStore,
  PutOptions,
  StoredFile,
  VerifiedFile,
} from './publish-store.js'
import { TemporaryFiles, writePieces } from './temporary-files.js'

/** How much of a file is read at once to be hashed. */
const READ_BYTES = 2 ** 20

/** Options of {@link folderStore}. */
export interface FolderStoreOptions {
  /** Where the files go. Made when it isn't there. */
  readonly folder: string
  /**
   * Where the folder is served from, when playlists shall have absolute addresses: `https://cdn.example/film`, or a
   * template with `{path}` in it. Relative ones when left out.
   */
  readonly publicUrl?: string
}

/**
 * Publishes to a folder. A file is written aside, in `.cuemux-temp`, forced to the disk and renamed; so what has its name is whole,
 * also after a crash. The checksum is SHA-256.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function folderStore(options: FolderStoreOptions): PublishStore {
  return new FolderStore(resolveFolder(options.folder), options.publicUrl)
}

class FolderStore implements PublishStore {
  readonly kind = 'folder'
  readonly #folder: string
  readonly #template: string | undefined
  readonly #temporary: TemporaryFiles

  constructor(folder: string, publicUrl: string | undefined) {
    this.#folder = folder
    this.#template = publicUrl === undefined ? undefined : pathTemplate(publicUrl)
    this.#temporary = new TemporaryFiles(path.join(folder, '.cuemux-temp'))
  }

  async put(name: string, body: PublishBody, options: PutOptions = {}): Promise<StoredFile> {
    const file = this.#fileOf(name)
    const hash = createHash('sha256')
    let sizeBytes = 0
    try {
      await this.#temporary.place(file, true, async handle => {
        for await (const piece of readPieces(body, options.signal)) {
          hash.update(piece)
          sizeBytes += piece.byteLength
          await writePieces(handle, [piece])
        }
      })
    } catch (error) {
      throw outputFailed(error, `Can't write ${file}`)
    }
    return this.#stored(name, `sha256:${hash.digest('hex')}`, sizeBytes)
  }

  async find(name: string, body: readonly Uint8Array[], options: PublishOptions = {}): Promise<StoredFile | undefined> {
    const hash = createHash('sha256')
    for (const piece of body) hash.update(piece)
    const checksum = `sha256:${hash.digest('hex')}`
    const found = await this.verify(name, options)
    return found?.checksum === checksum ? this.#stored(name, checksum, found.sizeBytes) : undefined
  }

  async verify(address: string, options: PublishOptions = {}): Promise<VerifiedFile | undefined> {
    const file = this.#fileOf(address)
    try {
      const handle = await open(file, 'r')
      try {
        return { address, ...(await hashFile(handle, options.signal)) }
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
      throw outputFailed(error, `Can't read ${file}`)
    }
  }

  playlistAddress(file: StoredFile, playlistPath: string): string {
    return this.#template === undefined
      ? relativeAddress(checkPath(playlistPath), file.path)
      : fillTemplate(this.#template, file)
  }

  async close(): Promise<void> {
    await this.#temporary.close()
  }

  #stored(name: string, checksum: string, sizeBytes: number): StoredFile {
    const url = this.#template === undefined ? {} : { url: fillTemplate(this.#template, { path: name }) }
    return { path: name, address: name, ...url, checksum, sizeBytes }
  }

  #fileOf(name: string): string {
    return path.join(this.#folder, ...checkPath(name).split('/'))
  }
}

async function hashFile(
  handle: FileHandle,
  signal: AbortSignal | undefined,
): Promise<{ checksum: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const stream = handle.createReadStream({ highWaterMark: READ_BYTES, autoClose: false })
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    throwIfAborted(signal)
    hash.update(piece)
    sizeBytes += piece.byteLength
  }
  return { checksum: `sha256:${hash.digest('hex')}`, sizeBytes }
}
