import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { identityOf, type NamedSourceOptions } from './bytes.js'
import { checkRange, clampLength, NO_BYTES, namedKey } from './range.js'

class BlobSource implements ByteSource {
  readonly key: string
  readonly name: string
  readonly sizeBytes: number
  /** What a slice of a file costs in a browser: one message to another process. */
  readonly seekCostBytes: number = 64 * 1024
  readonly #blob: Blob

  constructor(blob: Blob, options: NamedSourceOptions) {
    this.#blob = blob
    this.sizeBytes = blob.size
    this.name = options.name ?? ('name' in blob && typeof blob.name === 'string' ? blob.name : 'film')
    this.key = namedKey(options.key ?? `blob:${identityOf(blob)}`)
  }

  async read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Promise<Uint8Array> {
    checkRange(offsetBytes, lengthBytes)
    throwIfAborted(options?.signal)
    const length = clampLength(offsetBytes, lengthBytes, this.sizeBytes)
    if (length === 0) return NO_BYTES
    const bytes = await this.#slice(offsetBytes, length)
    throwIfAborted(options?.signal)
    if (bytes.byteLength === length) return bytes
    throw new CuemuxError('SOURCE_CHANGED', `${this.name} gave ${bytes.byteLength} bytes where it had ${length}.`, {
      at: { offsetBytes },
    })
  }

  async #slice(offsetBytes: number, length: number): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.#blob.slice(offsetBytes, offsetBytes + length).arrayBuffer())
    } catch (error) {
      // What browsers throw when the file behind a File was edited or removed after it was picked.
      if (error instanceof Error && error.name === 'NotReadableError') {
        throw new CuemuxError('SOURCE_CHANGED', `${this.name} was changed or removed since it was chosen.`, {
          at: { offsetBytes },
          cause: error,
        })
      }
      throw toCuemuxError(error, 'SOURCE_UNREACHABLE', `${this.name} can't be read`)
    }
  }
}

/**
 * A Blob, or a File that a person picked in a browser. Read slice by slice, never as a whole. Its key names this very
 * Blob object; pass `key` for one that outlives the page.
 */
export function blobSource(blob: Blob, options: NamedSourceOptions = {}): ByteSource {
  return new BlobSource(blob, options)
}
