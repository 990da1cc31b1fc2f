import { CuemuxError } from '@cuemux/core'

/** Signed addresses: only who was given one gets anything, and only until its end. */
export interface SigningOptions {
  /** What the signatures are made with; at least 16 bytes. The same in all processes that serve the films. */
  readonly secret: string | Uint8Array
  /** How long an address is good for unless `sign` is told otherwise, ms; default 4 hours. */
  readonly ttlMs?: number
}

/** Options of {@link Handler.sign}. */
export interface SignOptions {
  /** When the address ends; default now and the handler's `ttlMs`. */
  readonly expiresAt?: Date | number
}

/** `CryptoKey`, which not every engine's types name. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const DEFAULT_TTL_MS = 4 * 3_600_000
const ALGORITHM = { name: 'HMAC', hash: 'SHA-256' }

/** Parameters of a signed address: its end in seconds since 1970, and the signature. */
const EXPIRES = 'expires'
const SIGNATURE = 'signature'

/** Signs the addresses of films and checks them: HMAC-SHA-256 (RFC 2104) over the film's id and the end. */
export class Signer {
  readonly #secret: Uint8Array
  readonly #ttlMs: number
  #key: Promise<Key> | undefined

  /** @throws CuemuxError `BAD_REQUEST` for a secret that is too short */
  constructor({ secret, ttlMs = DEFAULT_TTL_MS }: SigningOptions) {
    this.#secret = typeof secret === 'string' ? new TextEncoder().encode(secret) : new Uint8Array(secret)
    if (this.#secret.byteLength < 16) {
      throw new CuemuxError('BAD_REQUEST', 'The secret of signed addresses must have at least 16 bytes.')
    }
    this.#ttlMs = ttlMs
  }

  /** The query that opens all resources of a film. */
  async sign(id: string, { expiresAt = Date.now() + this.#ttlMs }: SignOptions = {}): Promise<string> {
    const expires = String(Math.ceil(Number(expiresAt) / 1000))
    if (!/^\d{1,12}$/.test(expires)) throw new CuemuxError('BAD_REQUEST', 'expiresAt must be a time after 1970.')
    const signature = await crypto.subtle.sign(ALGORITHM, await this.#importKey(), signedText(id, expires))
    return new URLSearchParams({ [EXPIRES]: expires, [SIGNATURE]: toBase64Url(new Uint8Array(signature)) }).toString()
  }

  /**
   * The part of a query that signs its address, checked; the comparison takes the same time whatever it finds.
   *
   * @throws CuemuxError `FORBIDDEN`
   */
  async verify(id: string, query: URLSearchParams): Promise<Record<string, string>> {
    const expires = query.get(EXPIRES) ?? ''
    const signature = query.get(SIGNATURE) ?? ''
    const bytes = /^\d{1,12}$/.test(expires) ? fromBase64Url(signature) : undefined
    if (bytes === undefined) throw forbidden('has no signature')
    const isRight = await crypto.subtle.verify(ALGORITHM, await this.#importKey(), bytes, signedText(id, expires))
    if (!isRight) throw forbidden('has a wrong signature')
    if (Number(expires) * 1000 <= Date.now()) throw forbidden('is past its end')
    return { [EXPIRES]: expires, [SIGNATURE]: signature }
  }

  #importKey(): Promise<Key> {
    this.#key ??= crypto.subtle.importKey('raw', new Uint8Array(this.#secret), ALGORITHM, false, ['sign', 'verify'])
    return this.#key
  }
}

function forbidden(what: string): CuemuxError {
  return new CuemuxError('FORBIDDEN', `The address ${what}.`, { hint: 'Ask for a new one.' })
}

/** The end comes first and has digits only: no id can be taken for another one with another end. */
function signedText(id: string, expires: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`cuemux-1\n${expires}\n${id}`)
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** 32 bytes as base64url (RFC 4648 §5) without padding. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))
}
