import type { ByteSource, CuemuxError } from '@cuemux/core'
import type { Spool } from './spool.js'

/** How `httpSource` asks. */
export interface HttpSourceOptions {
  /** Sent with every request. They are never shown. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** In place of the global `fetch`: for a proxy, an agent, a test. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Tries after the first that fail in a row before a read gives up; 4 when not given. */
  readonly maxRetries?: number | undefined
  /** Wait before the first of them, ms, doubled with each; 250 when not given. */
  readonly retryDelayMs?: number | undefined
  /** Longest silence of the server, ms; 20,000 when not given. */
  readonly timeoutMs?: number | undefined
  /** What is kept of a film on a server that knows no ranges, bytes; 32 MiB when not given. */
  readonly windowBytes?: number | undefined
  /** File name in place of the URL's last part. */
  readonly name?: string | undefined
  /** Names the film for caches in place of the URL: for signed URLs, which differ each time. The caller vouches for it. */
  readonly key?: string | undefined
  /** What errors call the film in place of its URL: where even the path is secret. */
  readonly shownAs?: string | undefined
  /**
   * Answers that are read from one origin at once, over all sources of this process; 6 when not given. Others wait. A
   * download from a server without ranges, which stays open while nobody reads, doesn't count.
   */
  readonly maxRequestsPerHost?: number | undefined
  /**
   * Gives a new address when the old one answers 401, 403 or 410: for signed URLs. Called once per expiry, however
   * many reads find it; one that is refused in its turn is not renewed again. The caller's headers go to the new one.
   */
  readonly renew?: ((error: CuemuxError) => Promise<string | URL>) | undefined
  /** Keeps what went by of a film on a server that knows no ranges, so that nothing is downloaded twice. */
  readonly spool?: Spool | undefined
}

/** A film behind an HTTP URL. */
export interface HttpSource extends ByteSource {
  /** What the server said of the film's state with its first answer: ETag, else date, and size. `undefined` before. */
  readonly validator: string | undefined
  close(): Promise<void>
}
