import { readFileSync, statSync } from 'node:fs'

/**
 * The bundled command beside the files that it was made from, where there is one and it is of the same build: otherwise
 * what was compiled since would not be what runs. Published, the bundle comes without the compiler's notes.
 *
 * @param dist address of the folder of the compiled files, with its slash
 * @returns the address of the bundle's first module
 */
export function findBundle(dist: string): string | undefined {
  try {
    const builds: unknown = JSON.parse(readFileSync(new URL('bundle/builds.json', dist), 'utf8'))
    if (typeof builds !== 'object' || builds === null) return undefined
    const isCurrent = Object.entries(builds).every(([file, build]) => {
      const stats = statSync(new URL(file, dist), { throwIfNoEntry: false })
      return stats === undefined || `${stats.mtimeMs} ${stats.size}` === build
    })
    return isCurrent ? new URL('bundle/process.js', dist).href : undefined
  } catch {
    return undefined
  }
}
