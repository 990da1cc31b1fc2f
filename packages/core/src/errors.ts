/**
 * What can go wrong, as a closed list. A caller can branch on these; the message is for people.
 *
 * - `UNSUPPORTED_CONTAINER`: the bytes are no container that Cuemux reads.
 * - `UNSUPPORTED_CODEC`: no track of the film can be played by the client without encoding.
 * - `CORRUPT_INDEX`: the container's structure (head, Cues, moov) breaks its own rules.
 * - `CORRUPT_MEDIA`: a block or sample can't be read as the index says.
 * - `NO_KEYFRAME_INDEX`: the film has no usable index of its keyframes.
 * - `ENCRYPTED`: the samples are encrypted.
 * - `LIMIT_EXCEEDED`: the input asks for more memory, depth or count than is reasonable.
 * - `SOURCE_CHANGED`: the source is no longer the one that was opened.
 * - `SOURCE_UNREACHABLE`: the source can't be read.
 * - `ENCODER_MISSING`, `ENCODER_FAILED`: ffmpeg or the asked encoder isn't there, or ended with an error.
 * - `CAPACITY`: a limit of streams or sessions is reached.
 * - `NOT_FOUND`: no such film, rendition, segment or file.
 * - `FORBIDDEN`: the request isn't allowed: its signature is missing, wrong or past its end.
 * - `BAD_REQUEST`: an option or argument is wrong; the message names every wrong field.
 * - `ABORTED`: the caller's AbortSignal fired.
 * - `OUTPUT_FAILED`: the output can't be written.
 */
export type CuemuxErrorCode =
  | 'UNSUPPORTED_CONTAINER'
  | 'UNSUPPORTED_CODEC'
  | 'CORRUPT_INDEX'
  | 'CORRUPT_MEDIA'
  | 'NO_KEYFRAME_INDEX'
  | 'ENCRYPTED'
  | 'LIMIT_EXCEEDED'
  | 'SOURCE_CHANGED'
  | 'SOURCE_UNREACHABLE'
  | 'ENCODER_MISSING'
  | 'ENCODER_FAILED'
  | 'CAPACITY'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'BAD_REQUEST'
  | 'ABORTED'
  | 'OUTPUT_FAILED'

/** Where in the input an error lies. */
export interface ErrorPlace {
  /** Offset from the start of the source, in bytes. */
  readonly offsetBytes?: number
  /** Path of elements or boxes, as in `Segment/Tracks/TrackEntry` or `moov/trak/mdia`. */
  readonly path?: string
}

/** What may accompany the message of a {@link CuemuxError}. */
export interface CuemuxErrorOptions {
  /** Where in the input the error lies. */
  readonly at?: ErrorPlace
  /** What the user can do about it, as a sentence. */
  readonly hint?: string
  /** The error underneath. */
  readonly cause?: unknown
}

/** The one class of error that Cuemux throws, whatever the input. */
export class CuemuxError extends Error {
  override readonly name = 'CuemuxError'
  /** Which of the closed list of errors this is. */
  readonly code: CuemuxErrorCode
  /** Where in the input it lies, where that is known. */
  readonly at: ErrorPlace | undefined
  /** What the user can do about it, as a sentence. */
  readonly hint: string | undefined

  constructor(code: CuemuxErrorCode, message: string, options: CuemuxErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.at = options.at
    this.hint = options.hint
  }

  /** Message, place and hint in one line, for a terminal or a log. */
  describe(): string {
    const place = [
      this.at?.path,
      this.at?.offsetBytes === undefined ? undefined : `byte ${this.at.offsetBytes}`,
    ].filter(part => part !== undefined)
    const line = `${this.code}: ${this.message}${place.length > 0 ? ` (at ${place.join(', ')})` : ''}`
    return (this.hint === undefined ? line : `${line} ${this.hint}`).replace(/\s*\n\s*/g, ' ')
  }
}

/**
 * The error as a {@link CuemuxError}: itself when it is one, `ABORTED` for an abort, else one with the given code.
 */
export function toCuemuxError(error: unknown, code: CuemuxErrorCode, message?: string): CuemuxError {
  if (error instanceof CuemuxError) return error
  if (error instanceof Error && error.name === 'AbortError') {
    return new CuemuxError('ABORTED', 'The operation was aborted.', { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new CuemuxError(code, message === undefined ? reason : `${message}: ${reason}`, { cause: error })
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason })
}
