import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ByteSource, CuemuxError, type ReadOptions } from '@cuemux/core'

/** The sample film. */
export function sampleBytes(kind: 'mkv' | 'mp4' = 'mkv'): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../sample/cuemux-sample.${kind}`, import.meta.url))))
}

/** A film that counts as remote, in memory, whose reads can be looked at and broken. */
export class RemoteFilm implements ByteSource {
  readonly key: string
  readonly name = 'film'
  readonly sizeBytes: number
  readonly seekCostBytes: number = 512 * 1024
  readonly validator: string
  readonly reads: { readonly offsetBytes: number; readonly lengthBytes: number }[] = []
  /** What the next reads throw. */
  failure: CuemuxError | undefined
  /** Reads wait for it. */
  gate: Promise<void> = Promise.resolve()
  isClosed = false
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array = sampleBytes(), key = 'https://films.test/film', validator = '"1"') {
    this.#bytes = bytes
    this.key = key
    this.validator = validator
    this.sizeBytes = bytes.byteLength
  }

  get bytesRead(): number {
    return this.reads.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0)
  }

  async read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Promise<Uint8Array> {
    await this.gate
    if (options?.signal?.aborted) throw new CuemuxError('ABORTED', 'The read was aborted.')
    if (this.isClosed) throw new CuemuxError('SOURCE_UNREACHABLE', 'https://films.test/film is closed.')
    if (this.failure !== undefined) throw this.failure
    const bytes = this.#bytes.slice(offsetBytes, offsetBytes + lengthBytes)
    this.reads.push({ offsetBytes, lengthBytes: bytes.byteLength })
    return bytes
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}
