import { CuemuxError } from '@cuemux/core'
import type { CID } from 'multiformats/cid'
import { positive } from '../limits.js'
import { isRepeatable, readPieces } from './body.js'
import { carHeader, carSection } from './car.js'
import { Channel } from './channel.js'
import { outputFailed, RemoteError } from './failure.js'
import { type IpfsLibraries, loadIpfs, parseIpfsAddress } from './ipfs-libraries.js'
import { isNotPinned, KuboRpc } from './kubo-rpc.js'
import { checkPath, fillTemplate, gatewayTemplate, relativeAddress } from './naming.js'
import type {
  PublishBody,
  PublishOptions,
  PublishStore,
  PutOptions,
  StoredFile,
  VerifiedFile,
} from './publish-store.js'
import { checkRetries, withRetry } from './retry.js'
import { type Dag, importDirectory, importFile } from './unixfs.js'

/** Options of {@link kuboStore}. */
export interface KuboStoreOptions {
  /** The node's RPC API: `http://127.0.0.1:5001`, with a user and password in it where it wants them. */
  readonly url: string
  /** How playlists name files: as {@link IpfsStoreOptions.gateway}. */
  readonly gateway?: string
  /** Sent with each request, as a proxy before the node may want it. */
  readonly headers?: Readonly<Record<string, string>>
  /** The node is given up after this long without a sign of life, in milliseconds. 60,000 when left out. */
  readonly timeoutMs?: number
  /** How often a request is tried again. 3 when left out. */
  readonly retries?: number
  /** Half to all of it is waited before the first retry, of twice as much before each later one. 500 when left out. */
  readonly firstDelayMs?: number
}

/** What is asked of `add`, said in full: a node may be configured to other defaults. */
const ADD_OPTIONS = {
  'cid-version': '1',
  'raw-leaves': 'true',
  chunker: 'size-262144',
  hash: 'sha2-256',
  'cid-base': 'base32',
  pin: 'true',
  progress: 'false',
}

/**
 * Publishes to a Kubo node through its RPC: files are added and pinned. The CID is computed here too, from the same read
 * of the bytes, and one that the node sees differently is an error.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function kuboStore(options: KuboStoreOptions): PublishStore {
  return new KuboStore(options)
}

class KuboStore implements PublishStore {
  readonly kind = 'kubo'
  readonly #rpc: KuboRpc
  readonly #template: string | undefined
  readonly #retries: number
  readonly #firstDelayMs: number
  /** What `finish` needs of each file, so that the node isn't asked for it. */
  readonly #dagBytes = new Map<string, number>()

  constructor(options: KuboStoreOptions) {
    this.#retries = checkRetries(options.retries ?? 3)
    const timeoutMs = positive('timeoutMs', options.timeoutMs ?? 60_000)
    this.#firstDelayMs = positive('firstDelayMs', options.firstDelayMs ?? 500)
    this.#rpc = new KuboRpc({
      url: options.url,
      headers: options.headers,
      timeoutMs,
      retries: this.#retries,
      firstDelayMs: this.#firstDelayMs,
    })
    this.#template = options.gateway === undefined ? undefined : gatewayTemplate(options.gateway)
  }

  async put(name: string, body: PublishBody, options: PutOptions = {}): Promise<StoredFile> {
    checkPath(name)
    const libraries = await loadIpfs()
    const { signal } = options
    const retries = isRepeatable(body) ? this.#retries : 0
    const add = (): Promise<Dag & { sizeBytes: number }> => this.#add(libraries, name, body, signal)
    const { cid, dagBytes, sizeBytes } = await withRetry(add, {
      retries,
      firstDelayMs: this.#firstDelayMs,
      signal,
    })
    this.#dagBytes.set(cid.toString(), dagBytes)
    return this.#stored(name, cid, sizeBytes)
  }

  async verify(address: string, options: PublishOptions = {}): Promise<VerifiedFile | undefined> {
    const libraries = await loadIpfs()
    const { cid } = parseIpfsAddress(libraries, address)
    const id = cid.toString()
    try {
      await this.#rpc.call('pin/ls', { arg: id, type: 'recursive', 'cid-base': 'base32' }, options)
    } catch (error) {
      if (error instanceof CuemuxError && error.cause instanceof RemoteError && isNotPinned(error.cause.message)) {
        return undefined
      }
      throw error
    }
    const { Size } = await this.#rpc.call('files/stat', { arg: `/ipfs/${id}` }, options)
    return { address: `ipfs://${id}`, cid: id, sizeBytes: numberOf('Size', Size) }
  }

  async find(name: string, body: readonly Uint8Array[], options: PublishOptions = {}): Promise<StoredFile | undefined> {
    const libraries = await loadIpfs()
    const pieces = readPieces(body, options.signal)
    const { cid, dagBytes, sizeBytes } = await importFile(libraries, pieces, async id => id)
    const found = await this.verify(`ipfs://${cid.toString()}`, options)
    if (found?.sizeBytes !== sizeBytes) return undefined
    this.#dagBytes.set(cid.toString(), dagBytes)
    return this.#stored(checkPath(name), cid, sizeBytes)
  }

  playlistAddress(file: StoredFile, playlistPath: string): string {
    return this.#template === undefined
      ? relativeAddress(checkPath(playlistPath), file.path)
      : fillTemplate(this.#template, file)
  }

  async pin(address: string, options: PublishOptions = {}): Promise<void> {
    const { cid } = parseIpfsAddress(await loadIpfs(), address)
    await this.#rpc.call('pin/add', { arg: cid.toString(), recursive: 'true', 'cid-base': 'base32' }, options)
  }

  async finish(files: readonly StoredFile[], options: PublishOptions = {}): Promise<StoredFile> {
    const libraries = await loadIpfs()
    const entries = []
    for (const file of files) {
      const { cid } = parseIpfsAddress(libraries, file.address)
      entries.push({ cid, path: checkPath(file.path), dagBytes: await this.#dagBytesOf(cid, options) })
    }
    const sections: Uint8Array[] = []
    const root = await importDirectory(libraries, entries, async (cid, block) => {
      sections.push(...carSection(cid, block))
      return cid
    })
    async function* car(): AsyncGenerator<Uint8Array> {
      yield carHeader([root.cid])
      yield* sections
    }
    await this.#rpc.call('dag/import', { 'pin-roots': 'true' }, { ...options, file: car })
    // A second time, as a root that can't be pinned is told in a line of the answer that older nodes leave out.
    await this.pin(`ipfs://${root.cid.toString()}`, options)
    return this.#stored('', root.cid, root.dagBytes)
  }

  async close(): Promise<void> {}

  async #add(
    libraries: IpfsLibraries,
    name: string,
    body: PublishBody,
    signal: AbortSignal | undefined,
  ): Promise<Dag & { sizeBytes: number }> {
    const channel = new Channel()
    const local = importFile(libraries, channel, async cid => cid)
    // Awaited below; when the upload fails, its failure is the one that counts.
    local.catch(() => {})
    async function* sent(): AsyncGenerator<Uint8Array> {
      for await (const piece of readPieces(body, signal)) {
        await channel.push(piece)
        yield piece
      }
      channel.end()
    }
    try {
      const { Hash } = await this.#rpc.callOnce('add', ADD_OPTIONS, sent(), signal)
      // A node that answers before it has all leaves the channel open.
      channel.end(new RemoteError('it answered before it had the whole file', { isTransient: true }))
      const dag = await local.catch(error => {
        throw outputFailed(error, `The Kubo node can't have ${name}`)
      })
      if (Hash !== dag.cid.toString()) throw differentCid(name, String(Hash), dag.cid)
      return dag
    } finally {
      channel.end(new Error('The upload was given up.'))
    }
  }

  async #dagBytesOf(cid: CID, options: PublishOptions): Promise<number> {
    const known = this.#dagBytes.get(cid.toString())
    if (known !== undefined) return known
    const { CumulativeSize } = await this.#rpc.call('files/stat', { arg: `/ipfs/${cid.toString()}` }, options)
    return numberOf('CumulativeSize', CumulativeSize)
  }

  #stored(name: string, cid: CID, sizeBytes: number): StoredFile {
    const id = cid.toString()
    const url = this.#template === undefined ? {} : { url: fillTemplate(this.#template, { path: name, cid: id }) }
    return { path: name, address: `ipfs://${id}`, ...url, cid: id, sizeBytes }
  }
}

/** Transient: bytes that were changed on their way are sent again. */
function differentCid(name: string, remote: string, local: CID): CuemuxError {
  return new CuemuxError(
    'OUTPUT_FAILED',
    `The Kubo node has ${name} as ${remote.slice(0, 100)}, not as ${local.toString()}.`,
    {
      hint: 'See what changes the bytes between here and the node, or how the node is set up to add files.',
    },
  )
}

function numberOf(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new CuemuxError('OUTPUT_FAILED', `The Kubo node's answer has no ${field}.`, {
    hint: 'See that the address is that of a Kubo node.',
  })
}
