// npm run bench -- [NAME…|growth] [--quick] [--runs N] [--out FILE]: measures Cuemux beside its peers.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { cases } from './cases/index.mjs'
import { measureGrowth } from './growth.mjs'
import { input } from './inputs.mjs'
import { describeMachine } from './lib/machine.mjs'
import { installPeers } from './lib/peers.mjs'
import { rewriteReadmes } from './lib/readme.mjs'
import { runCase } from './lib/run-case.mjs'
import { toMarkdown } from './lib/table.mjs'

const RUNS = 5
const QUICK_RUNS = 2

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, runs: { type: 'string' }, out: { type: 'string' } },
  })
  const runs = values.runs === undefined ? (values.quick ? QUICK_RUNS : RUNS) : Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs is how often each tool runs: a whole number from 1.')
  const isQuick = values.quick === true
  if (positionals.length === 1 && positionals[0] === 'growth') return { isGrowth: true, isQuick, out: values.out }
  const chosen = cases.filter(one => positionals.length === 0 || positionals.some(name => isNamed(one.name, name)))
  if (chosen.length === 0)
    throw new Error(`There is no such case. There are: ${cases.map(one => one.name).join(', ')}, growth.`)
  return { runs, chosen, isQuick, isPartial: positionals.length > 0, out: values.out }
}

/** `P5` names all cases of P5. */
const isNamed = (name, asked) =>
  name.toLowerCase() === asked.toLowerCase() || name.toLowerCase().startsWith(`${asked.toLowerCase()} `)

async function main() {
  const { runs, chosen, isQuick, isPartial, isGrowth, out } = readArguments()
  if (isGrowth) return measureGrowth({ isQuick, out })
  installPeers()
  const results = { when: new Date().toISOString(), ...describeMachine(), runs, budgets: {}, rows: [] }
  for (const one of chosen) {
    const inputs = Object.fromEntries(one.inputs.map(name => [name, input(name)]))
    for (const path of Object.values(inputs)) warmUp(path)
    results.budgets[one.name] = typeof one.budgets === 'function' ? one.budgets(inputs) : (one.budgets ?? {})
    results.rows.push(...(await runCase(one, inputs, { runs, isQuick }, line => console.error(line))))
  }
  results.machine.loadAverage = Number(loadavg()[0].toFixed(1))
  console.log(toMarkdown(results))
  writeFileSync(out ?? new URL('results.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`)
  const failed = results.rows.filter(row => row.failure !== undefined)
  if (!isPartial && !isQuick && out === undefined && failed.length === 0) rewriteReadmes(results)
  if (!isPartial && out === undefined) await measureGrowth({ isQuick, out })
  for (const row of failed) console.error(`${row.case} ${row.tool}: ${row.failure}`)
  if (failed.length > 0) process.exitCode = 1
}

/**
 * Brings a file into the page cache: what is measured is the tools, not the disk. Through one small buffer, since a
 * child's peak memory starts at what its parent held when it was forked.
 */
function warmUp(path) {
  const buffer = Buffer.alloc(1024 * 1024)
  const descriptor = openSync(path, 'r')
  while (readSync(descriptor, buffer) > 0);
  closeSync(descriptor)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
