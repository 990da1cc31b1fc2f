// npm start: sets up, builds, and plays the sample film (or what is named after `--`) in a page on a free port.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { at, ensureBuilt, ensureInstalled, main, StepError } from './lib/workspace.mjs'

const isFree = port =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

async function freePort(first, count) {
  for (let port = first; port < first + count; port++) if (await isFree(port)) return port
  throw new StepError(`No free port from ${first} to ${first + count - 1}. Choose one: npm start -- --port PORT`)
}

/** The options of `cuemux serve` that are followed by a value. */
const WITH_VALUE = ['--port', '--host', '--cache', '--sessions', '--workers']

await main(async () => {
  const args = process.argv.slice(2)
  await ensureInstalled()
  await ensureBuilt()
  if (!args.some(arg => arg.startsWith('--port'))) args.push('--port', String(await freePort(8080, 20)))
  const hasInput = args.some((arg, i) => !arg.startsWith('-') && !WITH_VALUE.includes(args[i - 1]))
  if (!hasInput) args.unshift(at('sample'))
  const server = spawn(process.execPath, [at('packages/cli/dist/main.js'), 'serve', ...args], { stdio: 'inherit' })
  // Ctrl+C reaches the server by itself; the script stays until the server has ended.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal))
  process.exitCode = await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code, signal) => resolve(signal === null ? code : 0))
  })
})
