import { CuemuxError } from '@cuemux/core'
import { type AddressPolicy, checkAddress } from '@cuemux/source'
import type { MediaInput, Platform, SourceOptions } from '../input.js'

/** Fetches by policy: one each, so that its connections are used again. Few policies are meant to exist. */
const MAX_FETCHES = 32

/** Lets films whose addresses come from somebody who isn't trusted be read only where the policy allows it. */
export class AddressGuard {
  readonly #platform: Platform
  readonly #fetches = new Map<string, typeof globalThis.fetch>()

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /**
   * Options to open such an input with.
   *
   * @throws CuemuxError `BAD_REQUEST` for a path, for an address that the policy refuses, and beside a `fetch` of the caller's
   */
  check(input: MediaInput, policy: AddressPolicy, options: SourceOptions): SourceOptions {
    // Bytes and sources of the caller's own are no address.
    if (typeof input !== 'string' && !(input instanceof URL)) return options
    checkAddress(input, policy)
    if (options.fetch !== undefined) {
      throw new CuemuxError('BAD_REQUEST', 'An address that is not trusted is not read by a fetch of the caller.')
    }
    return { ...options, fetch: this.#fetchFor(policy) }
  }

  #fetchFor(policy: AddressPolicy): typeof globalThis.fetch {
    const key = JSON.stringify(policy)
    const known = this.#fetches.get(key)
    if (known !== undefined) return known
    const fetch = this.#platform.guardedFetch?.(policy)
    if (fetch === undefined) {
      throw new CuemuxError('BAD_REQUEST', 'Addresses that are not trusted can only be read in Node.')
    }
    const [oldest] = this.#fetches.keys()
    if (this.#fetches.size >= MAX_FETCHES && oldest !== undefined) this.#fetches.delete(oldest)
    this.#fetches.set(key, fetch)
    return fetch
  }
}
