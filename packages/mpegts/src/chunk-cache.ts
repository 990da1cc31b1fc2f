import { type ByteSource, concatBytes, type ReadOptions } from '@cuemux/core'

interface Chunk {
  readonly base: number
  readonly bytes: Uint8Array
}

/** What is kept at most, bytes. */
const CAPACITY_BYTES = 32 * 1024 * 1024

/**
 * A remote source that keeps what was read last, so that looking for a keyframe and reading from it cost its bytes once.
 * A read takes what is there and fetches the rest.
 */
export class ChunkCache implements ByteSource {
  readonly #source: ByteSource
  /** The longest unused first. */
  #chunks: Chunk[] = []

  constructor(source: ByteSource, head: Uint8Array) {
    this.#source = source
    if (head.length > 0) this.#chunks.push({ base: 0, bytes: head })
  }

  get key(): string {
    return this.#source.key
  }
  get name(): string {
    return this.#source.name
  }
  get sizeBytes(): number | undefined {
    return this.#source.sizeBytes
  }
  get seekCostBytes(): number {
    return this.#source.seekCostBytes
  }

  async read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Promise<Uint8Array> {
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes ?? Number.POSITIVE_INFINITY)
    const parts: Uint8Array[] = []
    let at = offsetBytes
    while (at < end) {
      const known = this.#chunks.find(({ base, bytes }) => base <= at && at < base + bytes.length)
      const chunk = known ?? (await this.#fetch(at, end, options))
      if (chunk === undefined) break
      if (known !== undefined) this.#touch(known)
      const part = chunk.bytes.subarray(at - chunk.base, Math.min(chunk.bytes.length, end - chunk.base))
      parts.push(part)
      at += part.length
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts)
  }

  async #fetch(at: number, end: number, options: ReadOptions | undefined): Promise<Chunk | undefined> {
    let until = end
    for (const { base } of this.#chunks) if (base > at) until = Math.min(until, base)
    const bytes = await this.#source.read(at, until - at, options)
    if (bytes.length === 0) return undefined
    const chunk = { base: at, bytes }
    this.#chunks.push(chunk)
    let held = 0
    for (const { bytes: kept } of this.#chunks) held += kept.length
    while (held > CAPACITY_BYTES && this.#chunks.length > 1) held -= this.#chunks.shift()!.bytes.length
    return chunk
  }

  #touch(chunk: Chunk): void {
    if (this.#chunks.at(-1) === chunk) return
    this.#chunks = [...this.#chunks.filter(other => other !== chunk), chunk]
  }
}
