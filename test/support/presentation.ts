import type { ByteSource, ReadOptions } from '@cuemux/core'
import { openFile } from '@cuemux/source/node'
import { type HlsOptions, type HlsPresentation, type MediaInput, openMedia } from 'cuemux'
import type { Load } from '../hls-check/rendition.js'

/** A resource's bytes in one piece. */
export async function bytesOf(presentation: HlsPresentation, path: string): Promise<Uint8Array> {
  const { pieces } = await presentation.resource(path)
  return Buffer.concat(pieces)
}

/** A film's presentation, as the judge loads it. */
export async function presentFile(
  input: MediaInput,
  options?: HlsOptions,
): Promise<{ readonly presentation: HlsPresentation; readonly load: Load; readonly close: () => Promise<void> }> {
  const media = await openMedia(input)
  const presentation = await media.hls(options)
  return { presentation, load: path => bytesOf(presentation, path), close: () => media.close() }
}

/** A file that counts what is read of it. */
export interface CountingSource extends ByteSource {
  /** Reads since the last {@link CountingSource.reset}. */
  readonly reads: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[]
  /** Bytes that those reads brought. */
  readonly bytesRead: number
  reset(): void
}

/** Opens a file as a source that counts; `seekCostBytes` makes it behave like a remote one. */
export async function countingFile(file: string, seekCostBytes?: number): Promise<CountingSource> {
  const inner = await openFile(file)
  let reads: { offsetBytes: number; lengthBytes: number }[] = []
  return {
    key: inner.key,
    name: inner.name,
    sizeBytes: inner.sizeBytes,
    seekCostBytes: seekCostBytes ?? inner.seekCostBytes,
    get reads() {
      return reads
    },
    get bytesRead() {
      return reads.reduce((sum, read) => sum + read.lengthBytes, 0)
    },
    reset() {
      reads = []
    },
    async read(offsetBytes: number, lengthBytes: number, options?: ReadOptions) {
      const bytes = await inner.read(offsetBytes, lengthBytes, options)
      reads.push({ offsetBytes, lengthBytes: bytes.byteLength })
      return bytes
    },
    close: async () => inner.close?.(),
  }
}
