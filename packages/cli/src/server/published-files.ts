import type { FileHandle } from 'node:fs/promises'
import { open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { s3Source } from '@cuemux/source'
import { contentTypeOf, type IpfsStore, s3Settings } from '@cuemux/store'

/** How much is read at once. */
const PIECE_BYTES = 1 << 20

/** A file of a published presentation, to be read in parts. */
export interface PublishedFile {
  readonly sizeBytes: number
  readonly contentType: string
  /** What changes with its content, in quotes; `undefined` where nothing says it. */
  readonly etag: string | undefined
  /** Never changes under its address. */
  readonly isImmutable: boolean
  /** Its bytes from `start` to before `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** Where the files of a presentation are: by their paths beside its multivariant playlist. */
export interface PublishedFiles {
  /**
   * @throws CuemuxError `NOT_FOUND` for a file that isn't there, and others of the place
   */
  open(path: string, signal: AbortSignal): Promise<PublishedFile>
}

/**
 * The files below a folder. Nothing that is hidden, and nothing that a link leads out to.
 */
export function folderFiles(folder: string): PublishedFiles {
  return {
    async open(path) {
      const names = path.split('/')
      const isPlain = names.every(name => name !== '' && !name.startsWith('.') && !/[\\\0:]/.test(name))
      if (!isPlain) throw notFound(path)
      try {
        const file = await realpath(join(folder, ...names))
        if (!file.startsWith(`${await realpath(folder)}${sep}`)) throw notFound(path)
        return await localFile(await open(file, 'r'), path)
      } catch (error) {
        if (error instanceof CuemuxError) throw error
        throw notFound(path, error)
      }
    },
  }
}

async function localFile(handle: FileHandle, path: string): Promise<PublishedFile> {
  const found = await handle.stat()
  if (!found.isFile()) {
    await handle.close()
    throw notFound(path)
  }
  return {
    sizeBytes: found.size,
    contentType: contentTypeOf(path),
    etag: `"${found.size.toString(36)}-${found.mtimeMs.toString(36)}"`,
    isImmutable: false,
    async *read(start, end) {
      for (let at = start; at < end; ) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(PIECE_BYTES, end - at)), 0, undefined, at)
        if (bytesRead === 0) throw new CuemuxError('OUTPUT_FAILED', `${path} became shorter while it was read.`)
        yield buffer.subarray(0, bytesRead)
        at += bytesRead
      }
    },
    close: () => handle.close(),
  }
}

/** What a folder of IPFS blocks has, by `CID` or `CID/path`. */
export function ipfsFiles(store: IpfsStore): PublishedFiles {
  return {
    async open(path, signal) {
      const address = `ipfs://${path.split('/').map(encodeURIComponent).join('/')}`
      const { cid, sizeBytes, isDirectory } = await store.describe(address)
      if (isDirectory) throw notFound(path)
      return {
        sizeBytes,
        contentType: contentTypeOf(path),
        etag: `"${cid}"`,
        isImmutable: true,
        read: (start, end) => store.read(`ipfs://${cid}`, { offsetBytes: start, lengthBytes: end - start, signal }),
        close: async () => {},
      }
    },
  }
}

/**
 * The objects of a bucket below a prefix, read with the credentials of the environment, which stay here.
 *
 * @throws CuemuxError `BAD_REQUEST` without credentials
 */
export function s3Files(
  bucket: string,
  prefix: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): PublishedFiles {
  const settings = s3Settings(environment)
  return {
    async open(path, signal) {
      if (path.split('/').some(name => name === '' || name === '.' || name === '..')) throw notFound(path)
      const source = s3Source({ ...settings, bucket, key: `${prefix}${path}` })
      // The first read tells the size.
      const first = await Promise.resolve(source.read(0, PIECE_BYTES, { signal })).catch((error: unknown) => {
        throw isMissing(error) ? notFound(path, error) : error
      })
      return {
        sizeBytes: source.sizeBytes ?? first.byteLength,
        contentType: contentTypeOf(path),
        etag: undefined,
        isImmutable: false,
        async *read(start, end) {
          if (start < first.byteLength) yield first.subarray(start, end)
          for (let at = Math.max(start, first.byteLength); at < end; at += PIECE_BYTES) {
            yield await source.read(at, Math.min(PIECE_BYTES, end - at), { signal })
          }
        },
        close: async () => source.close?.(),
      }
    },
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof CuemuxError && error.message.includes('(HTTP 404)')
}

function notFound(path: string, cause?: unknown): CuemuxError {
  return new CuemuxError('NOT_FOUND', `There is no ${path}.`, cause === undefined ? {} : { cause })
}
