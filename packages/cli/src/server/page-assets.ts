import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { CuemuxError } from '@cuemux/core'

/** A file of the page, ready to be sent. */
export interface PageAsset {
  readonly contentType: string
  readonly etag: string
  readonly body: Uint8Array
  readonly gzipped: Uint8Array
}

/** Path on the server → file in the built page. The list is closed: nothing else of the disk is ever sent. */
const FILES: Readonly<Record<string, { readonly file: string; readonly contentType: string }>> = {
  '/': { file: 'index.html', contentType: 'text/html; charset=utf-8' },
  '/player.js': { file: 'player.js', contentType: 'text/javascript; charset=utf-8' },
  '/sessions': { file: 'sessions.html', contentType: 'text/html; charset=utf-8' },
  '/sessions.js': { file: 'sessions.js', contentType: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', contentType: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', contentType: 'image/svg+xml' },
}

/** Where the build puts the page: beside the compiled sources. */
const PAGE_FOLDER = new URL('../page/', import.meta.url)

/** Reads the built page by its paths on the server. */
export async function loadPageAssets(folder: URL = PAGE_FOLDER): Promise<ReadonlyMap<string, PageAsset>> {
  const entries = Object.entries(FILES).map(async ([path, { file, contentType }]): Promise<[string, PageAsset]> => {
    const body = await readFile(new URL(file, folder))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    return [path, { contentType, etag, body, gzipped: await promisify(gzip)(body) }]
  })
  try {
    return new Map(await Promise.all(entries))
  } catch (error) {
    throw new CuemuxError('NOT_FOUND', 'The player page is not built.', {
      hint: 'In a checkout, run the build first.',
      cause: error,
    })
  }
}
