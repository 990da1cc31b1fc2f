import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { type Film, PUBLISHED_PATH } from './film.js'
import { blocksFilm, openBlocks } from './ipfs-film.js'
import { folderFiles, type PublishedFiles, s3Files } from './published-files.js'

/** Extensions by which a film is known in a folder; a file named on the command line may have any. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  '.mkv .webm .mk3d .mka .mp4 .m4v .m4a .mov .qt .3gp .ts .m2ts .mts'.split(' '),
)

/** The playlist by which a published film is known. */
const MASTER = 'master.m3u8'

/** Bounds of one look through the folders. */
const MAX_DEPTH = 8
const MAX_FILMS = 5000
const MAX_ENTRIES = 100_000

/** How long a look through the folders is good for: a page that asks again sees what was added since. */
const FRESH_MS = 1000

/** A film and where it lies. */
interface Located extends Film {
  /** Path or address: what `openMedia` takes; nothing for what is published. Never leaves this process. */
  readonly location?: string
  /** The files of a published film, where they aren't blocks of IPFS. */
  readonly files?: PublishedFiles
}

/** The films below the inputs of `cuemux serve`, by id. */
export interface Library {
  /** All films, by folder and name; looks through the folders again when the last look is a while ago. */
  list(): Promise<readonly Film[]>
  /** What to open for an id; `undefined` for an unknown one. */
  locate(id: string): Promise<string | undefined>
  /** The files of a published film; `undefined` for an unknown id. */
  published(id: string): Promise<PublishedFiles | undefined>
  /** The folders of IPFS blocks among the inputs. */
  readonly blocks: readonly PublishedFiles[]
}

/**
 * A library of files, folders, http(s) addresses and published films: a folder in which a `master.m3u8` lies, one of IPFS blocks, and
 * `s3://bucket/prefix/master.m3u8`.
 *
 * @throws CuemuxError `NOT_FOUND` when one of the files or folders isn't there
 */
export async function createLibrary(inputs: readonly string[]): Promise<Library> {
  const roots: Root[] = []
  for (const input of inputs) {
    if (isAddress(input)) roots.push({ film: addressFilm(input) })
    else if (/^s3:/i.test(input)) roots.push({ film: bucketFilm(input) })
    else roots.push(await localRoot(input))
  }
  return new FolderLibrary(roots)
}

type Root = { readonly film: Located } | LocalRoot

interface LocalRoot {
  readonly path: string
  readonly isFolder: boolean
  /** What a folder of IPFS blocks has. */
  readonly blocks?: PublishedFiles
}

function isAddress(input: string): boolean {
  return /^https?:\/\//i.test(input)
}

async function localRoot(input: string): Promise<LocalRoot> {
  let found: Stats
  try {
    found = await stat(input)
  } catch (error) {
    throw new CuemuxError('NOT_FOUND', `There is no file or folder ${input}.`, { cause: error })
  }
  if (!found.isFile() && !found.isDirectory()) {
    throw new CuemuxError('BAD_REQUEST', `${input} is neither a file nor a folder.`)
  }
  const path = await realpath(input)
  const blocks = found.isDirectory() ? await openBlocks(path) : undefined
  return { path, isFolder: found.isDirectory(), ...(blocks === undefined ? {} : { blocks }) }
}

class FolderLibrary implements Library {
  readonly #roots: readonly Root[]
  #films: ReadonlyMap<string, Located> = new Map()
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  readonly blocks: readonly PublishedFiles[]

  constructor(roots: readonly Root[]) {
    this.#roots = roots
    this.blocks = roots.flatMap(root => ('blocks' in root && root.blocks !== undefined ? [root.blocks] : []))
  }

  async list(): Promise<readonly Film[]> {
    await this.#refresh()
    return [...this.#films.values()].map(({ location: _, files: __, ...film }) => film)
  }

  async locate(id: string): Promise<string | undefined> {
    return (await this.#find(id))?.location
  }

  async published(id: string): Promise<PublishedFiles | undefined> {
    return (await this.#find(id))?.files
  }

  async #find(id: string): Promise<Located | undefined> {
    const known = this.#films.get(id)
    if (known !== undefined) return known
    await this.#refresh()
    return this.#films.get(id)
  }

  /** One look at a time, whoever asks. */
  async #refresh(): Promise<void> {
    if (performance.now() - this.#lookedAt < FRESH_MS) return
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  async #look(): Promise<void> {
    const films = new Map<string, Located>()
    for (const root of this.#roots) {
      if ('film' in root) add(films, root.film)
      else if (root.blocks !== undefined) add(films, await blocksFilm(root.path))
      else if (root.isFolder) await lookThrough(root.path, films)
      else add(films, await fileFilm(root.path, ''))
    }
    this.#films = films
    this.#lookedAt = performance.now()
  }
}

function add(films: Map<string, Located>, film: Located | undefined): void {
  if (film !== undefined && films.size < MAX_FILMS) films.set(film.id, film)
}

/** Breadth first, so that the bounds cut off the deepest folders. Hidden entries and links to folders are left out. */
async function lookThrough(root: string, films: Map<string, Located>): Promise<void> {
  const found: Located[] = []
  let entriesLeft = MAX_ENTRIES
  let level = [root]
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const below: string[] = []
    for (const folder of level) {
      // A folder that can't be read or has just gone doesn't hide the others.
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
      const place = relative(root, folder).split(sep).join('/')
      if (entries.some(entry => entry.name === MASTER && entry.isFile())) {
        // What lies below are its parts, not films.
        found.push(folderFilm(folder, place))
        continue
      }
      for (const entry of entries) {
        if (entriesLeft-- <= 0) break
        if (entry.name.startsWith('.')) continue
        const path = join(folder, entry.name)
        if (entry.isDirectory()) below.push(path)
        else if (EXTENSIONS.has(extname(entry.name).toLowerCase())) {
          const film = await fileFilm(path, place)
          if (film !== undefined) found.push(film)
        }
      }
    }
    level = below
  }
  const collator = new Intl.Collator('en', { numeric: true })
  found.sort((a, b) => collator.compare(a.folder, b.folder) || collator.compare(a.name, b.name))
  for (const film of found) add(films, film)
}

async function fileFilm(path: string, folder: string): Promise<Located | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  return { id: filmId(path), name: basename(path), folder, sizeBytes: found.size, location: path }
}

function addressFilm(address: string): Located {
  const { pathname, host } = new URL(address)
  const last = pathname.split('/').findLast(part => part !== '') ?? ''
  return { id: filmId(address), name: decodeName(last) || host, folder: '', sizeBytes: undefined, location: address }
}

/** The film that a ladder left in a folder. */
function folderFilm(folder: string, place: string): Located {
  const id = filmId(`published:${folder}`)
  return {
    id,
    name: basename(folder),
    folder: place.split('/').slice(0, -1).join('/'),
    sizeBytes: undefined,
    publishedMaster: `${PUBLISHED_PATH}/${id}/${MASTER}`,
    files: folderFiles(folder),
  }
}

/**
 * The film that a ladder left in a bucket.
 *
 * @throws CuemuxError `BAD_REQUEST` for another address, or without credentials
 */
function bucketFilm(address: string): Located {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/?#]+)\/((?:[^?#]*\/)?)master\.m3u8$/i.exec(address) ?? []
  if (bucket === undefined) {
    throw new CuemuxError('BAD_REQUEST', `${address} is no address of a published film.`, {
      hint: 'Give s3://bucket/prefix/master.m3u8.',
    })
  }
  const id = filmId(address)
  return {
    id,
    name: basename(prefix) || bucket,
    folder: '',
    sizeBytes: undefined,
    publishedMaster: `${PUBLISHED_PATH}/${id}/${MASTER}`,
    files: s3Files(bucket, prefix),
  }
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Says nothing of the path and stays the same from run to run, so that a link to a film stays good. */
function filmId(location: string): string {
  return createHash('sha256').update(location).digest('hex').slice(0, 12)
}
