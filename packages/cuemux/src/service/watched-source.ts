import type { ByteSource, ReadOptions } from '@cuemux/core'

/** Enough of a film's beginning to tell it from another one at the same address. */
const HEAD_BYTES = 4096

/** Told of each read that brought bytes. */
export type OnRead = (offsetBytes: number, byteLength: number, durationMs: number) => void

/** A source whose reads are counted. */
export function watchedSource(source: ByteSource, onRead: OnRead): ByteSource {
  return source.readInto === undefined ? new WatchedSource(source, onRead) : new WatchedReadIntoSource(source, onRead)
}

class WatchedSource implements ByteSource {
  readonly key: string
  readonly name: string
  readonly seekCostBytes: number
  /** The film's first bytes, after a read that had them. */
  head: Uint8Array | undefined
  protected readonly source: ByteSource
  protected readonly onRead: OnRead

  constructor(source: ByteSource, onRead: OnRead) {
    this.source = source
    this.onRead = onRead
    this.key = source.key
    this.name = source.name
    this.seekCostBytes = source.seekCostBytes
  }

  get sizeBytes(): number | undefined {
    return this.source.sizeBytes
  }

  /** What the source said of its state, where it is one that does. */
  get validator(): string | undefined {
    return validatorOf(this.source)
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    const startMs = performance.now()
    const bytes = this.source.read(offsetBytes, lengthBytes, options)
    if (bytes instanceof Promise) return this.#counted(bytes, offsetBytes, startMs)
    this.#count(bytes, offsetBytes, startMs)
    return bytes
  }

  #count(bytes: Uint8Array, offsetBytes: number, startMs: number): void {
    if (offsetBytes === 0) this.head ??= bytes.slice(0, HEAD_BYTES)
    this.onRead(offsetBytes, bytes.byteLength, performance.now() - startMs)
  }

  async #counted(read: Promise<Uint8Array>, offsetBytes: number, startMs: number): Promise<Uint8Array> {
    const bytes = await read
    this.#count(bytes, offsetBytes, startMs)
    return bytes
  }

  async close(): Promise<void> {
    await this.source.close?.()
  }
}

class WatchedReadIntoSource extends WatchedSource {
  async readInto(offsetBytes: number, target: Uint8Array, options?: ReadOptions): Promise<number> {
    const startMs = performance.now()
    const count = (await this.source.readInto?.(offsetBytes, target, options)) ?? 0
    this.onRead(offsetBytes, count, performance.now() - startMs)
    return count
  }
}

/** What a source says of the state of its film, as an HTTP source does after its first answer. */
export function validatorOf(source: ByteSource): string | undefined {
  const { validator } = source as { readonly validator?: unknown }
  return typeof validator === 'string' ? validator : undefined
}

/** A film's first bytes: those that were read already, or a small read, which pins the source. */
export function headOf(source: ByteSource, signal: AbortSignal | undefined): Uint8Array | Promise<Uint8Array> {
  const known = source instanceof WatchedSource ? source.head : undefined
  return known ?? source.read(0, HEAD_BYTES, { signal })
}
