/**
 * Films of a folder in a Next.js app: the route handler `app/films/[...path]/route.ts`, as it stands. Next calls it with
 * Web-standard requests, which is what the handler takes. The folder is that of the environment variable FILMS.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createHandler } from 'cuemux'

/** Films are files: not for the edge. */
export const runtime = 'nodejs'
/** Nothing here is made when the app is built. */
export const dynamic = 'force-dynamic'

const folder = process.env.FILMS ?? 'films'

const handler = createHandler({
  basePath: '/films',
  // Only names that are in the folder are opened: an id from a request never becomes a path by itself.
  resolve: async id => ((await readdir(folder)).includes(id) ? join(folder, id) : undefined),
})

export const GET: typeof handle = handle
export const HEAD: typeof handle = handle
export const OPTIONS: typeof handle = handle

function handle(request: Request): Promise<Response> {
  return handler(request)
}
