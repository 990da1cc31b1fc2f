import { CuemuxError } from '@cuemux/core'
import { createLiveStream } from '../live/create.js'
import type { LiveStream } from '../live/live-stream.js'
import type { ContentProgress, ContentRequest, SessionContent } from './content.js'
import type { ResolvedLive } from './options.js'
import { untilAborted } from './until.js'

/** Opens a live input for a session: it is open with its first segment, and nothing of it is kept. */
export async function openLiveContent(request: ContentRequest<ResolvedLive>): Promise<SessionContent> {
  const { source, signal, onFailure, onEnd } = request
  const stream = createLiveStream({ ...source.live, cors: false })
  try {
    await untilAborted(stream.ready, signal)
  } catch (error) {
    await stream.close()
    throw stream.error ?? error
  }
  void stream.done.then(() => {
    if (stream.state === 'failed') onFailure(stream.error)
    else onEnd()
  })
  return new LiveContent(stream)
}

class LiveContent implements SessionContent {
  readonly info: undefined
  readonly subtitles: readonly [] = []
  readonly #stream: LiveStream

  constructor(stream: LiveStream) {
    this.#stream = stream
  }

  async respond(request: Request, path: string): Promise<Response> {
    const response = await this.#stream.handle(request, path)
    if (response.status === 404) throw new CuemuxError('NOT_FOUND', 'The stream has no such part, or not any more.')
    return response
  }

  progress(): ContentProgress {
    const { segments, keptBytes, speed } = this.#stream.stats
    return { durationMs: undefined, segments: { total: segments, kept: 0 }, keptBytes, speed, encoded: [] }
  }

  processes(): readonly number[] {
    const { pid } = this.#stream.stats
    return pid === undefined ? [] : [pid]
  }

  close(): Promise<void> {
    return this.#stream.close()
  }
}
