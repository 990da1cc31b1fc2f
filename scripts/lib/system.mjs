// Programs that the tests need beside Node: what is missing, and how it is installed on Debian and Ubuntu.
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { run, StepError } from './workspace.mjs'

/** Program, Debian package, and what can't be checked without it. */
const NEEDED = [
  { program: 'ffmpeg', package: 'ffmpeg', checks: 'conformance (test inputs are made and judged with it)' },
  { program: 'ffprobe', package: 'ffmpeg', checks: 'conformance' },
  { program: 'mkvmerge', package: 'mkvtoolnix', checks: 'conformance of laced and compressed MKV' },
  { program: 'chromium', package: 'chromium', checks: 'playing in a browser' },
  { program: 'redis-server', package: 'redis-server', checks: 'the Redis cache' },
]

function isOnPath(program) {
  return (process.env.PATH ?? '').split(path.delimiter).some(folder => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Installs what is missing where that is allowed; else fails with what to install and what it is needed for. */
export async function ensurePrograms() {
  const missing = () => NEEDED.filter(({ program }) => !isOnPath(program))
  if (missing().length === 0) return
  const packages = [...new Set(missing().map(need => need.package))]
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    console.log(`Installing ${packages.join(', ')} …`)
    await run('apt-get', ['update'], { env, quiet: true })
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env, quiet: true })
  }
  const still = missing()
  if (still.length === 0) return
  const left = still.map(need => `  ${need.program}: ${need.checks}`).join('\n')
  throw new StepError(
    `The tests need programs that are not installed:\n${left}\nInstall them and run the tests again: sudo apt-get install ${packages.join(' ')}`,
  )
}
