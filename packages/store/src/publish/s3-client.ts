import { createHash } from 'node:crypto'
import { CuemuxError } from '@cuemux/core'
import { positive } from '../limits.js'
import { outputFailed, RemoteError } from './failure.js'
import { askStore, refusal, type StoreAnswer } from './http.js'
import { encodePath, parseHttp } from './naming.js'
import { checkRetries, withRetry } from './retry.js'

/** Who asks. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** For temporary credentials. */
  readonly sessionToken?: string
}

/** How an S3 or compatible server is reached. */
export interface S3ConnectionOptions {
  /** `https://minio.example:9000`; Amazon's own in the region when left out. */
  readonly endpoint?: string
  /** `auto` for servers without regions. */
  readonly region: string
  readonly bucket: string
  /** The credentials, or what gives those that are valid now. */
  readonly credentials: S3Credentials | (() => Promise<S3Credentials>)
  /** A request is given up after this long, and 1 s more for each 64 KiB that it sends, in milliseconds. 30,000 when left out. */
  readonly timeoutMs?: number
  /** How often a request is tried again. 4 when left out. */
  readonly retries?: number
  /** Half to all of it is waited before the first retry, of twice as much before each later one. 300 when left out. */
  readonly firstDelayMs?: number
}

/** A request for an object. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
}

/** How slowly a body may go, at least. */
const SLOWEST_BYTES_PER_MS = 64 * 1.024

/** Signed requests to a bucket. */
export class S3Client {
  readonly #base: string
  readonly #options: S3ConnectionOptions
  readonly #timeoutMs: number
  readonly #retries: number
  readonly #firstDelayMs: number

  /** @throws CuemuxError `BAD_REQUEST` */
  constructor(options: S3ConnectionOptions) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(options.bucket)) {
      throw new CuemuxError('BAD_REQUEST', 'bucket must be the name of an S3 bucket.')
    }
    if (!/^[a-z0-9-]{1,64}$/.test(options.region))
      throw new CuemuxError('BAD_REQUEST', 'region must be a region as eu-west-1.')
    this.#base = baseOf(options)
    this.#options = options
    this.#timeoutMs = positive('timeoutMs', options.timeoutMs ?? 30_000)
    this.#retries = checkRetries(options.retries ?? 4)
    this.#firstDelayMs = positive('firstDelayMs', options.firstDelayMs ?? 300)
  }

  /**
   * Asks, again while what may pass is in the way.
   *
   * @returns an answer of success, or one with a status in `expected`
   * @throws CuemuxError `OUTPUT_FAILED`, `ABORTED`
   */
  async ask(request: S3Request, expected: readonly number[] = []): Promise<StoreAnswer> {
    const ask = (): Promise<StoreAnswer> => this.#askOnce(request, expected)
    return await withRetry(ask, { retries: this.#retries, firstDelayMs: this.#firstDelayMs, signal: request.signal })
  }

  async #askOnce(request: S3Request, expected: readonly number[]): Promise<StoreAnswer> {
    const what = `S3 failed at ${request.method} ${this.#options.bucket}/${request.key}`
    try {
      const body = request.body
      const { url, headers } = await this.#sign(request)
      const timeoutMs = this.#timeoutMs + (body?.byteLength ?? 0) / SLOWEST_BYTES_PER_MS
      const answer = await askStore({ method: request.method, url, headers, body, timeoutMs, signal: request.signal })
      // Completing an upload of parts may fail after its status was sent.
      const code = xmlText(answer.text.slice(0, 10_000), 'Code')
      const isError = /^\s*(?:<\?xml[^>]*\?>)?\s*<Error[\s>]/.test(answer.text)
      if (expected.includes(answer.status)) return answer
      if (answer.status < 300 && !isError) return answer
      throw s3Refusal(answer, code)
    } catch (error) {
      throw outputFailed(error, what, hintFor(error))
    }
  }

  async #sign(request: S3Request): Promise<{ url: string; headers: Record<string, string> }> {
    const { AwsV4Signer } = await loadSigner()
    const given = this.#options.credentials
    const credentials = typeof given === 'function' ? await given() : given
    const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? {}
    if (!accessKeyId || !secretAccessKey) {
      throw new CuemuxError('BAD_REQUEST', 'credentials must have an accessKeyId and a secretAccessKey.')
    }
    const query = new URLSearchParams(request.query).toString()
    const signer = new AwsV4Signer({
      method: request.method,
      url: `${this.#base}/${encodePath(request.key)}${query === '' ? '' : `?${query}`}`,
      headers: {
        ...request.headers,
        'x-amz-content-sha256': createHash('sha256')
          .update(request.body ?? '')
          .digest('hex'),
      },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region: this.#options.region,
    })
    const signed = await signer.sign()
    return { url: signed.url.toString(), headers: Object.fromEntries(signed.headers) }
  }
}

/** The text of an XML element of S3's flat answers; `undefined` when there is none. */
export function xmlText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  const marks: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text
    ?.replace(/&(?:#(\d+)|(lt|gt|quot|apos|amp));/g, (_, code: string | undefined, mark: string | undefined) =>
      code === undefined ? (marks[mark ?? ''] ?? '') : String.fromCodePoint(Math.min(Number(code), 0xffff)),
    )
    .trim()
}

function baseOf({ endpoint, region, bucket }: S3ConnectionOptions): string {
  if (endpoint !== undefined) {
    const url = parseHttp('endpoint', endpoint)
    if (url.username !== '') throw new CuemuxError('BAD_REQUEST', 'endpoint must have no user in it; give credentials.')
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}/${bucket}`
  }
  // A dot in a bucket's name breaks the certificate of its own host.
  return bucket.includes('.')
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`
}

/** Codes of status 400 and 403 that say that something went wrong on the way, this once. */
const PASSING =
  /^(?:RequestTimeout|BadDigest|IncompleteBody|XAmzContentSHA256Mismatch|SlowDown|InternalError|ServiceUnavailable)$/

function s3Refusal(answer: StoreAnswer, code: string | undefined): RemoteError {
  const message = xmlText(answer.text, 'Message')
  const words = [code, message].filter(part => part !== undefined && part !== '').join(': ')
  const error = refusal(answer, words === '' ? answer.text.slice(0, 200).trim() : words)
  const isTransient = error.isTransient || PASSING.test(code ?? '') || (answer.status < 300 && code !== 'AccessDenied')
  return new RemoteError(error.message, { isTransient, status: answer.status, retryAfterMs: error.retryAfterMs })
}

function hintFor(error: unknown): string | undefined {
  if (!(error instanceof RemoteError)) return undefined
  if (/RequestTimeTooSkewed/.test(error.message)) return "Set this machine's clock right."
  if (/NoSuchBucket/.test(error.message)) return 'Make the bucket, or give the name of one that is there.'
  if (error.status === 403 || error.status === 401)
    return 'Give credentials that may write to this bucket, and its region.'
  if (error.status !== undefined && error.status >= 300 && error.status < 400)
    return "Give the bucket's own region and endpoint."
  return 'See that the server runs and has room, then run the job again: what is stored is kept.'
}

async function loadSigner(): Promise<typeof import('aws4fetch')> {
  try {
    return await import('aws4fetch')
  } catch (error) {
    throw new CuemuxError('OUTPUT_FAILED', 'The package aws4fetch could not be loaded.', {
      cause: error,
      hint: 'Install aws4fetch.',
    })
  }
}
