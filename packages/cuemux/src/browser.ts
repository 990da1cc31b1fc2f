import { CuemuxError } from '@cuemux/core'
import { createHandlerFactory, type Handler } from './handler.js'
import type { MediaInput, Platform } from './input.js'
import { createOpenMedia, type Media, type MediaOpener, type OpenOptions } from './media.js'
import type { HandlerOptions } from './service/options.js'

export * from './exports.js'

// Without files, and without the validator: it compiles its schemas with `new Function`, which a page's policy may forbid.
const web: Platform = {
  openPath: path =>
    Promise.reject(
      new CuemuxError('BAD_REQUEST', `"${String(path)}" is a path, and there are no files here.`, {
        hint: 'Pass an http(s) address, a File or a Blob.',
      }),
    ),
  validate: <T extends object>(_schema: unknown, options: T | undefined): T => ({ ...options }) as T,
}

const open: MediaOpener = createOpenMedia(web)

/** Opens a film, as in Node, from an address, a Blob, bytes or a byte source. */
export const openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media> = (input, options) =>
  open(input, options)

/** A handler of Web-standard requests, as in Node: for service workers and edge runtimes; it keeps nothing in a cache. */
export const createHandler: (options: HandlerOptions) => Handler = createHandlerFactory(web, open)
