import { CarReader } from '@ipld/car'
import { HttpApi } from 'ipfs-http-server'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { expectedCid } from './unixfs-encoder.js'

/**
 * A server of the Kubo RPC of a test's own: js-ipfs's HTTP server (routes, multipart parsing, errors) on a core that keeps
 * files in memory, and computes their CIDs by the independent encoder.
 */
export class KuboServer {
  /** Added files by CID. */
  readonly files = new Map<string, Buffer>()
  readonly pinned = new Set<string>()
  /** What `add` was asked for, by the names of js-ipfs. */
  readonly addOptions: Record<string, unknown>[] = []
  /** Adds files as other bytes than were sent. */
  isGarbling = false
  #adds = 0
  readonly #api: HttpApi

  private constructor() {
    this.#api = new HttpApi(this.#core() as never)
  }

  static async start(): Promise<KuboServer> {
    const server = new KuboServer()
    await server.#api.start()
    return server
  }

  get port(): number {
    return this.#api._apiServers[0]?.info.port ?? 0
  }

  /** How many files were added, each time counted. */
  get adds(): number {
    return this.#adds
  }

  async close(): Promise<void> {
    await this.#api.stop()
  }

  #core(): object {
    return {
      config: { getAll: async () => ({ Addresses: { API: ['/ip4/127.0.0.1/tcp/0'] } }) },
      repo: { setApiAddr: async () => {} },
      bases: { getBase: async () => base32 },
      addAll: (files: AsyncIterable<AddedFile>, options: Record<string, unknown>) => this.#addAll(files, options),
      pin: {
        ls: (options: { readonly paths: readonly unknown[] }) => this.#listPins(options.paths),
        addAll: (pins: readonly { readonly cid: unknown }[]) => this.#addPins(pins),
      },
      files: { stat: async (path: string) => this.#stat(path) },
      dag: { import: (cars: AsyncIterable<AsyncIterable<Uint8Array>>) => this.#importCars(cars) },
    }
  }

  async *#addAll(files: AsyncIterable<AddedFile>, options: Record<string, unknown>): AsyncGenerator<object> {
    const { cidVersion, rawLeaves, chunker, pin } = options
    this.addOptions.push({ cidVersion, rawLeaves, chunker, pin })
    for await (const { path, content } of files) {
      const pieces = []
      for await (const piece of content) pieces.push(piece)
      const file = Buffer.concat(this.isGarbling ? [...pieces, Buffer.from('!')] : pieces)
      const cid = expectedCid(file)
      this.#adds++
      this.files.set(cid, file)
      if (pin === true) this.pinned.add(cid)
      yield { path, cid: CID.parse(cid), size: file.byteLength }
    }
  }

  async *#listPins(paths: readonly unknown[]): AsyncGenerator<object> {
    for (const path of paths) {
      if (!this.pinned.has(String(path))) throw new Error(`path '${String(path)}' is not pinned`)
      yield { type: 'recursive', cid: CID.parse(String(path)) }
    }
  }

  async *#addPins(pins: readonly { readonly cid: unknown }[]): AsyncGenerator<CID> {
    for (const { cid } of pins) {
      this.pinned.add(String(cid))
      yield CID.parse(String(cid))
    }
  }

  #stat(path: string): object {
    const cid = path.replace('/ipfs/', '')
    const file = this.files.get(cid)
    if (file === undefined) throw new Error(`${cid} does not exist`)
    return { type: 'file', blocks: 0, size: file.byteLength, cid: CID.parse(cid), cumulativeSize: file.byteLength }
  }

  async *#importCars(cars: AsyncIterable<AsyncIterable<Uint8Array>>): AsyncGenerator<object> {
    for await (const car of cars) {
      const reader = await CarReader.fromIterable(car)
      for await (const { cid, bytes } of reader.blocks()) this.files.set(cid.toString(), Buffer.from(bytes))
      for (const root of await reader.getRoots()) {
        this.pinned.add(root.toString())
        yield { root: { cid: root, pinErrorMsg: '' } }
      }
    }
  }
}

interface AddedFile {
  readonly path: string
  readonly content: AsyncIterable<Uint8Array>
}
