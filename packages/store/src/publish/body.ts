import { CuemuxError, throwIfAborted } from '@cuemux/core'
import { withSignal } from '../abort.js'
import { outputFailed } from './failure.js'
import type { PublishBody } from './publish-store.js'

/** Whether a body can be read a second time. */
export function isRepeatable(body: PublishBody): boolean {
  return body instanceof Uint8Array || Array.isArray(body)
}

/**
 * The pieces of a body, one after another; empty ones are left out. Ends as soon as the signal fires, also while the
 * body's own stream keeps it waiting.
 *
 * @throws CuemuxError `ABORTED`; `BAD_REQUEST` for a piece that isn't bytes; `OUTPUT_FAILED` when the stream fails with no
 * `CuemuxError` of its own
 */
export async function* readPieces(body: PublishBody, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) body = [body]
  const iterator = iterate(body)
  let isDone = false
  try {
    for (;;) {
      throwIfAborted(signal)
      const { done, value } = await withSignal(Promise.resolve(iterator.next()), signal)
      isDone = done === true
      if (isDone) return
      if (!(value instanceof Uint8Array)) {
        throw new CuemuxError('BAD_REQUEST', 'A body to publish must be a Uint8Array, or pieces that are.')
      }
      if (value.byteLength > 0) yield value
    }
  } catch (error) {
    throw outputFailed(error, "The bytes to publish can't be read")
  } finally {
    // Not waited for: a stream that hangs in `next` hangs in `return` as well.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

function iterate(body: Exclude<PublishBody, Uint8Array>): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  if (Array.isArray(body)) return (body as readonly Uint8Array[])[Symbol.iterator]()
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) return body[Symbol.asyncIterator]()
  throw new CuemuxError('BAD_REQUEST', 'A body to publish must be a Uint8Array, a list of them, or an async iterable.')
}

/** A stream as buffers of `sizeBytes` each, the last one shorter; one empty buffer for an empty stream. */
export async function* readBlocks(pieces: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let isEmpty = true
  for await (let piece of pieces) {
    while (waitingBytes + piece.byteLength >= sizeBytes) {
      const taken = sizeBytes - waitingBytes
      yield Buffer.concat([...waiting, piece.subarray(0, taken)])
      isEmpty = false
      waiting = []
      waitingBytes = 0
      piece = piece.subarray(taken)
    }
    if (piece.byteLength > 0) {
      waiting.push(piece)
      waitingBytes += piece.byteLength
    }
  }
  if (isEmpty || waitingBytes > 0) yield Buffer.concat(waiting)
}
