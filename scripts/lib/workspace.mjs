// What the root's commands share: where things are, how a command is run, when dependencies and builds are up to date.
import { spawn } from 'node:child_process'
import { access, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Path of a file of the workspace. */
export const at = (...parts) => path.join(root, ...parts)
const exists = file =>
  access(file).then(
    () => true,
    () => false,
  )

/** A failure that its message explains: no stack is shown for it. */
export class StepError extends Error {}

/**
 * Runs a command in the workspace's root (or in `cwd`). Output goes to the terminal; with `quiet` it is kept and
 * returned, and shown only when the command fails.
 *
 * @returns {Promise<string>} what the command printed, with `quiet`
 */
export function run(command, args, { cwd = root, quiet = false, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    const output = []
    child.stdout?.on('data', bytes => output.push(bytes))
    child.stderr?.on('data', bytes => output.push(bytes))
    child.on('error', error => reject(new StepError(`${command} can't be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      const text = Buffer.concat(output).toString()
      if (code === 0) return resolve(text)
      reject(
        new StepError(`${text}${path.basename(command)} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`),
      )
    })
  })
}

/** Runs a tool of the workspace's own dependencies (`node_modules/.bin`). */
export const tool = (name, args, options) => run(at('node_modules/.bin', name), args, options)

/** Runs pnpm in the version that package.json names, through npx: nobody has to have it installed. */
export async function pnpm(args, options) {
  const { packageManager } = JSON.parse(await readFile(at('package.json'), 'utf8'))
  return run('npx', ['--yes', packageManager, ...args], options)
}

/** The packages' folders, in alphabetical order. */
export async function packageFolders() {
  const names = await readdir(at('packages'))
  const real = await Promise.all(names.map(name => exists(at('packages', name, 'package.json'))))
  return names.filter((_, i) => real[i]).map(name => at('packages', name))
}

/** Installs the dependencies unless those of the lock file are there. */
export async function ensureInstalled() {
  const [wanted, installed] = await Promise.all(
    ['pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml'].map(file => readFile(at(file), 'utf8').catch(() => undefined)),
  )
  if (wanted === installed) return
  console.log('Installing the dependencies …')
  await pnpm(['install', '--frozen-lockfile'])
}

async function newestChange(folder, ignored = new Set(['dist', 'node_modules'])) {
  let newest = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (ignored.has(entry.name)) continue
    const file = path.join(folder, entry.name)
    newest = Math.max(newest, entry.isDirectory() ? await newestChange(file, ignored) : (await stat(file)).mtimeMs)
  }
  return newest
}

/** Builds the packages, the player page and the bundled command when a source is newer than the last build, or `force` is given. */
export async function ensureBuilt({ force = false } = {}) {
  const stamp = at('packages/cli/dist/.built')
  const builtAt = (await stat(stamp).catch(() => undefined))?.mtimeMs ?? 0
  const folders = await packageFolders()
  const complete = await Promise.all(folders.map(folder => exists(path.join(folder, 'dist/index.js'))))
  const changed = Math.max(
    await newestChange(at('packages')),
    ...(await Promise.all(
      ['tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml'].map(async file => (await stat(at(file))).mtimeMs),
    )),
  )
  if (!force && complete.every(Boolean) && builtAt >= changed) return
  const started = new Date()
  console.log('Building …')
  await tool('tsc', ['-b'])
  await run(process.execPath, [at('packages/cli/scripts/build-page.mjs')])
  await run(process.execPath, [at('packages/cli/scripts/build-bundle.mjs')])
  await writeFile(stamp, '')
  await utimes(stamp, started, started) // what was saved during the build is newer than it
}

/** Runs a script's main function; a failure becomes its message on stderr and exit code 1. */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error)
    process.exitCode = 1
  }
}
