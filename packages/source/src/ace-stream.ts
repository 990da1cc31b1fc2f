import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { untilAborted } from './abort.js'
import { httpSource } from './http.js'
import { openBody } from './http-open.js'
import { sleep } from './http-retry.js'
import { closedError } from './range.js'
import { streamSource } from './stream.js'

/** Which content {@link aceStreamSource} reads, and through which engine. */
export interface AceStreamOptions {
  /** The engine's address; `http://127.0.0.1:6878` when not given. */
  readonly engine?: string | undefined
  /** 40 hexadecimal digits: the content's id … */
  readonly contentId?: string | undefined
  /** … or the info hash of its torrent; one of the two. */
  readonly infohash?: string | undefined
  /** File name, shown to people and a hint of the container. */
  readonly name?: string | undefined
  /** Longest wait for the engine to have found the content, ms; 60,000 when not given. */
  readonly timeoutMs?: number | undefined
  /** Wait between two looks at the engine's state, ms; 500 when not given. */
  readonly pollMs?: number | undefined
  /** In place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** A session that the engine runs for us. */
interface Session {
  readonly source: ByteSource
  /** Ends the session. */
  readonly command: string
}

/** States in which the engine gives out the content. */
const READY: ReadonlySet<string> = new Set(['dl', 'buf'])
/** An engine answers its questions at once, whatever it is looking for. */
const ANSWER_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 3_000
/** An engine's answers are a few hundred bytes. */
const MAX_ANSWER_CHARS = 64 * 1024

class AceStreamSource implements ByteSource {
  readonly key: string
  readonly name: string
  readonly seekCostBytes: number = 512 * 1024
  readonly #engine: URL
  readonly #start: URL
  readonly #fetch: typeof globalThis.fetch
  readonly #timeoutMs: number
  readonly #pollMs: number
  readonly #closing = new AbortController()
  #starting: Promise<Session> | undefined
  #session: Session | undefined
  #command: string | undefined

  constructor(options: AceStreamOptions) {
    this.#engine = engineUrl(options.engine ?? 'http://127.0.0.1:6878')
    const [field, hash] = contentOf(options)
    this.key = `acestream:${field}:${hash}`
    this.name = options.name ?? hash
    this.#start = new URL('/ace/getstream', this.#engine)
    this.#start.searchParams.set(field, hash)
    this.#start.searchParams.set('format', 'json')
    // The engine ends one player's session when the same player starts another.
    this.#start.searchParams.set('pid', crypto.randomUUID())
    this.#fetch = options.fetch ?? globalThis.fetch
    this.#timeoutMs = options.timeoutMs ?? 60_000
    this.#pollMs = options.pollMs ?? 500
  }

  get sizeBytes(): number | undefined {
    return this.#session?.source.sizeBytes
  }

  read(offsetBytes: number, lengthBytes: number, options?: ReadOptions): Uint8Array | Promise<Uint8Array> {
    throwIfAborted(options?.signal)
    if (this.#closing.signal.aborted) throw closedError(this.name)
    if (this.#session !== undefined) return this.#session.source.read(offsetBytes, lengthBytes, options)
    return this.#readFirst(offsetBytes, lengthBytes, options)
  }

  async #readFirst(offset: number, length: number, options: ReadOptions | undefined): Promise<Uint8Array> {
    this.#starting ??= this.#open().catch(async error => {
      this.#starting = undefined
      await this.#stop()
      throw this.#closing.signal.aborted ? closedError(this.name) : error
    })
    const { source } = await untilAborted(this.#starting, options?.signal)
    return await source.read(offset, length, options)
  }

  async #open(): Promise<Session> {
    const started = await this.#ask(this.#start)
    const [playback, state, command] = ['playback_url', 'stat_url', 'command_url'].map(field =>
      this.#own(started[field]),
    ) as [string, string, string]
    this.#command = command
    await this.#waitUntilReady(state)
    const shown = { fetch: this.#fetch, name: this.name, shownAs: `AceStream content ${this.name}` }
    const isLive = started.is_live === 1 || started.is_live === true
    const source = isLive
      ? streamSource(closing => openBody(playback, shown, closing), { name: this.name, key: this.key })
      : httpSource(playback, { ...shown, key: this.key })
    this.#session = { source, command }
    return this.#session
  }

  async #waitUntilReady(stateUrl: string): Promise<void> {
    const deadlineMs = Date.now() + this.#timeoutMs
    let status = 'unknown'
    do {
      status = String((await this.#ask(stateUrl)).status)
      if (READY.has(status)) return
      await sleep(this.#pollMs, this.#closing.signal)
    } while (Date.now() < deadlineMs)
    throw new CuemuxError(
      'SOURCE_UNREACHABLE',
      `AceStream has not found ${this.name} after ${Math.round(this.#timeoutMs / 1000)} s: its state is ${JSON.stringify(status.slice(0, 40))}.`,
      { hint: 'Perhaps nobody shares it at the moment.' },
    )
  }

  /** One question to the engine, whose answers are `{response, error}`. */
  async #ask(url: string | URL): Promise<Readonly<Record<string, unknown>>> {
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const answer = await this.#fetch.call(globalThis, String(url), { signal, redirect: 'error' })
      const text = await answer.text()
      const { response, error } = JSON.parse(text.slice(0, MAX_ANSWER_CHARS)) as Record<string, unknown>
      if (error !== null && error !== undefined) throw new Error(String(error).slice(0, 200))
      if (typeof response === 'object' && response !== null) return response as Record<string, unknown>
      throw new Error('it does not answer as AceStream does')
    } catch (error) {
      if (this.#closing.signal.aborted) throw closedError(this.name)
      const message = `The AceStream engine at ${this.#engine.host} can't give ${this.name}`
      if (error instanceof Error && error.name === 'AbortError')
        throw new CuemuxError('SOURCE_UNREACHABLE', `${message}.`)
      throw toCuemuxError(error, 'SOURCE_UNREACHABLE', message)
    }
  }

  /** An address that the engine gave, at the engine: it names itself as it sees itself, which may be inside a container. */
  #own(given: unknown): string {
    if (typeof given === 'string' && URL.canParse(given, this.#engine.href)) {
      const { pathname, search } = new URL(given, this.#engine)
      return new URL(pathname + search, this.#engine).href
    }
    throw new CuemuxError('SOURCE_UNREACHABLE', `The AceStream engine at ${this.#engine.host} gives no addresses.`)
  }

  async #stop(): Promise<void> {
    if (this.#command === undefined) return
    const url = new URL(this.#command)
    this.#command = undefined
    url.searchParams.set('method', 'stop')
    try {
      const answer = await this.#fetch.call(globalThis, url.href, { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) })
      await answer.body?.cancel()
    } catch {
      // The engine ends a session by itself when nobody reads it.
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#starting?.catch(() => undefined)
    await this.#session?.source.close?.()
    await this.#stop()
  }
}

function engineUrl(engine: string): URL {
  if (URL.canParse(engine)) {
    const url = new URL(engine)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  }
  throw new CuemuxError('BAD_REQUEST', "The AceStream engine's address is no http or https URL.")
}

function contentOf({ contentId, infohash }: AceStreamOptions): ['id' | 'infohash', string] {
  const hash = contentId ?? infohash
  if ((contentId === undefined) === (infohash === undefined) || !/^[0-9a-f]{40}$/i.test(hash ?? '')) {
    throw new CuemuxError('BAD_REQUEST', 'AceStream needs either contentId or infohash, of 40 hexadecimal digits.')
  }
  return [contentId === undefined ? 'infohash' : 'id', hash!.toLowerCase()]
}

/**
 * A film or a broadcast out of an AceStream network, through an engine's HTTP API. The first read starts a session
 * there and waits until the engine has found the content; `close()` ends it. A film is read by ranges as `httpSource`
 * does, a broadcast forward only as `streamSource` does.
 *
 * @throws CuemuxError `BAD_REQUEST` for what is no content id; from reads `SOURCE_UNREACHABLE`, `ABORTED`
 */
export function aceStreamSource(options: AceStreamOptions): ByteSource {
  return new AceStreamSource(options)
}
