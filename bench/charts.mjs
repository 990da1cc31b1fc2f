// node bench/charts.mjs [RESULTS.json [FOLDER]]: a bar chart (SVG) of each case that has peers, for the README.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { duration } from './lib/table.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const [resultsPath = here('results.json'), folder = here('charts')] = process.argv.slice(2)
const results = JSON.parse(readFileSync(resultsPath, 'utf8'))

const WIDTH = 720
const LABEL_WIDTH = 150
const VALUE_WIDTH = 150
const ROW_HEIGHT = 26
const TOP = 42
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH

/** Colours that are told apart on white and on black. */
const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.note { fill: #59636e }
.ours { fill: #0b7a5c }
.peer { fill: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .note { fill: #9198a1 } .ours { fill: #2ea884 } .peer { fill: #6e7681 } }
</style>`

const escapeXml = text => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

/** Bars from the fastest to the slowest; their length is the median, the line at their end the spread. */
function chart({ title, rows }) {
  const ours = rows.find(({ tool }) => tool === 'cuemux')
  const longest = Math.max(...rows.map(row => row.highestSeconds))
  const x = seconds => LABEL_WIDTH + (seconds / longest) * BAR_WIDTH
  const sorted = [...rows].sort((a, b) => a.seconds - b.seconds)
  const bars = sorted.map((row, i) => {
    const y = TOP + i * ROW_HEIGHT
    const times = row === ours ? '' : ` (${(row.seconds / ours.seconds).toFixed(2)} ×)`
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 15}" text-anchor="end">${escapeXml(row.tool)}</text>`,
      `<rect class="${row === ours ? 'ours' : 'peer'}" x="${LABEL_WIDTH}" y="${y + 3}" width="${(x(row.seconds) - LABEL_WIDTH).toFixed(1)}" height="${ROW_HEIGHT - 10}" rx="2"/>`,
      `<path d="M${x(row.lowestSeconds).toFixed(1)} ${y + 11}H${x(row.highestSeconds).toFixed(1)}" stroke="currentColor" stroke-opacity=".5"/>`,
      `<text class="note" x="${(x(row.highestSeconds) + 8).toFixed(1)}" y="${y + 15}">${duration(row.seconds)}${times}</text>`,
    ].join('\n')
  })
  const height = TOP + rows.length * ROW_HEIGHT + 8
  const label = `${title}: ${sorted.map(row => `${row.tool} ${duration(row.seconds)}`).join(', ')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(label)}">
${STYLE}
<text class="title" x="8" y="24">${escapeXml(title)}</text>
${bars.join('\n')}
</svg>
`
}

/** The first figure of each case for which a peer has one, too. */
function charts() {
  const found = []
  for (const name of new Set(results.rows.map(row => row.case))) {
    const rows = results.rows.filter(row => row.case === name && row.failure === undefined)
    const figure = rows.find(row => row.tool !== 'cuemux')?.figure
    const shown = rows.filter(row => row.figure === figure)
    if (shown.length < 2 || !shown.some(row => row.tool === 'cuemux')) continue
    found.push({ file: `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`, title: shown[0].title, rows: shown })
  }
  return found
}

mkdirSync(folder, { recursive: true })
for (const one of charts()) {
  writeFileSync(join(folder, one.file), chart(one))
  console.log(join(folder, one.file))
}
