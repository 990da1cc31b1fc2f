import { CuemuxError, throwIfAborted } from '@cuemux/core'
import type { CID } from 'multiformats/cid'
import { BlockFolder } from './block-folder.js'
import { readPieces } from './body.js'
import { carHeader, carSection, readCar } from './car.js'
import { outputFailed } from './failure.js'
import { type IpfsLibraries, loadIpfs, parseIpfsAddress } from './ipfs-libraries.js'
import { checkPath, fillTemplate, gatewayTemplate, relativeAddress, resolveFolder } from './naming.js'
import type {
  PublishBody,
  PublishOptions,
  PublishStore,
  PutOptions,
  StoredFile,
  VerifiedFile,
} from './publish-store.js'
import { type BlockSource, describeDag, importDirectory, importFile, readFile, resolvePath, walkDag } from './unixfs.js'

/** Options of {@link ipfsStore}. */
export interface IpfsStoreOptions {
  /** Where the blocks go, in a folder `blocks` that is made in it. */
  readonly folder: string
  /**
   * How playlists name files: `https://gateway.example` (as `/ipfs/CID` there), or a template with `{cid}`, and also
   * `{path}` or `{name}` if wanted: `https://gateway.example/ipfs/{cid}?filename={name}`. When left out, relatively,
   * which leads somewhere below the directory that {@link PublishStore.finish} makes.
   */
  readonly gateway?: string
}

/** Options of {@link IpfsStore.read}. */
export interface ReadRangeOptions extends PublishOptions {
  /** The first byte to be read; 0 when left out. */
  readonly offsetBytes?: number
  /** How many bytes at most; all when left out. */
  readonly lengthBytes?: number
}

/** What {@link IpfsStore.describe} says. */
export interface IpfsEntry {
  readonly cid: string
  /** Length of a file in bytes; 0 for a directory. */
  readonly sizeBytes: number
  readonly isDirectory: boolean
}

/** A store of IPFS blocks in a folder, which needs no node. */
export interface IpfsStore extends PublishStore {
  readonly kind: 'ipfs'
  finish(files: readonly StoredFile[], options?: PublishOptions): Promise<StoredFile>
  /**
   * Bytes of a file, by `ipfs://CID`, or `ipfs://CID/path` of one in a directory.
   *
   * @throws CuemuxError `NOT_FOUND` when the file, or a block of it, isn't in the folder
   */
  read(address: string, options?: ReadRangeOptions): AsyncIterable<Uint8Array>
  /**
   * What is at `ipfs://CID`, or `ipfs://CID/path`, by its root block alone: its other blocks may be missing.
   *
   * @throws CuemuxError `NOT_FOUND`, `BAD_REQUEST` for what is no address
   */
  describe(address: string): Promise<IpfsEntry>
  /**
   * Files and directories with all their blocks as a CAR, version 1, which any IPFS node imports (`ipfs dag import`).
   *
   * @param roots addresses or CIDs
   */
  exportCar(roots: readonly string[], options?: PublishOptions): AsyncIterable<Uint8Array>
  /**
   * Takes the blocks of a CAR, version 1. Each one's hash is checked; what came before a damaged one stays.
   *
   * @returns the CIDs of its roots
   * @throws CuemuxError `BAD_REQUEST` for what is no CAR, `LIMIT_EXCEEDED`
   */
  importCar(car: AsyncIterable<Uint8Array>, options?: PublishOptions): Promise<readonly string[]>
}

/**
 * Publishes as IPFS blocks in a folder. CIDs are those of `ipfs add --cid-version=1`. Blocks are read and hashed once, on
 * their way to the disk; what is there isn't written again. They aren't forced to the disk: after a power failure,
 * `verify` finds what was lost.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function ipfsStore(options: IpfsStoreOptions): IpfsStore {
  return new FolderOfBlocks(resolveFolder(options.folder), options.gateway)
}

class FolderOfBlocks implements IpfsStore {
  readonly kind = 'ipfs'
  readonly #blocks: BlockFolder
  readonly #template: string | undefined
  /** What `finish` needs of each file, so that no block is read for it. */
  readonly #dagBytes = new Map<string, number>()

  constructor(folder: string, gateway: string | undefined) {
    this.#blocks = new BlockFolder(folder)
    this.#template = gateway === undefined ? undefined : gatewayTemplate(gateway)
  }

  async put(name: string, body: PublishBody, options: PutOptions = {}): Promise<StoredFile> {
    checkPath(name)
    const libraries = await loadIpfs()
    try {
      const pieces = readPieces(body, options.signal)
      const { cid, dagBytes, sizeBytes } = await importFile(libraries, pieces, (id, block) =>
        this.#blocks.put(id, block),
      )
      this.#dagBytes.set(cid.toString(), dagBytes)
      return this.#stored(name, cid, sizeBytes)
    } catch (error) {
      throw outputFailed(error, `Can't store ${name}`)
    }
  }

  async verify(address: string, options: PublishOptions = {}): Promise<VerifiedFile | undefined> {
    const libraries = await loadIpfs()
    try {
      const cid = await this.#resolve(libraries, address)
      const { sizeBytes } = await describeDag(libraries, cid, this.#source)
      for await (const _ of walkDag(libraries, cid, this.#source, new Set(), options.signal));
      return { address: `ipfs://${cid.toString()}`, cid: cid.toString(), sizeBytes }
    } catch (error) {
      if (error instanceof CuemuxError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  playlistAddress(file: StoredFile, playlistPath: string): string {
    return this.#template === undefined
      ? relativeAddress(checkPath(playlistPath), file.path)
      : fillTemplate(this.#template, file)
  }

  async finish(files: readonly StoredFile[], options: PublishOptions = {}): Promise<StoredFile> {
    const libraries = await loadIpfs()
    const entries = []
    for (const file of files) {
      throwIfAborted(options.signal)
      const { cid } = parseIpfsAddress(libraries, file.address)
      const known = this.#dagBytes.get(cid.toString())
      const dagBytes = known ?? (await describeDag(libraries, cid, this.#source)).dagBytes
      this.#dagBytes.set(cid.toString(), dagBytes)
      entries.push({ cid, dagBytes, path: checkPath(file.path) })
    }
    const root = await importDirectory(libraries, entries, (id, block) => this.#blocks.put(id, block))
    return this.#stored('', root.cid, root.dagBytes)
  }

  async *read(address: string, options: ReadRangeOptions = {}): AsyncGenerator<Uint8Array> {
    const libraries = await loadIpfs()
    const cid = await this.#resolve(libraries, address)
    const start = options.offsetBytes ?? 0
    const end = start + (options.lengthBytes ?? Number.MAX_SAFE_INTEGER)
    yield* readFile(libraries, cid, this.#source, { start, end, signal: options.signal })
  }

  async describe(address: string): Promise<IpfsEntry> {
    const libraries = await loadIpfs()
    const cid = await this.#resolve(libraries, address)
    const { sizeBytes, isDirectory } = await describeDag(libraries, cid, this.#source)
    return { cid: cid.toString(), sizeBytes, isDirectory }
  }

  async *exportCar(roots: readonly string[], options: PublishOptions = {}): AsyncGenerator<Uint8Array> {
    const libraries = await loadIpfs()
    const cids: CID[] = []
    for (const root of roots) cids.push(await this.#resolve(libraries, root))
    yield carHeader(cids)
    const seen = new Set<string>()
    for (const cid of cids) {
      for await (const found of walkDag(libraries, cid, this.#source, seen, options.signal)) {
        yield* carSection(found.cid, found.block)
      }
    }
  }

  async importCar(car: AsyncIterable<Uint8Array>, options: PublishOptions = {}): Promise<readonly string[]> {
    const libraries = await loadIpfs()
    const pieces = readPieces(car, options.signal)
    const roots = await readCar(libraries, pieces, (cid, block) => this.#blocks.put(cid, block))
    for (const root of roots) {
      if ((await this.#blocks.get(root)) !== undefined) continue
      throw new CuemuxError('BAD_REQUEST', `The CAR is cut, or not whole: its root ${root.toString()} isn't in it.`)
    }
    return roots.map(String)
  }

  async close(): Promise<void> {
    await this.#blocks.close()
  }

  readonly #source: BlockSource = async cid => {
    const block = await this.#blocks.get(cid)
    if (block !== undefined) return block
    throw new CuemuxError('NOT_FOUND', `The block ${cid.toString()} isn't in the folder.`, {
      hint: 'Publish the file again, or import the CAR that has it.',
    })
  }

  async #resolve(libraries: IpfsLibraries, address: string): Promise<CID> {
    const { cid, path: names } = parseIpfsAddress(libraries, address)
    return await resolvePath(libraries, cid, names, this.#source)
  }

  #stored(name: string, cid: CID, sizeBytes: number): StoredFile {
    const id = cid.toString()
    const url = this.#template === undefined ? {} : { url: fillTemplate(this.#template, { path: name, cid: id }) }
    return { path: name, address: `ipfs://${id}`, ...url, cid: id, sizeBytes }
  }
}
