// npm test: everything that must hold before a change is done. Static checks first, then all tests in one run.
// The tests' own closing lines are the last thing printed. Arguments after `--` go to vitest.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensurePrograms } from './lib/system.mjs'
import { at, ensureBuilt, ensureInstalled, main, packageFolders, pnpm, run, tool } from './lib/workspace.mjs'

async function step(name, body) {
  const started = performance.now()
  console.log(`• ${name}`)
  await body()
  console.log(`  done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/** What would be published, judged as a user's bundler and compiler will meet it. */
async function checkPackages() {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-pack-'))
  try {
    for (const cwd of await packageFolders()) await pnpm(['pack', '--pack-destination', folder], { cwd, quiet: true })
    const archives = (await readdir(folder)).map(name => path.join(folder, name))
    const work = archives.flatMap(archive => [
      () => tool('publint', ['run', archive, '--strict'], { quiet: true }),
      () => tool('attw', [archive, '--profile', 'esm-only', '--no-emoji'], { quiet: true }),
    ])
    const worker = async () => {
      for (let job = work.pop(); job !== undefined; job = work.pop()) await job()
    }
    await Promise.all([worker(), worker()])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await main(async () => {
  await step('dependencies', ensureInstalled)
  await step('programs', ensurePrograms)
  await step('build', () => ensureBuilt({ force: true }))
  await step('format and lint (biome)', () => tool('biome', ['check', '--error-on-warnings']))
  await step('types of tests, examples and scripts (tsc)', () => tool('tsc', ['-p', at('test/tsconfig.json')]))
  await step('unused files, exports and dependencies (knip)', () => tool('knip', ['--no-config-hints']))
  await step('packages as published (publint, attw)', checkPackages)
  await step('element table (generated from ebml)', () =>
    run(process.execPath, [at('packages/matroska/scripts/generate-elements.mjs'), '--check']),
  )
  await step('API reference: every export documented (typedoc)', () => tool('typedoc', ['--emit', 'none']))
  console.log('• tests (vitest)')
  await tool('vitest', ['run', ...process.argv.slice(2)]).catch(() => {
    process.exitCode = 1 // vitest has said why
  })
})
