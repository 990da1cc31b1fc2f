import { CuemuxError } from '@cuemux/core'
import type { HttpLiveOptions } from '@cuemux/ffmpeg'

/** How a live address of HTTP is asked. */
export interface LiveFetch {
  readonly fetch: typeof globalThis.fetch
  readonly http: HttpLiveOptions
}

const DEFAULT_USER_AGENT = 'Mozilla/5.0 (compatible; Cuemux)'

/**
 * An answer with a body.
 *
 * @throws CuemuxError `SOURCE_UNREACHABLE` without one; `BAD_REQUEST` for what the address policy refuses
 */
async function liveRequest(
  url: string,
  { fetch, http }: LiveFetch,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let response: Response
  try {
    const asked = { 'user-agent': http.userAgent ?? DEFAULT_USER_AGENT, ...http.headers, ...headers }
    response = await fetch(url, { headers: asked, signal })
  } catch (error) {
    if (error instanceof CuemuxError) throw error
    throw unreachable(url, error instanceof Error ? causeOf(error) : String(error), error)
  }
  if (response.ok && response.body !== null) return response
  await response.body?.cancel().catch(() => {})
  throw unreachable(url, `it answers ${response.status}`)
}

/** undici says `fetch failed`, and why in its cause. */
function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** The bytes of one answer without end. */
export async function* httpFeed(url: string, from: LiveFetch, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const response = await liveRequest(url, from, signal)
  yield* response.body ?? []
}

/** The whole of a short answer. @throws CuemuxError `LIMIT_EXCEEDED`, and as {@link liveRequest} */
export async function liveBytes(
  url: string,
  from: LiveFetch,
  signal: AbortSignal,
  limit: { readonly maxBytes: number; readonly headers?: Readonly<Record<string, string>> },
): Promise<{ readonly bytes: Uint8Array; readonly url: string }> {
  const response = await liveRequest(url, from, signal, limit.headers)
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of response.body ?? []) {
      length += piece.length
      if (length > limit.maxBytes) {
        throw new CuemuxError('LIMIT_EXCEEDED', `An answer of the live input has more than ${limit.maxBytes} bytes.`)
      }
      pieces.push(piece)
    }
  } catch (error) {
    if (error instanceof CuemuxError) throw error
    throw unreachable(url, error instanceof Error ? causeOf(error) : String(error), error)
  }
  return { bytes: Buffer.concat(pieces), url: response.url === '' ? url : response.url }
}

function unreachable(url: string, reason: string, cause?: unknown): CuemuxError {
  // The host alone: paths of providers carry names and passwords.
  const host = URL.canParse(url) ? new URL(url).host : 'the live input'
  return new CuemuxError('SOURCE_UNREACHABLE', `${host} can't be read: ${reason}.`, { cause })
}
