import { duration, markdownTable } from './table.mjs'

/** The tables of a run of the growth cases, as Markdown. */
export function growthMarkdown({ when, machine, versions, runs, rows }) {
  const of = kind => rows.filter(row => row.kind === kind)
  const about =
    `${when.slice(0, 10)}, ${machine.processor}, ${machine.cores} cores; load average at the end ${machine.loadAverage}. ` +
    `Node ${versions.node}, cuemux ${versions.cuemux}. Medians of ${runs}.`
  const sections = [
    about,
    filmTable('minutes', of('grow')),
    filmTable('tracks', of('tracks')),
    viewerTable(of('viewers')),
  ]
  return `${sections.join('\n\n')}`
}

function filmTable(what, rows) {
  const head = [
    ...[
      what,
      'container',
      'segments',
      'open',
      'bytes read',
      'media playlist',
      'its bytes',
      'multivariant',
      'bytes read',
    ],
    ...['memory held', 'segment of picture', 'bytes read', 'of sound', 'bytes read'],
  ]
  const cells = rows.map(({ count, extension, seconds, usage }) => [
    ...[String(count), extension, String(usage.segments), duration(seconds.open), size(usage.openBytes)],
    ...[duration(seconds.playlist), size(usage.playlistBytes), duration(seconds.master), size(usage.planBytes)],
    ...[held(usage.heldBytes), duration(seconds.picture), size(usage.pictureBytes)],
    ...(seconds.sound === undefined ? ['', ''] : [duration(seconds.sound), size(usage.soundBytes)]),
  ])
  return markdownTable([head, ...cells])
}

function viewerTable(rows) {
  const head = [
    ...['viewers', 'segments in a second', 'p50', 'peak RSS', 'CPU for a segment'],
    ...['system calls that read', 'that write', 'page faults'],
  ]
  const cells = rows.map(({ count, seconds, usage }) => [
    ...[String(count), (1 / seconds.segment).toFixed(0), duration(seconds.p50), size(usage.maxRssKiB * 1024)],
    ...[
      duration(usage.cpuSeconds),
      usage.readCalls.toFixed(1),
      usage.writeCalls.toFixed(1),
      usage.pageFaults.toFixed(0),
    ],
  ])
  return markdownTable([head, ...cells])
}

function size(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return bytes >= 1000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`
}

/** Below this the heap's own coming and going is more. */
function held(bytes) {
  return bytes < 100e3 ? '< 0.1 MB' : size(bytes)
}
