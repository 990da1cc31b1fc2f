// node bench/compare.mjs BEFORE.json AFTER.json: two result files side by side, as a Markdown table.
import { readFileSync } from 'node:fs'

const paths = process.argv.slice(2)
if (paths.length !== 2) {
  console.error('usage: node bench/compare.mjs BEFORE.json AFTER.json')
  process.exit(2)
}
const [before, after] = paths.map(path => JSON.parse(readFileSync(path, 'utf8')))
const keyOf = row => [row.case, row.figure ?? '', row.tool].join('\t')
const beforeRows = new Map(before.rows.map(row => [keyOf(row), row]))
const afterRows = new Map(after.rows.map(row => [keyOf(row), row]))

const milliseconds = row => (row?.seconds === undefined ? '–' : `${(row.seconds * 1000).toPrecision(3)} ms`)
const memory = row => (row?.maxRssKiB === undefined ? '–' : `${(row.maxRssKiB / 1024).toFixed(0)} MiB`)
/** A change that the two spreads don't explain. */
const isClear = (a, b) => a.highestSeconds < b.lowestSeconds || b.highestSeconds < a.lowestSeconds

function change(a, b) {
  if (a?.seconds === undefined || b?.seconds === undefined) return ''
  const percent = (b.seconds / a.seconds - 1) * 100
  const text = `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`
  return isClear(a, b) ? `**${text}**` : text
}

const describe = ({ machine, versions, when }) =>
  `${when.slice(0, 10)}, ${machine.processor}, ${machine.cores} cores, Node ${versions.node}, Cuemux ${versions.cuemux}`
console.log(`Before: ${describe(before)}\nAfter: ${describe(after)}\n`)
console.log(
  '| case | tool | before | after | change | peak RSS before | after |\n| --- | --- | --- | --- | --- | --- | --- |',
)
for (const key of new Set([...beforeRows.keys(), ...afterRows.keys()])) {
  const [name, figure, tool] = key.split('\t')
  const [a, b] = [beforeRows.get(key), afterRows.get(key)]
  const label = figure === '' || figure === 'whole' ? name : `${name} ${figure}`
  console.log(`| ${[label, tool, milliseconds(a), milliseconds(b), change(a, b), memory(a), memory(b)].join(' | ')} |`)
}
console.log('\nBold: the slowest run of one is faster than the fastest of the other.')
