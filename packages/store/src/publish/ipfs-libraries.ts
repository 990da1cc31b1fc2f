import { CuemuxError } from '@cuemux/core'
import type { CID } from 'multiformats/cid'

/** The packages that IPFS needs: loaded at the first use, so that who publishes elsewhere doesn't pay for them. */
export interface IpfsLibraries {
  readonly CID: typeof CID
  readonly importer: typeof import('ipfs-unixfs-importer')
  readonly dagPb: typeof import('@ipld/dag-pb')
  readonly UnixFS: typeof import('ipfs-unixfs').UnixFS
  readonly base32upper: typeof import('multiformats/bases/base32').base32upper
}

/** Multicodec of a block that is bytes of a file. */
export const RAW = 0x55
/** Multicodec of a block of the MerkleDAG: a file's or directory's node. */
export const DAG_PB = 0x70
/** Multihash code of SHA-256. */
export const SHA2_256 = 0x12

let loaded: Promise<IpfsLibraries> | undefined

/** @throws CuemuxError `OUTPUT_FAILED` when a package isn't installed */
export function loadIpfs(): Promise<IpfsLibraries> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<IpfsLibraries> {
  try {
    const [cid, importer, dagPb, unixfs, base32] = await Promise.all([
      import('multiformats/cid'),
      import('ipfs-unixfs-importer'),
      import('@ipld/dag-pb'),
      import('ipfs-unixfs'),
      import('multiformats/bases/base32'),
    ])
    return { CID: cid.CID, importer, dagPb, UnixFS: unixfs.UnixFS, base32upper: base32.base32upper }
  } catch (error) {
    loaded = undefined
    throw new CuemuxError('OUTPUT_FAILED', 'The packages for IPFS could not be loaded.', {
      cause: error,
      hint: 'Install ipfs-unixfs-importer, ipfs-unixfs, @ipld/dag-pb and multiformats.',
    })
  }
}

/**
 * The CID in an address: `ipfs://CID`, `/ipfs/CID`, or the CID itself, each with a path after it or without.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function parseIpfsAddress(libraries: IpfsLibraries, address: string): { cid: CID; path: readonly string[] } {
  const [, text = '', rest = ''] = /^(?:ipfs:\/\/|\/ipfs\/)?([A-Za-z0-9]{1,200})((?:\/[^?#]*)?)$/.exec(address) ?? []
  try {
    const path = rest.split('/').filter(name => name !== '')
    return { cid: libraries.CID.parse(text), path: path.map(decodeURIComponent) }
  } catch (error) {
    throw new CuemuxError('BAD_REQUEST', `"${address.slice(0, 200)}" is no address on IPFS.`, {
      cause: error,
      hint: 'Give ipfs://CID, or a CID.',
    })
  }
}
