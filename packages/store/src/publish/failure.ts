import { CuemuxError } from '@cuemux/core'

/** A remote store's refusal or silence, as the cause of an `OUTPUT_FAILED`. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  /** Whether the same request may succeed later. */
  readonly isTransient: boolean
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: { isTransient: boolean; status?: number; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.isTransient = options.isTransient
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space and run the job again.',
  EDQUOT: 'The disk quota is used up: free some space and run the job again.',
  EACCES: 'Allow this user to write there, or give another folder.',
  EPERM: 'Allow this user to write there, or give another folder.',
  EROFS: 'The file system is read-only: give another folder.',
  ENOTDIR: 'A file stands where a folder is needed: move it away, or give another folder.',
  EISDIR: 'A folder stands where a file is needed: move it away, or give another folder.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n), or lower the concurrency.',
}

/** Errors of the file system that no retry mends. */
const LASTING = /^(?:EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENAMETOOLONG|EINVAL)$/

/** Any error as a {@link CuemuxError}: itself, `ABORTED`, or `OUTPUT_FAILED` that says what can be done. */
export function outputFailed(error: unknown, what: string, hint?: string): CuemuxError {
  if (error instanceof CuemuxError) return error
  if (error instanceof Error && error.name === 'AbortError') {
    return new CuemuxError('ABORTED', 'The operation was aborted.', { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  const help = hint ?? HINTS[systemCode(error) ?? '']
  return new CuemuxError('OUTPUT_FAILED', `${what}: ${reason}`, {
    cause: error,
    ...(help === undefined ? {} : { hint: help }),
  })
}

/** Whether the same work may succeed when it is done again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof RemoteError) return error.isTransient
  if (error instanceof CuemuxError) {
    return error.code === 'OUTPUT_FAILED' && (error.cause === undefined || isTransient(error.cause))
  }
  return !LASTING.test(systemCode(error) ?? '')
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
