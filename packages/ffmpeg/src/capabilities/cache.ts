import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BinaryIdentity, Capabilities } from './model.js'
import { findErrors } from './schemas.js'

/** Changes when what is kept changes its shape or its meaning. */
const FORMAT = 1
const MAX_FILE_BYTES = 1024 * 1024

/** What a measurement is good for: this binary with these drivers. */
export function cacheKey({ path, sizeBytes, modifiedMs }: BinaryIdentity, driver: string): string {
  return JSON.stringify([path, sizeBytes, modifiedMs, driver])
}

/** What the file holds for this binary and these drivers; `undefined` where it holds something else, or nothing of sense. */
export async function readCacheFile(
  file: string,
  binary: BinaryIdentity,
  driver: string,
): Promise<Capabilities | undefined> {
  try {
    if ((await stat(file)).size > MAX_FILE_BYTES) return undefined
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof kept !== 'object' || kept === null || findErrors('cache', kept).length > 0) return undefined
    const { capabilities } = kept as { readonly capabilities: Capabilities }
    const isSame = cacheKey(capabilities.binary, capabilities.hardware.driver) === cacheKey(binary, driver)
    return isSame ? capabilities : undefined
  } catch {
    // A file that is missing or broken is one to be written anew.
    return undefined
  }
}

/** Writes the file in one piece. One that can't be written costs a second at the next start, and no error. */
export async function writeCacheFile(file: string, capabilities: Capabilities): Promise<void> {
  const part = `${file}.${randomUUID()}.part`
  try {
    await mkdir(dirname(file), { recursive: true })
    const out = await open(part, 'wx', 0o600)
    try {
      await out.writeFile(JSON.stringify({ format: FORMAT, capabilities }))
      await out.sync()
    } finally {
      await out.close()
    }
    await rename(part, file)
  } catch {
    await rm(part, { force: true }).catch(() => {})
  }
}
