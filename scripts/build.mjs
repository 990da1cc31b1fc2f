// npm run build: dependencies, packages, player page, bundled command.
import { ensureBuilt, ensureInstalled, main } from './lib/workspace.mjs'

await main(async () => {
  await ensureInstalled()
  await ensureBuilt({ force: true })
})
