import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const readJson = path => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

/** Installs the peers into bench/node_modules, in the versions of bench/package.json, unless they are there. */
export function installPeers() {
  const { dependencies } = readJson('../package.json')
  const isThere = ([name, version]) => {
    const path = `../node_modules/${name}/package.json`
    return existsSync(new URL(path, import.meta.url)) && readJson(path).version === version
  }
  if (Object.entries(dependencies).every(isThere)) return
  console.error('Installing the peers …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) throw new Error('The peers could not be installed (npm ci in bench).')
}

/** Where shaka-packager's program for this machine is. */
export function packagerPath() {
  const system = { linux: 'linux', darwin: 'osx', win32: 'win' }[process.platform]
  const name = `packager-${system}-${process.arch}${process.platform === 'win32' ? '.exe' : ''}`
  return join(folder, 'node_modules/shaka-packager/bin', name)
}
