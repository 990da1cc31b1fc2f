import { readFileSync, statSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

/** What the bundle gives. */
interface Bundle {
  readonly start: () => Promise<void>
}

/**
 * The bundled command beside the files that it was made from, where there is one and it is of the same build: otherwise
 * what was compiled since would not be what runs. Published, the bundle comes without the compiler's notes.
 *
 * @param dist address of the folder of the compiled files, with its slash
 * @returns the bundle's path
 */
export function findBundle(dist: string): string | undefined {
  try {
    const builds: unknown = JSON.parse(readFileSync(new URL('bundle/builds.json', dist), 'utf8'))
    if (typeof builds !== 'object' || builds === null) return undefined
    const isCurrent = Object.entries(builds).every(([file, build]) => {
      const stats = statSync(new URL(file, dist), { throwIfNoEntry: false })
      return stats === undefined || `${stats.mtimeMs} ${stats.size}` === build
    })
    return isCurrent ? fileURLToPath(new URL('bundle/cuemux.cjs', dist)) : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs the bundle, with the code that V8 compiled when it was built where this is the same V8: 40 ms of the 110 that a small
 * remux's loading took. A cache of another V8, or none, is no loss but this.
 */
export function loadBundle(file: string): Bundle {
  const require = nodeModule.createRequire(file)
  const cachedData = readIfThere(`${file}.cache`)
  // Without one of ours, Node 22's own compile cache comes to bear.
  if (cachedData === undefined) return require(file) as Bundle
  // Of ASCII alone: V8 keeps a byte a character.
  const script = new Script(nodeModule.wrap(readFileSync(file, 'latin1')), { filename: file, cachedData })
  if (script.cachedDataRejected === true) return require(file) as Bundle
  const module: { exports: unknown } = { exports: {} }
  script.runInThisContext()(module.exports, require, module, file, dirname(file))
  return module.exports as Bundle
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
