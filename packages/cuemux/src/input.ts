import { type ByteSource, CuemuxError } from '@cuemux/core'
import { type AddressPolicy, blobSource, bytesSource, type HttpSourceOptions, httpSource } from '@cuemux/source'
import type { EncoderOptions } from './encoding/options.js'
import type { EncoderService } from './encoding/service.js'
import type { KeptStore } from './service/kept.js'
import type { HandlerOptions } from './service/options.js'
import type { SessionSchemaName } from './sessions/schemas.js'

/**
 * What a film can be opened from: the path of a file (Node only), an `http(s)://` or `file://` address, its bytes, a
 * Blob or File, or a {@link ByteSource} of the caller's own.
 */
export type MediaInput = string | URL | Uint8Array | ArrayBuffer | Blob | ByteSource

/** How a film is reached. All but the name is for addresses of HTTP. */
export interface SourceOptions
  extends Pick<
    HttpSourceOptions,
    'headers' | 'fetch' | 'key' | 'renew' | 'maxRequestsPerHost' | 'maxRetries' | 'timeoutMs' | 'spool'
  > {
  /** The film's name, where the input has none or another shall be shown. */
  readonly name?: string
}

/** What differs between Node and other JavaScript engines. */
export interface Platform {
  /** Opens the file at a path. */
  openPath(path: string | URL): Promise<ByteSource>
  /** What encodes; left out where nothing can. */
  encoder?(options: EncoderOptions): EncoderService
  /** Checks a caller's options against a named schema; throws `BAD_REQUEST`. */
  validate<T extends object>(schema: SchemaName, options: T | undefined): T
  /** A `fetch` for addresses that come from somebody who isn't trusted; left out where names can't be resolved first. */
  guardedFetch?(policy: AddressPolicy): typeof globalThis.fetch
  /** What a handler keeps indexes and resources in; left out where there is none. */
  openStore?(options: Pick<HandlerOptions, 'cache' | 'cacheBytes'>): Promise<KeptStore>
}

/** Names of the option schemas that {@link Platform.validate} knows. */
export type SchemaName =
  | 'open'
  | 'hls'
  | 'stream'
  | 'handler'
  | 'ladderEngine'
  | 'ladder'
  | 'live'
  | 'preview'
  | SessionSchemaName

/** A byte source for any input. */
export async function sourceFor(input: MediaInput, options: SourceOptions, platform: Platform): Promise<ByteSource> {
  if (typeof input === 'string' || input instanceof URL) return sourceForAddress(input, options, platform)
  const named = options.name === undefined ? {} : { name: options.name }
  if (input instanceof Uint8Array) return bytesSource(input, named)
  if (input instanceof ArrayBuffer) return bytesSource(new Uint8Array(input), named)
  if (input instanceof Blob) return blobSource(input)
  if (isByteSource(input)) return input
  throw new CuemuxError('BAD_REQUEST', 'The input is neither a path, an address, bytes, a Blob nor a byte source.', {
    hint: 'Pass one of these to openMedia.',
  })
}

function sourceForAddress(
  input: string | URL,
  options: SourceOptions,
  platform: Platform,
): ByteSource | Promise<ByteSource> {
  const text = String(input)
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return platform.openPath(text)
  if (scheme === 'file') return platform.openPath(new URL(text))
  if (scheme === 'http' || scheme === 'https') {
    const { headers, fetch, key, renew, maxRequestsPerHost, maxRetries, timeoutMs, spool, name } = options
    return httpSource(text, { headers, fetch, key, renew, maxRequestsPerHost, maxRetries, timeoutMs, spool, name })
  }
  throw new CuemuxError('BAD_REQUEST', `Addresses with ${scheme}:// can't be opened.`, {
    hint: 'Use a file path, http:// or https://, or a ByteSource of your own.',
  })
}

function isByteSource(input: unknown): input is ByteSource {
  return (
    typeof input === 'object' &&
    input !== null &&
    typeof (input as ByteSource).read === 'function' &&
    typeof (input as ByteSource).key === 'string'
  )
}
