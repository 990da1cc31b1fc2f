// The results in words and tables: bench/README.md has all of them, the project's README those that a user asks about.
import { readFileSync, writeFileSync } from 'node:fs'
import { duration, toMarkdown } from './table.mjs'

const BENCH = { file: new URL('../README.md', import.meta.url), start: '<!-- table -->', end: '<!-- end of table -->' }
const PROJECT = { file: new URL('../../README.md', import.meta.url), start: '<!-- bench -->', end: '<!-- /bench -->' }

/** What the project's README shows: case, work, and the figure where there are several. */
const SHOWN = [
  ['P1', '`film.mkv` (658 MB) → fMP4, thrown away'],
  ['P2', 'the same, to a file'],
  ['P3', '`film.mp4` (658 MB) → fMP4, thrown away'],
  ['P4 mkv', 'a two-hour MKV of half a million samples → fMP4'],
  ['P4 mp4', 'the same as MP4'],
  ['P5 mp4', 'index of a two-hour MP4, warm', 'warm'],
  ['P5 mp4', 'the same, cold', 'cold'],
  ['P5 mkv', 'index of a two-hour MKV, warm', 'warm'],
  ['P5 mkv', 'the same, cold', 'cold'],
  ['P8', 'one segment of 8 MB, warm index, p50', 'p50'],
  ['P8', 'the same, p99', 'p99'],
  ['P10', '`film.mp4` → a folder of HLS'],
  ['P11', 'one 6 s segment of 5.1 AC-3 as AAC, unprepared', 'first'],
  ['P12', 'a film of old codecs, all its segments'],
  ['P14', '`film.ts` (677 MB) → fMP4, thrown away'],
]

/** Puts tables of the results between the markers of both READMEs. */
export function rewriteReadmes(results) {
  replaceBetween(BENCH, `\n${about(results)}\n\n${toMarkdown(results)}\n`)
  replaceBetween(PROJECT, `\n\n${about(results)}\n\n${shortTable(results)}\n\n`)
}

function about({ when, machine, versions, runs, calls }) {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${when.slice(0, 10)}, ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; load average at the end ${machine.loadAverage}.`,
    `${tools.join(', ')}. Medians of ${runs}.`,
    ...(calls === undefined ? [] : [`The cases were run in ${calls} calls, one after the other.`]),
  ].join('\n')
}

function shortTable({ rows }) {
  const lines = [['case', 'work', 'Cuemux', 'peers (how many times longer they take)']]
  for (const [name, work, figure] of SHOWN) {
    const measured = rows.filter(
      row => row.case === name && row.seconds !== undefined && (figure === undefined || row.figure === figure),
    )
    const ours = measured.find(row => row.tool === 'cuemux')
    if (ours === undefined) continue
    const peers = measured
      .filter(row => row !== ours && row.figure === ours.figure)
      .map(row => `${row.tool} ${duration(row.seconds)} (${(row.seconds / ours.seconds).toFixed(2)} ×)`)
    lines.push([name.split(' ')[0], work, duration(ours.seconds), peers.join(', ')])
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map(cells => cells[column].length)))
  lines.splice(
    1,
    0,
    widths.map(width => '-'.repeat(width)),
  )
  return lines.map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`).join('\n')
}

function replaceBetween({ file, start, end }, text) {
  const old = readFileSync(file, 'utf8')
  const [from, to] = [old.indexOf(start), old.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file.pathname} has no ${start} … ${end}.`)
  writeFileSync(file, `${old.slice(0, from + start.length)}${text}${old.slice(to)}`)
}
