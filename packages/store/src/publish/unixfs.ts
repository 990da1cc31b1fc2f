import { CuemuxError, throwIfAborted } from '@cuemux/core'
import type { CID } from 'multiformats/cid'
import { DAG_PB, type IpfsLibraries, RAW } from './ipfs-libraries.js'

/**
 * What `ipfs add --cid-version=1` does: leaves of 256 KiB as raw blocks, 174 links in a node, a file of one leaf without a
 * node, directories sharded from 256 KiB on.
 */
const LAYOUT = { profile: 'unixfs-v0-2015', cidVersion: 1, rawLeaves: true } as const
/** Blocks that may be on their way to the disk at once. */
const WRITE_CONCURRENCY = 8
/** How deep nodes may lie in each other: 174 links in each make 2^59 leaves in 8. */
const MAX_DEPTH = 32

/** Takes a block. */
export type BlockSink = (cid: CID, block: Uint8Array) => Promise<CID>
/** Gives a block, or throws. */
export type BlockSource = (cid: CID) => Promise<Uint8Array>

/** A file or directory as blocks. */
export interface Dag {
  readonly cid: CID
  /** Length of all its blocks: what a directory says of its entries. */
  readonly dagBytes: number
}

/** An entry of a directory that is to be made. */
export interface DagEntry extends Dag {
  readonly path: string
}

/** Makes a file's blocks in one pass, and hands each on as it is made. */
export async function importFile(
  libraries: IpfsLibraries,
  pieces: AsyncIterable<Uint8Array>,
  put: BlockSink,
): Promise<Dag & { sizeBytes: number }> {
  let sizeBytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      sizeBytes += piece.byteLength
      yield piece
    }
  }
  const options = { ...LAYOUT, blockWriteConcurrency: WRITE_CONCURRENCY }
  const { cid, size } = await libraries.importer.importByteStream(counted(), { put }, options)
  return { cid, dagBytes: Number(size), sizeBytes }
}

/** Makes the blocks of a directory, and of those in it, from files that are blocks already. */
export async function importDirectory(
  libraries: IpfsLibraries,
  entries: readonly DagEntry[],
  put: BlockSink,
): Promise<Dag> {
  async function* dagBuilder(): AsyncGenerator<() => Promise<never>> {
    for (const { path, cid, dagBytes } of entries) {
      yield async () => ({ cid, path, size: BigInt(dagBytes) }) as never
    }
  }
  let root: Dag | undefined
  const options = { ...LAYOUT, wrapWithDirectory: true, dagBuilder }
  for await (const { path, cid, size } of libraries.importer.importer([], { put }, options)) {
    if (path === undefined || path === '') root = { cid, dagBytes: Number(size) }
  }
  if (root === undefined) throw new CuemuxError('OUTPUT_FAILED', 'The directory could not be made.')
  return root
}

interface DagNode {
  readonly links: readonly { readonly cid: CID; readonly name: string; readonly sizeBytes: number | undefined }[]
  readonly dagBytes: number
  /** Length of the file, for a file. */
  readonly fileBytes: number
  readonly content: Uint8Array
  readonly type: string
}

/** A block that is a node, or bytes of a file. */
function decodeNode(libraries: IpfsLibraries, cid: CID, block: Uint8Array): DagNode {
  if (cid.code === RAW) {
    return { links: [], dagBytes: block.byteLength, fileBytes: block.byteLength, content: block, type: 'raw' }
  }
  try {
    if (cid.code !== DAG_PB) throw new Error(`its codec 0x${cid.code.toString(16)} is neither raw nor dag-pb`)
    const { Links, Data } = libraries.dagPb.decode(block)
    const unixfs = libraries.UnixFS.unmarshal(Data ?? new Uint8Array())
    if (!unixfs.isDirectory() && unixfs.blockSizes.length !== Links.length)
      throw new Error('it has other links than sizes')
    return {
      links: Links.map((link, index) => ({
        cid: link.Hash,
        name: link.Name ?? '',
        sizeBytes: unixfs.isDirectory() ? undefined : Number(unixfs.blockSizes[index]),
      })),
      dagBytes: Links.reduce((sum, link) => sum + (link.Tsize ?? 0), block.byteLength),
      fileBytes: unixfs.isDirectory() ? 0 : Number(unixfs.fileSize()),
      content: unixfs.data ?? new Uint8Array(),
      type: unixfs.type,
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CuemuxError('OUTPUT_FAILED', `The block ${cid.toString()} is no part of a file: ${reason}.`, {
      cause: error,
    })
  }
}

/** What a root says of the file or directory below it. */
export async function describeDag(
  libraries: IpfsLibraries,
  cid: CID,
  get: BlockSource,
): Promise<Dag & { sizeBytes: number; isDirectory: boolean }> {
  const node = decodeNode(libraries, cid, await get(cid))
  return { cid, dagBytes: node.dagBytes, sizeBytes: node.fileBytes, isDirectory: isDirectory(node) }
}

/**
 * Follows a path through directories.
 *
 * @throws CuemuxError `NOT_FOUND`; `BAD_REQUEST` for a directory that is sharded
 */
export async function resolvePath(
  libraries: IpfsLibraries,
  root: CID,
  path: readonly string[],
  get: BlockSource,
): Promise<CID> {
  let cid = root
  for (const name of path) {
    const node = decodeNode(libraries, cid, await get(cid))
    if (node.type === 'hamt-sharded-directory') {
      throw new CuemuxError(
        'BAD_REQUEST',
        `The directory ${cid.toString()} is sharded; its files are found by CID alone.`,
      )
    }
    const link = node.type === 'directory' ? node.links.find(entry => entry.name === name) : undefined
    if (link === undefined) throw new CuemuxError('NOT_FOUND', `There is no ${path.join('/')} in ${root.toString()}.`)
    cid = link.cid
  }
  return cid
}

/** All blocks from a root down, each once: first a node, then what it links to, from left to right. */
export async function* walkDag(
  libraries: IpfsLibraries,
  root: CID,
  get: BlockSource,
  seen: Set<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ cid: CID; block: Uint8Array }> {
  const stack = [{ cid: root, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    throwIfAborted(signal)
    const name = next.cid.toString()
    if (seen.has(name)) continue
    seen.add(name)
    const block = await get(next.cid)
    yield { cid: next.cid, block }
    const { links } = decodeNode(libraries, next.cid, block)
    if (links.length > 0 && next.depth >= MAX_DEPTH) throw tooDeep(root)
    for (const link of [...links].reverse()) stack.push({ cid: link.cid, depth: next.depth + 1 })
  }
}

/** Bytes of a file, from `start` to before `end`: only the blocks that have some of them are read. */
export async function* readFile(
  libraries: IpfsLibraries,
  root: CID,
  get: BlockSource,
  range: { readonly start: number; readonly end: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const stack = [{ cid: root, at: 0, sizeBytes: undefined as number | undefined, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    throwIfAborted(range.signal)
    const { cid, depth, sizeBytes } = next
    let { at } = next
    const node = decodeNode(libraries, cid, await get(cid))
    if (isDirectory(node)) throw new CuemuxError('BAD_REQUEST', `${cid.toString()} is a directory, not a file.`)
    if (sizeBytes !== undefined && sizeBytes !== node.fileBytes) {
      throw new CuemuxError('OUTPUT_FAILED', `${cid.toString()} isn't as long as the node above it says.`)
    }
    if (node.links.length > 0 && depth >= MAX_DEPTH) throw tooDeep(root)
    const part = node.content.subarray(Math.max(0, range.start - at), Math.max(0, range.end - at))
    if (part.byteLength > 0) yield part
    at += node.content.byteLength
    const below: typeof stack = []
    for (const link of node.links) {
      const linkBytes = link.sizeBytes ?? 0
      if (at < range.end && at + linkBytes > range.start) {
        below.push({ cid: link.cid, at, sizeBytes: linkBytes, depth: depth + 1 })
      }
      at += linkBytes
    }
    stack.push(...below.reverse())
  }
}

function isDirectory({ type }: DagNode): boolean {
  return /directory$/.test(type)
}

function tooDeep(root: CID): CuemuxError {
  return new CuemuxError(
    'LIMIT_EXCEEDED',
    `The nodes of ${root.toString()} lie more than ${MAX_DEPTH} deep in each other.`,
  )
}
