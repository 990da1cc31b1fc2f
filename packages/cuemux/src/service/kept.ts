import { type ByteSource, type Demuxer, deserializeIndex, type MediaIndex, serializeIndex } from '@cuemux/core'
import type { Cache, CacheMeta, Flights } from '@cuemux/store'
import { ATTACHMENTS } from '../documents/attachments.js'
import { FORMAT_VERSION } from '../etag.js'
import { isRemote } from '../remote.js'
import { hasAddresses, type Resource, type ResourceKind } from '../resource.js'
import { headOf, validatorOf } from './watched-source.js'

/** Caching as `@cuemux/store` does it, loaded when it is first used. */
export interface KeptStore {
  readonly cache: Cache
  readonly flights: Flights
}

/** What is kept: `all`; `costly`, what costs a round trip or an encoder; or `none`. */
export type CacheSegments = 'all' | 'costly' | 'none'

/** Resources that cost reading or making, and never change. */
const KEPT_KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['init', 'segment', 'text', 'attachment', 'image'])

/** Keys that are remembered: a few hundred bytes each. */
const MAX_RECENT = 2000

/** What of films is kept: indexes and resources, each made once however many ask, in however many processes. */
export class Kept {
  readonly #store: () => Promise<KeptStore>
  readonly #mode: CacheSegments
  /** Keys of resources that were asked for, the latest last. */
  readonly #recent = new Set<string>()
  /** Once it is there: a resource that is kept is given without waiting for more. */
  opened: KeptStore | undefined

  constructor(store: () => Promise<KeptStore>, mode: Exclude<CacheSegments, 'none'>) {
    this.#mode = mode
    this.#store = async () => (this.opened ??= await store())
  }

  /** Whether what is made of a film from this source is kept. */
  holds(source: ByteSource): boolean {
    return this.#mode === 'all' || isRemote(source.seekCostBytes)
  }

  /** Whether this resource of a film is kept: what cost a round trip or an encoder, unless all is. */
  holdsResource(source: ByteSource, path: string, encoded: ReadonlySet<string>): boolean {
    const kind = kindOf(path)
    if (!KEPT_KINDS.has(kind) || hasAddresses(path)) return false
    const isEncoded = (kind === 'segment' || kind === 'init') && encoded.has(path.split('/', 1)[0] ?? '')
    return this.holds(source) || kind === 'image' || isEncoded
  }

  /**
   * The demuxer of a film: by a kept index, after a small read that shows the film to be the same one; else by `open`, and
   * the index is kept.
   */
  async demuxer(
    source: ByteSource,
    open: (index?: MediaIndex) => Promise<Demuxer>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly demuxer: Demuxer; readonly isKept: boolean }> {
    const { cache, flights } = await this.#store()
    const key = JSON.stringify(['index', FORMAT_VERSION, source.key])
    let opened: Demuxer | undefined
    try {
      const entry = await flights.run(
        key,
        async () => {
          opened = await open()
          return { body: serializeIndex(opened.index), meta: await stateOf(source, signal) }
        },
        { kind: 'index', signal },
      )
      if (opened !== undefined) return { demuxer: opened, isKept: false }
      const index = await readIndex(entry.bytes, entry.meta, source, signal)
      if (index !== undefined) return { demuxer: await open(index), isKept: true }
    } catch (error) {
      // What can't be kept was opened all the same.
      if (opened === undefined) throw error
      return { demuxer: opened, isKept: false }
    }
    const demuxer = await open()
    await cache.set(key, serializeIndex(demuxer.index), { kind: 'index', meta: await stateOf(source, signal) })
    return { demuxer, isKept: false }
  }

  /** Whether a resource was asked for here not long ago: it needs no preparing. */
  wasAskedFor(source: ByteSource, plan: string, path: string): boolean {
    return this.#recent.has(resourceKey(source, plan, path))
  }

  /** The resource: kept, being made for another request or by another process, or made now. */
  async resource(
    source: ByteSource,
    plan: string,
    path: string,
    make: (signal: AbortSignal) => Promise<Resource>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly resource: Resource; readonly isMade: boolean }> {
    const { flights } = this.opened ?? (await this.#store())
    const key = resourceKey(source, plan, path)
    this.#recent.delete(key)
    this.#recent.add(key)
    const [oldest] = this.#recent
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest)
    let isMade = false
    const entry = await flights.run(
      key,
      async inner => {
        const { kind, contentType, etag, pieces } = await make(inner)
        isMade = true
        return { body: pieces, meta: { kind, contentType, etag } }
      },
      { kind: kindOf(path) === 'init' ? 'init' : 'segment', signal },
    )
    const { bytes, meta } = entry
    const { kind, contentType, etag } = meta as unknown as Pick<Resource, 'kind' | 'contentType' | 'etag'>
    return { resource: { path, kind, contentType, etag, byteLength: bytes.byteLength, pieces: [bytes] }, isMade }
  }
}

function resourceKey(source: ByteSource, plan: string, path: string): string {
  const state = [source.key, source.sizeBytes ?? null, validatorOf(source) ?? null]
  return JSON.stringify(['resource', FORMAT_VERSION, ...state, plan, path])
}

/** The kind of a resource as its name tells it, before it is made. */
function kindOf(path: string): ResourceKind {
  if (path.startsWith(ATTACHMENTS)) return 'attachment'
  if (/\.(?:m4s|mp3|aac|ac3|ec3|ts)$/.test(path)) return 'segment'
  if (path.endsWith('.vtt')) return 'text'
  if (/\/init[^/]*\.mp4$/.test(path)) return 'init'
  return /\.(?:jpg|jpeg|png)$/.test(path) ? 'image' : 'document'
}

async function readIndex(
  bytes: Uint8Array,
  meta: CacheMeta,
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<MediaIndex | undefined> {
  const state = await stateOf(source, signal)
  if (Object.entries(state).some(([name, value]) => meta[name] !== value)) return undefined
  try {
    return deserializeIndex(bytes)
  } catch {
    return undefined // of another version, or damaged
  }
}

/** What tells a film's state: its size, what its server says, and its first bytes. */
async function stateOf(source: ByteSource, signal: AbortSignal | undefined): Promise<Record<string, string | number>> {
  const head = await headOf(source, signal)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(head.subarray(0, 4096))))
  return {
    sizeBytes: source.sizeBytes ?? -1,
    validator: validatorOf(source) ?? '',
    head: Array.from(digest.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join(''),
  }
}
