import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ipfsStore } from '@cuemux/store'
import { type Film, IPFS_PATH } from './film.js'
import { ipfsFiles, type PublishedFiles } from './published-files.js'

/** Says, in a folder of blocks, which film is in them. */
export const PUBLISHED_NAME = 'published.json'

/** What {@link PUBLISHED_NAME} says. */
export interface PublishedFilm {
  readonly format: 'cuemux-published'
  readonly version: 1
  /** For people. */
  readonly name: string
  /** `ipfs://CID` of the multivariant playlist, or with its path in a directory. */
  readonly master: string
}

/** The blocks of a folder that a ladder was published to, or any other laid out as blockstore-fs does it; `undefined` for another folder. */
export async function openBlocks(folder: string): Promise<PublishedFiles | undefined> {
  const found = await stat(join(folder, 'blocks')).catch(() => undefined)
  if (!found?.isDirectory() || (await readPublished(folder)) === undefined) return undefined
  return ipfsFiles(ipfsStore({ folder }))
}

/** The film in a folder of blocks: its newest version. */
export async function blocksFilm(folder: string): Promise<Film | undefined> {
  const published = await readPublished(folder)
  if (published === undefined) return undefined
  const id = createHash('sha256').update(`ipfs:${folder}`).digest('hex').slice(0, 12)
  const path = published.master.slice('ipfs://'.length)
  const name = published.name || basename(folder)
  return { id, name, folder: '', sizeBytes: undefined, publishedMaster: `${IPFS_PATH}/${path}` }
}

/** The file may have been written by anyone: what isn't as we write it counts as not there. */
async function readPublished(folder: string): Promise<PublishedFilm | undefined> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(join(folder, PUBLISHED_NAME), 'utf8'))
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null || !('format' in json && 'master' in json)) return undefined
  const { format, master } = json
  const name = 'name' in json && typeof json.name === 'string' ? json.name : ''
  if (format !== 'cuemux-published' || typeof master !== 'string' || !/^ipfs:\/\/[\w./-]+$/.test(master))
    return undefined
  return { format, version: 1, name, master }
}
