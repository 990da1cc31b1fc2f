// npm run bench: sets up, builds, and runs the benchmark with the arguments after `--`.
import { at, ensureBuilt, ensureInstalled, main, run } from './lib/workspace.mjs'

await main(async () => {
  await ensureInstalled()
  await ensureBuilt()
  await run(process.execPath, [at('bench/run.mjs'), ...process.argv.slice(2)])
})
