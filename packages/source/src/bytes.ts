import type { ByteSource } from '@cuemux/core'
import { checkRange, clampLength, namedKey } from './range.js'
import { sha256Hex } from './sha256.js'

/** What to call a source that has no name of its own. */
export interface NamedSourceOptions {
  /** File name, shown to people and a hint of the container; `film` when not given. */
  readonly name?: string | undefined
  /** Names the content for caches, in place of the one that Cuemux makes. The caller vouches that the same key means the same bytes. */
  readonly key?: string | undefined
}

/** Up to this size the content itself is hashed for the key: about 7 ms. */
const MAX_HASHED_BYTES = 1024 * 1024

const identities = new WeakMap<object, string>()
let lastIdentity = 0
/** Two processes must not give two contents the same name, should their keys meet in a shared cache. */
const processNonce = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`

/** A name for an object that no other object has, in this process or another. */
export function identityOf(object: object): string {
  let identity = identities.get(object)
  if (identity === undefined) {
    identity = `${processNonce}-${++lastIdentity}`
    identities.set(object, identity)
  }
  return identity
}

class BytesSource implements ByteSource {
  readonly name: string
  readonly sizeBytes: number
  readonly seekCostBytes: number = 0
  readonly #bytes: Uint8Array
  #key: string | undefined

  constructor(bytes: Uint8Array, options: NamedSourceOptions) {
    // Without the methods of a Buffer, whose `slice` is no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#key = options.key === undefined ? undefined : namedKey(options.key)
    this.name = options.name ?? 'film'
    this.sizeBytes = bytes.byteLength
  }

  get key(): string {
    this.#key ??= keyOf(this.#bytes)
    return this.#key
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    checkRange(offsetBytes, lengthBytes)
    return this.#bytes.subarray(offsetBytes, offsetBytes + clampLength(offsetBytes, lengthBytes, this.sizeBytes))
  }
}

function keyOf(bytes: Uint8Array): string {
  if (bytes.byteLength <= MAX_HASHED_BYTES) return `sha256:${sha256Hex(bytes)}`
  return `memory:${identityOf(bytes.buffer)}:${bytes.byteOffset}+${bytes.byteLength}`
}

/**
 * A film in memory. Every read is a view, at once; the bytes must not change while the source is in use.
 *
 * Its key is the SHA-256 of the content up to 1 MiB, made when first asked for. A sample of a larger content would not
 * name it (two cuts of one film agree nearly everywhere) and hashing all of it would cost seconds, so a larger one is
 * named by its place in memory: the same array has the same key, an equal copy has another. Pass `key` to say more.
 */
export function bytesSource(bytes: Uint8Array, options: NamedSourceOptions = {}): ByteSource {
  return new BytesSource(bytes, options)
}
