import { createHash } from 'node:crypto'
import { CuemuxError, throwIfAborted } from '@cuemux/core'
import { readBlocks, readPieces } from './body.js'
import type { StoreAnswer } from './http.js'
import { checkPath, contentTypeOf, fillTemplate, pathTemplate, relativeAddress } from './naming.js'
import type {
  PublishBody,
  PublishOptions,
  PublishStore,
  PutOptions,
  StoredFile,
  VerifiedFile,
} from './publish-store.js'
import { S3Client, type S3ConnectionOptions, xmlText } from './s3-client.js'

/** What is sent in one request; a longer file goes in parts of this length. */
const PART_BYTES = 8 * 2 ** 20
/** S3's own limit. */
const MAX_PARTS = 10_000
/** How long the parts of an upload that failed are tried to be removed. */
const CLEAN_UP_MS = 5000

/** Options of {@link s3Store}. */
export interface S3StoreOptions extends S3ConnectionOptions {
  /** Stands before each path, with a `/` between. */
  readonly prefix?: string
  /**
   * Where the bucket is served from, when playlists shall have absolute addresses: `https://cdn.example/film` (to which the
   * path is added, without the prefix), or a template with `{path}`. Relative ones when left out.
   */
  readonly publicUrl?: string
}

/**
 * Publishes to S3 and what speaks its protocol. Up to 8 MiB go in one request, with the body's MD5; more goes in parts,
 * which are removed when the upload fails. The ETag that the server gives is compared with the bytes' own.
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function s3Store(options: S3StoreOptions): PublishStore {
  return new S3Store(options)
}

class S3Store implements PublishStore {
  readonly kind = 's3'
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string
  readonly #template: string | undefined

  constructor(options: S3StoreOptions) {
    const prefix = (options.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#client = new S3Client(options)
    this.#bucket = options.bucket
    this.#prefix = prefix === '' ? '' : `${checkPath(prefix)}/`
    this.#template = options.publicUrl === undefined ? undefined : pathTemplate(options.publicUrl)
  }

  async put(name: string, body: PublishBody, options: PutOptions = {}): Promise<StoredFile> {
    const key = `${this.#prefix}${checkPath(name)}`
    const headers = {
      'content-type': options.contentType ?? contentTypeOf(name),
      ...(options.cacheControl === undefined ? {} : { 'cache-control': options.cacheControl }),
    }
    const blocks = readBlocks(readPieces(body, options.signal), PART_BYTES)
    try {
      const first = (await blocks.next()).value as Uint8Array
      const second: Uint8Array | undefined = (await blocks.next()).value
      if (second === undefined) return this.#stored(name, await this.#putWhole(key, first, headers, options.signal))
      return this.#stored(name, await this.#putParts(key, chain([first, second], blocks), headers, options.signal))
    } finally {
      await blocks.return(undefined)
    }
  }

  async verify(address: string, options: PublishOptions = {}): Promise<VerifiedFile | undefined> {
    const key = this.#keyOf(address)
    const answer = await this.#client.ask({ method: 'HEAD', key, signal: options.signal }, [404])
    if (answer.status === 404) return undefined
    return { address, checksum: `etag:${etagOf(answer)}`, sizeBytes: Number(answer.headers.get('content-length')) }
  }

  async find(name: string, body: readonly Uint8Array[], options: PublishOptions = {}): Promise<StoredFile | undefined> {
    const key = `${this.#prefix}${checkPath(name)}`
    const answer = await this.#client.ask({ method: 'HEAD', key, signal: options.signal }, [404])
    const etag = etagOf(answer)
    const sizeBytes = body.reduce((sum, piece) => sum + piece.byteLength, 0)
    if (answer.status === 404 || Number(answer.headers.get('content-length')) !== sizeBytes) return undefined
    const expected = await etagsOf(readBlocks(readPieces(body, options.signal), PART_BYTES))
    return expected.includes(etag.toLowerCase()) ? this.#stored(name, { etag, sizeBytes }) : undefined
  }

  playlistAddress(file: StoredFile, playlistPath: string): string {
    return this.#template === undefined
      ? relativeAddress(checkPath(playlistPath), file.path)
      : fillTemplate(this.#template, file)
  }

  async close(): Promise<void> {}

  async #putWhole(
    key: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Upload> {
    const md5 = createHash('md5').update(body).digest()
    const answer = await this.#client.ask({
      method: 'PUT',
      key,
      headers: { ...headers, 'content-md5': md5.toString('base64') },
      body,
      signal,
    })
    checkEtag(key, answer, etagOf(answer), [md5.toString('hex')])
    return { etag: etagOf(answer), sizeBytes: body.byteLength }
  }

  async #putParts(
    key: string,
    parts: AsyncIterable<Uint8Array>,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Upload> {
    const begun = await this.#client.ask({ method: 'POST', key, query: { uploads: '' }, headers, signal })
    const uploadId = xmlText(begun.text, 'UploadId')
    if (uploadId === undefined || uploadId === '') {
      throw new CuemuxError('OUTPUT_FAILED', `S3 gave no id for an upload of parts to ${key}.`, {
        hint: 'See that the endpoint is that of an S3 server.',
      })
    }
    try {
      const sent = await this.#sendParts(key, uploadId, parts, signal)
      return await this.#complete(key, uploadId, sent, signal)
    } catch (error) {
      // Not the caller's signal: it may be what ended the upload.
      const patience = AbortSignal.timeout(CLEAN_UP_MS)
      await this.#client.ask({ method: 'DELETE', key, query: { uploadId }, signal: patience }, [404]).catch(() => {})
      throw error
    }
  }

  async #sendParts(
    key: string,
    uploadId: string,
    parts: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<SentParts> {
    const etags: string[] = []
    const ofParts = createHash('md5')
    const whole = createHash('md5')
    let sizeBytes = 0
    for await (const body of parts) {
      throwIfAborted(signal)
      if (etags.length === MAX_PARTS) {
        throw new CuemuxError('BAD_REQUEST', `${key} is longer than ${MAX_PARTS} parts of 8 MiB.`)
      }
      const md5 = createHash('md5').update(body).digest()
      const query = { partNumber: String(etags.length + 1), uploadId }
      const headers = { 'content-md5': md5.toString('base64') }
      const answer = await this.#client.ask({ method: 'PUT', key, query, headers, body, signal })
      checkEtag(key, answer, etagOf(answer), [md5.toString('hex')])
      etags.push(etagOf(answer))
      ofParts.update(md5)
      whole.update(body)
      sizeBytes += body.byteLength
    }
    // S3's own ETag of parts, and that of servers which join them.
    return { etags, expected: [`${ofParts.digest('hex')}-${etags.length}`, whole.digest('hex')], sizeBytes }
  }

  async #complete(key: string, uploadId: string, sent: SentParts, signal: AbortSignal | undefined): Promise<Upload> {
    const list = sent.etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`,
    )
    const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
    const headers = { 'content-type': 'application/xml' }
    try {
      const answer = await this.#client.ask({ method: 'POST', key, query: { uploadId }, headers, body, signal })
      const etag = (xmlText(answer.text, 'ETag') ?? '').replaceAll('"', '')
      checkEtag(key, answer, etag, sent.expected)
      return { etag, sizeBytes: sent.sizeBytes }
    } catch (error) {
      throwIfAborted(signal)
      // An earlier attempt did it, when only its answer got lost: the upload is gone then, and the object is there.
      const found = await this.#client.ask({ method: 'HEAD', key, signal }, [404])
      if (!sent.expected.includes(etagOf(found).toLowerCase())) throw error
      return { etag: etagOf(found), sizeBytes: sent.sizeBytes }
    }
  }

  #keyOf(address: string): string {
    const start = `s3://${this.#bucket}/`
    if (!address.startsWith(start)) {
      throw new CuemuxError('BAD_REQUEST', `"${address.slice(0, 200)}" is no address in this bucket.`, {
        hint: `Give ${start}… as put gave it.`,
      })
    }
    return checkPath(address.slice(start.length))
  }

  #stored(name: string, { etag, sizeBytes }: Upload): StoredFile {
    const url = this.#template === undefined ? {} : { url: fillTemplate(this.#template, { path: name }) }
    const address = `s3://${this.#bucket}/${this.#prefix}${name}`
    return { path: name, address, ...url, checksum: `etag:${etag}`, sizeBytes }
  }
}

interface Upload {
  readonly etag: string
  readonly sizeBytes: number
}

interface SentParts {
  readonly etags: readonly string[]
  /** What the whole object's ETag may be. */
  readonly expected: readonly string[]
  readonly sizeBytes: number
}

function etagOf(answer: StoreAnswer): string {
  return (answer.headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '')
}

/** What the ETag of an object may be: its MD5, or that of its parts. */
async function etagsOf(parts: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const ofParts = createHash('md5')
  const whole = createHash('md5')
  let count = 0
  for await (const part of parts) {
    ofParts.update(createHash('md5').update(part).digest())
    whole.update(part)
    count++
  }
  return [whole.digest('hex'), `${ofParts.digest('hex')}-${count}`]
}

/** @throws CuemuxError `OUTPUT_FAILED` when the server has other bytes than were sent */
function checkEtag(key: string, answer: StoreAnswer, etag: string, expected: readonly string[]): void {
  // Objects encrypted with a key of the customer's or of KMS have an ETag that isn't their MD5.
  const encryption = answer.headers.get('x-amz-server-side-encryption') ?? ''
  const isOpaque =
    encryption.startsWith('aws:kms') || answer.headers.has('x-amz-server-side-encryption-customer-algorithm')
  if (isOpaque || !/^[0-9a-f]{32}(?:-\d+)?$/i.test(etag) || expected.includes(etag.toLowerCase())) return
  throw new CuemuxError(
    'OUTPUT_FAILED',
    `S3 has other bytes at ${key} than were sent: its ETag is ${etag}, not ${expected[0]}.`,
    {
      hint: 'Run the job again: the file is sent anew.',
    },
  )
}

async function* chain(first: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first
  yield* rest
}
