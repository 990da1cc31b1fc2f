// node bench/join.mjs RESULTS.json…: joins the results of several calls into results.json and the READMEs' tables; of a case
// that is in several files the last one's rows count. For a machine on which a full run is too long for one sitting.
import { readFileSync, writeFileSync } from 'node:fs'
import { rewriteReadmes } from './lib/readme.mjs'

const parts = process.argv.slice(2).map(path => JSON.parse(readFileSync(path, 'utf8')))
const [first] = parts
if (first === undefined) {
  console.error('Usage: node bench/join.mjs RESULTS.json…')
  process.exit(2)
}
/** `P12` after `P4 mp4`, other names behind. */
const order = name => Number(/^P(\d+)/.exec(name)?.[1] ?? 1000)

const cases = new Map()
for (const { rows } of parts) {
  for (const name of new Set(rows.map(row => row.case)))
    cases.set(
      name,
      rows.filter(row => row.case === name),
    )
}
const results = {
  ...first,
  calls: parts.length,
  runs: parts.map(part => part.runs).sort((a, b) => b - a)[0],
  versions: Object.assign({}, ...parts.map(part => part.versions)),
  budgets: Object.assign({}, ...parts.map(part => part.budgets)),
  machine: { ...first.machine, loadAverage: Math.max(...parts.map(part => part.machine.loadAverage)) },
  rows: [...cases].sort(([a], [b]) => order(a) - order(b)).flatMap(([, rows]) => rows),
}
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`)
rewriteReadmes(results)
