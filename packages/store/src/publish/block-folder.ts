import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { CID } from 'multiformats/cid'
import { orAbsent } from '../disk-files.js'
import { outputFailed } from './failure.js'
import { loadIpfs, SHA2_256 } from './ipfs-libraries.js'
import { TemporaryFiles, writePieces } from './temporary-files.js'

/** The largest block that IPFS nodes hand on to each other. */
export const MAX_BLOCK_BYTES: number = 2 * 2 ** 20
/** Multihash code of a "hash" that is the block itself. */
const IDENTITY = 0x00

/**
 * Blocks as files in a folder, laid out as `blockstore-fs` does it (`XX/MULTIHASH.data`), so that other programs find them. A block
 * takes its place as a whole, and is hashed when it is read.
 */
export class BlockFolder {
  readonly #blocks: string
  readonly #temporary: TemporaryFiles

  constructor(folder: string) {
    this.#blocks = path.join(folder, 'blocks')
    this.#temporary = new TemporaryFiles(path.join(folder, 'temp'))
  }

  /**
   * Stores a block; one that is there already isn't written again. The caller has hashed it.
   *
   * @throws CuemuxError `OUTPUT_FAILED`
   */
  async put(cid: CID, block: Uint8Array): Promise<CID> {
    if (cid.multihash.code === IDENTITY) return cid
    const file = await this.#fileOf(cid)
    try {
      const existing = await orAbsent(stat(file))
      // A block is put as a whole; only a power failure may have left one of another size.
      if (existing?.size === block.byteLength) return cid
      await this.#temporary.place(file, false, handle => writePieces(handle, [block]))
      return cid
    } catch (error) {
      throw outputFailed(error, `Can't write the block ${cid.toString()}`)
    }
  }

  /**
   * A block; `undefined` when it isn't there.
   *
   * @throws CuemuxError `OUTPUT_FAILED` when it is damaged, or can't be read
   */
  async get(cid: CID): Promise<Uint8Array | undefined> {
    if (cid.multihash.code === IDENTITY) return cid.multihash.digest
    const file = await this.#fileOf(cid)
    let block: Buffer | undefined
    try {
      const existing = await orAbsent(stat(file))
      if (existing === undefined) return undefined
      block = existing.size <= MAX_BLOCK_BYTES ? await orAbsent(readFile(file)) : Buffer.alloc(0)
    } catch (error) {
      throw outputFailed(error, `Can't read the block ${cid.toString()}`)
    }
    if (block !== undefined && !isBlockOf(cid, block)) {
      throw new CuemuxError('OUTPUT_FAILED', `The block ${cid.toString()} is damaged: its bytes have another hash.`, {
        at: { path: file },
        hint: 'Remove this file and publish again, or import the CAR that has it.',
      })
    }
    return block
  }

  async close(): Promise<void> {
    await this.#temporary.close()
  }

  async #fileOf(cid: CID): Promise<string> {
    const { base32upper } = await loadIpfs()
    const name = base32upper.encode(cid.multihash.bytes)
    return path.join(this.#blocks, name.slice(-2), `${name}.data`)
  }
}

/** Whether a CID's hash is that of a block; never for a hash other than SHA-256. */
export function isBlockOf(cid: CID, block: Uint8Array): boolean {
  if (cid.multihash.code === IDENTITY) return Buffer.compare(cid.multihash.digest, block) === 0
  return (
    cid.multihash.code === SHA2_256 &&
    createHash('sha256').update(block).digest().equals(Buffer.from(cid.multihash.digest))
  )
}
