import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import { writeFileAtomically } from './output-file.js'

/** Name of the file, beside the presentation, that says how far it is. */
const CHECKPOINT_NAME = '.cuemux.json'

const VERSION = 1

/** How often the file is written while work goes on: what is lost to a crash is made again. */
const SAVE_INTERVAL_MS = 1000

/** Which resources of one presentation are finished in a folder. */
export class Checkpoint {
  readonly #folder: string
  readonly #identity: string
  readonly #finished: Map<string, number>
  #savedAt = performance.now()
  #isSaved = false

  constructor(folder: string, identity: string, finished: Map<string, number>) {
    this.#folder = folder
    this.#identity = identity
    this.#finished = finished
  }

  /** Length in bytes of a finished resource; `undefined` where it isn't finished. */
  lengthOf(path: string): number | undefined {
    return this.#finished.get(path)
  }

  /** Notes a finished resource. */
  async add(path: string, byteLength: number): Promise<void> {
    this.#finished.set(path, byteLength)
    this.#isSaved = false
    const now = performance.now()
    if (now - this.#savedAt < SAVE_INTERVAL_MS) return
    this.#savedAt = now
    await this.save()
  }

  /** Writes what is noted. */
  async save(): Promise<void> {
    if (this.#isSaved) return
    this.#isSaved = true
    const json = { version: VERSION, identity: this.#identity, finished: Object.fromEntries(this.#finished) }
    const bytes = new TextEncoder().encode(`${JSON.stringify(json)}\n`)
    await writeFileAtomically(join(this.#folder, CHECKPOINT_NAME), [bytes])
  }
}

/** A short name for all that a presentation's bytes depend on; says nothing of where the film lies. */
export function presentationIdentity(parts: object): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/**
 * What an earlier run has finished in the folder, if it was of the same presentation. What another presentation left is
 * taken away first, as far as its checkpoint names it: no playlist of the one may find segments of the other.
 *
 * @param identity see {@link presentationIdentity}
 */
export async function readCheckpoint(folder: string, identity: string): Promise<Checkpoint> {
  const found = parseCheckpoint(await readFile(join(folder, CHECKPOINT_NAME), 'utf8').catch(() => ''))
  if (found?.identity === identity) return new Checkpoint(folder, identity, found.finished)
  for (const path of found?.finished.keys() ?? []) {
    if (isBelow(path)) await rm(join(folder, path), { force: true }).catch(() => {})
  }
  return new Checkpoint(folder, identity, new Map())
}

interface CheckpointFile {
  readonly identity: string
  readonly finished: Map<string, number>
}

/** The file may have been written by anyone: what isn't as we write it counts as not there. */
function parseCheckpoint(text: string): CheckpointFile | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  if (!('version' in json && 'identity' in json && 'finished' in json)) return undefined
  const { version, identity, finished } = json
  if (version !== VERSION || typeof identity !== 'string') return undefined
  if (typeof finished !== 'object' || finished === null) return undefined
  const entries = Object.entries(finished).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return { identity, finished: new Map(entries) }
}

function isBelow(path: string): boolean {
  const normal = normalize(path)
  return !isAbsolute(normal) && normal !== '..' && !normal.startsWith('../') && !normal.startsWith('..\\')
}
