import { CuemuxError } from '@cuemux/core'
import { parseAddress } from './http-address.js'
import type { HttpSourceOptions } from './http-options.js'
import { networkError, TransientError, waitToRetry } from './http-retry.js'
import { transportFor } from './http-transport.js'
import { Watch } from './http-watch.js'

/**
 * The body of an address that has no end and no ranges: asked for once, tried again until it begins.
 *
 * @throws CuemuxError `SOURCE_UNREACHABLE`, `ABORTED`
 */
export async function openBody(
  url: string,
  options: HttpSourceOptions,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const address = parseAddress(url, options.headers ?? {})
  const shownUrl = options.shownAs ?? address.shownUrl
  const transport = transportFor(address, options)
  const limits = { maxRetries: options.maxRetries ?? 4, retryDelayMs: options.retryDelayMs ?? 250 }
  for (let failures = 1; ; failures++) {
    // Not ended once the body is there: closing the source ends that too.
    const watch = new Watch(signal, new Set(), options.timeoutMs ?? 20_000)
    try {
      const { response, release } = await transport.request(undefined, 0, watch)
      release()
      return response.body ?? new Blob([]).stream()
    } catch (error) {
      const reason = networkError(watch.explain(error, shownUrl), shownUrl, 0)
      watch.end()
      if (reason instanceof CuemuxError || !(reason instanceof TransientError)) throw reason
      await waitToRetry(reason, failures, limits, { shownUrl, offsetBytes: 0, signal })
    }
  }
}
