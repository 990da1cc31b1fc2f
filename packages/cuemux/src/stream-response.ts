import { CuemuxError } from '@cuemux/core'
import type { ClientInput } from './client.js'
import type { Media } from './media.js'
import { joinPieces } from './resource.js'

/** Answers `stream.mp4?start=SECONDS&duration=SECONDS`: one continuous fMP4 whose length in bytes is not known. */
export async function streamResponse(
  request: Request,
  media: Media,
  query: URLSearchParams,
  client: ClientInput,
): Promise<Response> {
  const startMs = milliseconds(query, 'start')
  const durationMs = milliseconds(query, 'duration')
  const stream = await media.stream({
    client,
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
  }
  if (request.method === 'HEAD') return new Response(null, { headers })
  return new Response(toBody(stream.chunks()), { headers })
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

function toBody(chunks: AsyncIterable<readonly Uint8Array[]>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else
          controller.enqueue(
            joinPieces(
              value,
              value.reduce((sum, piece) => sum + piece.byteLength, 0),
            ),
          )
      },
      async cancel(): Promise<void> {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
