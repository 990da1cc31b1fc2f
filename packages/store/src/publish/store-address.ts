import { CuemuxError } from '@cuemux/core'
import { folderStore } from './folder-store.js'
import { ipfsStore } from './ipfs-store.js'
import { kuboStore } from './kubo-store.js'
import type { PublishStore } from './publish-store.js'
import type { S3Credentials } from './s3-client.js'
import { s3Store } from './s3-store.js'

/** Options of {@link storeFromAddress}. */
export interface StoreAddressOptions {
  /** The folder of blocks of `ipfs`. `cuemux-ipfs` when left out. */
  readonly blocks?: string
  /** {@link IpfsStoreOptions.gateway}, for `ipfs` and `ipfs:API_URL`. */
  readonly gateway?: string
  /** {@link S3StoreOptions.publicUrl}, for S3 and a folder. */
  readonly publicUrl?: string
  /** Where S3's settings are read. `process.env` when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * The store that a command line names:
 *
 * - `ipfs`: blocks in a folder; `ipfs:http://127.0.0.1:5001`: a Kubo node, by its RPC API;
 * - `s3://bucket/prefix`: with `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` (or
 *   `AWS_DEFAULT_REGION`) and, for other servers than Amazon's, `AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`) from the environment;
 * - anything else: a folder. One whose name is `ipfs` is `./ipfs`.
 *
 * @throws CuemuxError `BAD_REQUEST` for an empty or another kind of address, or a setting that is missing
 */
export function storeFromAddress(address: string, options: StoreAddressOptions = {}): PublishStore {
  const gateway = options.gateway === undefined ? {} : { gateway: options.gateway }
  const publicUrl = options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }
  if (address === 'ipfs') return ipfsStore({ folder: options.blocks ?? 'cuemux-ipfs', ...gateway })
  if (/^ipfs:https?:/i.test(address)) return kuboStore({ url: address.slice('ipfs:'.length), ...gateway })
  const [, bucket, prefix] = /^s3:\/\/([^/?#]+)(?:\/([^?#]*))?$/i.exec(address) ?? []
  if (bucket !== undefined) {
    return s3Store({ bucket, prefix: prefix ?? '', ...publicUrl, ...s3Settings(options.environment ?? process.env) })
  }
  if (address.trim() === '' || /^(?:[a-z][a-z0-9+.-]*:\/\/|ipfs:)/i.test(address)) {
    throw new CuemuxError('BAD_REQUEST', 'A place to publish to is a folder, ipfs, ipfs:API_URL or s3://bucket/prefix.')
  }
  return folderStore({ folder: address, ...publicUrl })
}

/**
 * How an S3 server is reached, by the variables of the environment that {@link storeFromAddress} reads.
 *
 * @throws CuemuxError `BAD_REQUEST` without credentials
 */
export function s3Settings(environment: Readonly<Record<string, string | undefined>>): {
  region: string
  endpoint?: string
  credentials: S3Credentials
} {
  const accessKeyId = environment.AWS_ACCESS_KEY_ID ?? ''
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY ?? ''
  if (accessKeyId === '' || secretAccessKey === '') {
    throw new CuemuxError('BAD_REQUEST', 'S3 needs credentials.', {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
    })
  }
  const sessionToken = environment.AWS_SESSION_TOKEN || undefined
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || undefined
  return {
    region: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  }
}
