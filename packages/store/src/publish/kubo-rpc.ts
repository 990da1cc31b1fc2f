import { randomUUID } from 'node:crypto'
import { CuemuxError } from '@cuemux/core'
import { outputFailed, RemoteError } from './failure.js'
import { askStore, refusal, type StoreAnswer } from './http.js'
import { parseHttp } from './naming.js'
import { withRetry } from './retry.js'

/** How a Kubo node is reached. */
export interface KuboRpcOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly retries: number
  readonly firstDelayMs: number
}

/** One line of an answer. */
export type RpcRecord = Readonly<Record<string, unknown>>

/**
 * The RPC of a Kubo node (`/api/v0`), as far as publishing needs it. A user and password in the URL are sent as basic
 * authorization, and are in no error.
 */
export class KuboRpc {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #retries: number
  readonly #firstDelayMs: number

  /** @throws CuemuxError `BAD_REQUEST` for a URL that isn't one */
  constructor(options: KuboRpcOptions) {
    const url = parseHttp('url', options.url)
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    this.#headers = {
      ...(login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      ...options.headers,
    }
    this.#base = `${url.origin}${url.pathname.replace(/\/+$|\/api\/v0\/?$/g, '')}/api/v0`
    this.#timeoutMs = options.timeoutMs
    this.#retries = options.retries
    this.#firstDelayMs = options.firstDelayMs
  }

  /**
   * Calls a command, again while what may pass is in its way.
   *
   * @throws CuemuxError `OUTPUT_FAILED`, `ABORTED`
   */
  async call(
    command: string,
    query: Readonly<Record<string, string>>,
    options: { readonly signal?: AbortSignal | undefined; readonly file?: () => AsyncIterable<Uint8Array> },
  ): Promise<RpcRecord> {
    const ask = (): Promise<RpcRecord> => this.callOnce(command, query, options.file?.(), options.signal)
    const { signal } = options
    return await withRetry(ask, { retries: this.#retries, firstDelayMs: this.#firstDelayMs, signal })
  }

  /** Calls a command once, with a file or without. The last line of its answer. */
  async callOnce(
    command: string,
    query: Readonly<Record<string, string>>,
    file: AsyncIterable<Uint8Array> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RpcRecord> {
    const boundary = `cuemux-${randomUUID()}`
    const form = file === undefined ? {} : { 'content-type': `multipart/form-data; boundary=${boundary}` }
    try {
      const answer = await askStore({
        method: 'POST',
        url: `${this.#base}/${command}?${new URLSearchParams(query).toString()}`,
        headers: { ...this.#headers, ...form },
        body: file === undefined ? undefined : formWith(boundary, file),
        timeoutMs: this.#timeoutMs,
        signal,
      })
      return parseAnswer(answer)
    } catch (error) {
      if (error instanceof CuemuxError) throw error
      throw outputFailed(error, `The Kubo node failed at ${command}`, hintFor(error))
    }
  }
}

function hintFor(error: unknown): string {
  const status = error instanceof RemoteError ? error.status : undefined
  if (status === 401 || status === 403)
    return 'Give user and password in its URL, or allow this host in API.Authorizations.'
  if (status === 404 || status === 405) return "Give the address of the node's RPC API, not of its gateway."
  return 'See that the node runs and has room (ipfs repo stat), then run the job again.'
}

async function* formWith(boundary: string, file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="file"\r\n` +
      'content-type: application/octet-stream\r\n\r\n',
  )
  yield* file
  yield Buffer.from(`\r\n--${boundary}--\r\n`)
}

function parseAnswer(answer: StoreAnswer): RpcRecord {
  const lines = answer.text.split('\n').filter(line => line.trim() !== '')
  const last = parseLine(lines.at(-1) ?? '{}')
  // Kubo answers a refusal with status 500 and a line; one in the middle of the work comes as a line after others.
  const message = typeof last?.Message === 'string' ? last.Message : undefined
  // That is what was asked, and no trouble of the node's.
  if (message !== undefined && isNotPinned(message)) {
    throw new RemoteError(message, { isTransient: false, status: answer.status })
  }
  if (answer.status >= 400) throw refusal(answer, message ?? answer.text.slice(0, 200).trim())
  if (last === undefined) throw new RemoteError('its answer is no JSON', { isTransient: true, status: answer.status })
  if (message !== undefined) throw new RemoteError(message, { isTransient: true, status: answer.status })
  if (answer.status >= 300) throw refusal(answer, 'it sends somewhere else')
  return last
}

/** Whether a node's message says that something isn't pinned there. */
export function isNotPinned(message: string): boolean {
  return /not pinned/i.test(message)
}

function parseLine(line: string): RpcRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as RpcRecord) : undefined
  } catch {
    return undefined
  }
}
