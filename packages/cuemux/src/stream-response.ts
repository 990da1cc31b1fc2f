import { CuemuxError } from '@cuemux/core'
import type { ClientInput } from './client.js'
import type { Media } from './media.js'
import { joinPieces } from './resource.js'

/** Called when a stream's first bytes are asked for; gives what is called at its end, with the bytes that were sent. */
export type OnStream = () => (byteLength: number) => void

/**
 * Answers `stream.mp4?start=SECONDS&duration=SECONDS&timestamps=zero|absolute`: one continuous fMP4 whose length in bytes is
 * not known. A range is answered with the whole and 200, as RFC 9110 §14.2 lets servers do that don't know ranges: browsers
 * ask for `bytes=0-` and play it.
 */
export async function streamResponse(
  request: Request,
  media: Media,
  query: URLSearchParams,
  client: ClientInput,
  onStream: OnStream,
): Promise<Response> {
  const startMs = milliseconds(query, 'start')
  const durationMs = milliseconds(query, 'duration')
  const stream = await media.stream({
    client,
    timestamps: timestampsOf(query),
    signal: request.signal,
    ...(startMs === undefined ? {} : { startMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
  })
  const headers = {
    'content-type': stream.contentType,
    'cache-control': 'no-store',
    'accept-ranges': 'none',
    'x-content-duration': (stream.durationMs / 1000).toFixed(3),
    'x-cuemux-start': (stream.startMs / 1000).toFixed(3),
    'x-cuemux-estimated-length': String(stream.estimatedBytes),
  }
  if (request.method === 'HEAD') {
    await stream.close()
    return new Response(null, { headers })
  }
  return new Response(toBody(stream.chunks(), onStream), { headers })
}

function milliseconds(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) {
    throw new CuemuxError(
      'BAD_REQUEST',
      `The parameter ${name} must be a number of seconds, not "${text.slice(0, 40)}".`,
    )
  }
  return value * 1000
}

function timestampsOf(query: URLSearchParams): 'zero' | 'absolute' {
  const asked = query.get('timestamps') ?? 'zero'
  if (asked === 'zero' || asked === 'absolute') return asked
  throw new CuemuxError('BAD_REQUEST', 'The parameter timestamps must be zero or absolute.')
}

function toBody(chunks: AsyncIterable<readonly Uint8Array[]>, onStream: OnStream): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  let onEnd: ((byteLength: number) => void) | undefined
  let sentBytes = 0
  const end = (): void => {
    onEnd?.(sentBytes)
    onEnd = undefined
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        if (sentBytes === 0) onEnd ??= onStream()
        try {
          const { done, value } = await iterator.next()
          if (done === true) {
            end()
            return controller.close()
          }
          const byteLength = value.reduce((sum, piece) => sum + piece.byteLength, 0)
          sentBytes += byteLength
          controller.enqueue(joinPieces(value))
        } catch (error) {
          end()
          throw error
        }
      },
      async cancel(): Promise<void> {
        end()
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
