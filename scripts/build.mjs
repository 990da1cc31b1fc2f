// npm run build: dependencies, packages, player page.
import { ensureBuilt, ensureInstalled, main } from './lib/workspace.mjs'

await main(async () => {
  await ensureInstalled()
  await ensureBuilt({ force: true })
})
