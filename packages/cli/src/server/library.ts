import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { Film } from './film.js'

/** Extensions by which a film is known in a folder; a file named on the command line may have any. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  '.mkv .webm .mk3d .mka .mp4 .m4v .m4a .mov .qt .3gp .ts .m2ts .mts'.split(' '),
)

/** Bounds of one look through the folders. */
const MAX_DEPTH = 8
const MAX_FILMS = 5000
const MAX_ENTRIES = 100_000

/** How long a look through the folders is good for: a page that asks again sees what was added since. */
const FRESH_MS = 1000

/** A film and where it lies. */
interface Located extends Film {
  /** Path or address: what `openMedia` takes. Never leaves this process. */
  readonly location: string
}

/** The films below the inputs of `cuemux serve`, by id. */
export interface Library {
  /** All films, by folder and name; looks through the folders again when the last look is a while ago. */
  list(): Promise<readonly Film[]>
  /** What to open for an id; `undefined` for an unknown one. */
  locate(id: string): Promise<string | undefined>
}

/**
 * A library of files, folders and http(s) addresses.
 *
 * @throws CuemuxError `NOT_FOUND` when one of the files or folders isn't there
 */
export async function createLibrary(inputs: readonly string[]): Promise<Library> {
  const roots: Root[] = []
  for (const input of inputs) roots.push(isAddress(input) ? { address: input } : await localRoot(input))
  return new FolderLibrary(roots)
}

type Root = { readonly address: string } | { readonly path: string; readonly isFolder: boolean }

function isAddress(input: string): boolean {
  return /^https?:\/\//i.test(input)
}

async function localRoot(input: string): Promise<Root> {
  let found: Stats
  try {
    found = await stat(input)
  } catch (error) {
    throw new CuemuxError('NOT_FOUND', `There is no file or folder ${input}.`, { cause: error })
  }
  if (!found.isFile() && !found.isDirectory()) {
    throw new CuemuxError('BAD_REQUEST', `${input} is neither a file nor a folder.`)
  }
  return { path: await realpath(input), isFolder: found.isDirectory() }
}

class FolderLibrary implements Library {
  readonly #roots: readonly Root[]
  #films: ReadonlyMap<string, Located> = new Map()
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(roots: readonly Root[]) {
    this.#roots = roots
  }

  async list(): Promise<readonly Film[]> {
    await this.#refresh()
    return [...this.#films.values()].map(({ id, name, folder, sizeBytes }) => ({ id, name, folder, sizeBytes }))
  }

  async locate(id: string): Promise<string | undefined> {
    const known = this.#films.get(id)
    if (known !== undefined) return known.location
    await this.#refresh()
    return this.#films.get(id)?.location
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
      if ('address' in root) add(films, addressFilm(root.address))
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
      for (const entry of entries) {
        if (entriesLeft-- <= 0) break
        if (entry.name.startsWith('.')) continue
        const path = join(folder, entry.name)
        if (entry.isDirectory()) below.push(path)
        else if (EXTENSIONS.has(extname(entry.name).toLowerCase())) {
          const film = await fileFilm(path, relative(root, folder).split(sep).join('/'))
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
