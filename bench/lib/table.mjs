const OURS = 'cuemux'

/** The results as a Markdown table. `×` says how many times as fast as the row's tool Cuemux is. */
export function toMarkdown(results) {
  const head = [
    'case',
    'tool',
    'median',
    'spread',
    'Cuemux is',
    'budget',
    'peak RSS',
    'CPU',
    'bytes read',
    'bytes written',
  ]
  const hasInstructions = results.rows.some(row => row.instructions !== undefined)
  const rows = results.rows.map(row => [
    ...toCells(row, results),
    ...(hasInstructions ? [millions(row.instructions)] : []),
  ])
  return markdownTable([hasInstructions ? [...head, 'instructions'] : head, ...rows])
}

/** A table of these rows, the first its head; padded, as the formatter of the workspace has tables. */
export function markdownTable(rows) {
  const lines = [...rows]
  const widths = lines[0].map((_, column) => Math.max(...lines.map(cells => cells[column].length)))
  lines.splice(
    1,
    0,
    widths.map(width => '-'.repeat(width)),
  )
  return lines.map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`).join('\n')
}

function toCells(row, { rows, budgets }) {
  const name = row.figure === undefined || row.figure === 'whole' ? row.case : `${row.case} ${row.figure}`
  if (row.failure !== undefined)
    return [name, row.tool, `failed: ${row.failure.replaceAll('|', '/').slice(0, 80)}`, ...Array(7).fill('')]
  const ours = rows.find(other => other.case === row.case && other.tool === OURS && other.figure === row.figure)
  const ratio = ours?.seconds === undefined || row.tool === OURS ? undefined : row.seconds / ours.seconds
  return [
    name,
    row.tool,
    duration(row.seconds),
    `${duration(row.lowestSeconds)}–${duration(row.highestSeconds)}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    budget(row, ratio, budgets?.[row.case] ?? {}),
    memory(row),
    row.cpuSeconds === undefined ? '' : duration(row.cpuSeconds),
    read(row),
    size(row.writtenBytes, 1),
  ]
}

function millions(count) {
  return count === undefined ? '' : `${(count / 1e6).toFixed(0)} M`
}

/** Growth where a program measures it, which is with its first run, else the peak of the whole process. */
function memory({ figure, memoryBytes, maxRssKiB }) {
  if (memoryBytes === undefined) return size(maxRssKiB, 1024)
  return figure === 'cold' ? `+${size(memoryBytes, 1)}` : ''
}

/** Bytes read, of a film far away with the requests that it took. */
function read({ readBytes, requests }) {
  return requests === undefined ? size(readBytes, 1) : `${size(readBytes, 1)} in ${requests}`
}

/** Budgets are ratios on a peer's row and bounds on ours. */
function budget(row, ratio, budgets) {
  if (row.tool !== OURS) {
    const least = budgets[`${row.figure}/${row.tool}`]
    return least === undefined ? '' : `≥ ${least} × ${mark(ratio === undefined ? undefined : ratio >= least)}`
  }
  const parts = []
  const most = budgets[row.figure]
  if (most !== undefined) parts.push(`≤ ${duration(most)} ${mark(row.seconds <= most)}`)
  const memory = budgets[`${row.figure}/memoryBytes`]
  if (memory !== undefined) parts.push(`≤ ${size(memory, 1)} ${mark(row.memoryBytes <= memory)}`)
  const rss = budgets[`${row.figure}/maxRssKiB`]
  if (rss !== undefined) parts.push(`≤ ${size(rss, 1024)} ${mark(row.maxRssKiB <= rss)}`)
  const requests = budgets[`${row.figure}/requests`]
  if (requests !== undefined) parts.push(`≤ ${requests} requests ${mark(row.requests <= requests)}`)
  const bytes = budgets[`${row.figure}/readBytes`]
  if (bytes !== undefined) parts.push(`≤ ${size(bytes, 1)} ${mark(row.readBytes <= bytes)}`)
  return parts.join(', ')
}

function mark(isMet) {
  if (isMet === undefined) return ''
  return isMet ? 'met' : '**not met**'
}

/** A time for people. */
export function duration(seconds) {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`
  if (seconds < 0.00001) return `${(seconds * 1e6).toFixed(2)} µs`
  if (seconds >= 0.01) return `${(seconds * 1000).toFixed(0)} ms`
  return `${(seconds * 1000).toFixed(2)} ms`
}

function size(value, unit) {
  return value === undefined ? '' : `${((value * unit) / 1e6).toFixed(1)} MB`
}
