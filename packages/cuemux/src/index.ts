import { openFile } from '@cuemux/source/node'
import { createHandlerFactory, type HandlerOptions } from './handler.js'
import type { MediaInput, Platform } from './input.js'
import { createOpenMedia, type Media, type OpenOptions } from './media.js'
import { validateOptions } from './schemas.js'

export * from './exports.js'

const node: Platform = { openPath: openFile, validate: validateOptions }

/**
 * Opens a film: reads its head and its index, and nothing of its media.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `NO_KEYFRAME_INDEX`, `LIMIT_EXCEEDED`, `NOT_FOUND`,
 * `SOURCE_UNREACHABLE`, `BAD_REQUEST`, `ABORTED`
 */
export const openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media> = createOpenMedia(node)

/**
 * A handler of Web-standard requests that serves films: `{id}/master.m3u8` and all below it, `{id}/stream.mp4` and
 * `{id}/info.json`. It mounts in Hono, Express, Fastify, Next and, by {@link toNodeListener}, in plain `node:http`.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options
 */
export const createHandler: (options: HandlerOptions) => (request: Request) => Promise<Response> = createHandlerFactory(
  node,
  openMedia,
)
