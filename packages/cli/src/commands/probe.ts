import type { EncoderStatus, MediaInfo, TrackDecision } from 'cuemux'
import { formatBitrate, formatBytes, formatCodec, formatCount, formatDuration, formatTrackDetails } from '../format.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { createProgress } from '../progress.js'
import { printable } from '../run.js'
import type { ParsedArguments } from '../usage.js'
import { type ClientName, checkOptions, FIELDS, type OptionSchema } from '../validate.js'

const SCHEMA: OptionSchema = { $$strict: true, json: FIELDS.json, client: FIELDS.client }

interface ProbeOptions {
  readonly json?: boolean
  readonly client?: ClientName
}

/** `cuemux probe INPUT`: what is in a film, and what becomes of it for a client. */
export async function probe(parsed: ParsedArguments, io: Io): Promise<void> {
  const [input = ''] = parsed.positionals
  const options = await checkOptions<ProbeOptions>(SCHEMA, parsed.values)
  const client = options.client ?? 'browser'
  const { openMedia } = await io.loadCuemux()
  const progress = createProgress(io, { json: options.json === true })
  const media = await openMedia(input, {
    signal: io.signal,
    onProgress: ({ readBytes }) => progress.show(`Looking for keyframes: ${formatBytes(readBytes)} read`),
  })
  progress.clear()
  try {
    const decisions = media.decisions(client)
    const needsEncoder = decisions.some(({ action, target }) => action === 'encode' && target !== 'webvtt')
    const encoder = needsEncoder ? await media.encoderStatus() : undefined
    if (options.json) await writeJson(io.stdout, { ...media.info, client, decisions, encoder })
    else await write(io.stdout, probeReport(media.info, decisions, client, encoder))
  } finally {
    await media.close()
  }
}

const CONTAINERS: Readonly<Record<string, string>> = {
  matroska: 'Matroska',
  webm: 'WebM',
  mp4: 'MP4',
  mov: 'QuickTime',
  mpegts: 'MPEG-TS',
  other: 'read by ffmpeg',
}

const ORIGINS: Readonly<Record<string, string>> = {
  cues: 'its Cues',
  moov: 'its moov',
  sidx: 'its sidx',
  mfra: 'its mfra',
  scan: 'a scan of the whole film',
  probe: 'a grid: its pictures are encoded',
}

const ACTIONS: Readonly<Record<string, string>> = { copy: 'copied', encode: 'encoded', drop: 'left out' }

function actionOf(decision: TrackDecision): string {
  // Text becomes other text: no encoder is needed for it.
  return decision.target === 'webvtt' ? 'converted' : (ACTIONS[decision.action] ?? decision.action)
}

/** The report that `cuemux probe` prints for people. */
export function probeReport(
  info: MediaInfo,
  decisions: readonly TrackDecision[],
  client: string,
  encoder?: EncoderStatus,
): string {
  const lines = [
    info.name,
    ...(info.title === undefined ? [] : [`  Title      ${info.title}`]),
    `  Container  ${CONTAINERS[info.container] ?? info.container}, ${formatBytes(info.sizeBytes)}${meanBitrate(info)}`,
    `  Duration   ${info.durationMs === undefined ? 'unknown' : formatDuration(info.durationMs)}`,
    `  Index      from ${ORIGINS[info.foundBy] ?? info.foundBy}`,
    `  Keyframes  ${describeKeyframes(info)}`,
    ...(info.chapters.length === 0 ? [] : [`  Chapters   ${info.chapters.length}`]),
    ...(info.attachments.length === 0 ? [] : [`  Attached   ${info.attachments.map(file => file.name).join(', ')}`]),
    ...(info.isTruncated ? ['  The film ends before its index does: it was cut, or is still being written.'] : []),
    '',
    `  For the client '${client}':`,
    ...trackRows(info, decisions),
    ...(encoder === undefined || encoder.isAvailable ? [] : ['', `  There is no encoder here. ${encoder.hint ?? ''}`]),
  ]
  return lines.map(line => `${printable(line).trimEnd()}\n`).join('')
}

function meanBitrate(info: MediaInfo): string {
  if (!info.durationMs) return ''
  return `, ${formatBitrate((info.sizeBytes * 8000) / info.durationMs)}`
}

function describeKeyframes({ keyframes, closedGops }: MediaInfo): string {
  const parts = [formatCount(keyframes.count, 'keyframe')]
  if (keyframes.meanSpacingMs !== undefined) parts.push(`${secondsOf(keyframes.meanSpacingMs)} apart on average`)
  if (keyframes.maxSpacingMs !== undefined) parts.push(`${secondsOf(keyframes.maxSpacingMs)} at most`)
  if (closedGops === false) parts.push('open GOPs')
  return parts.join(', ')
}

function secondsOf(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`
}

function trackRows(info: MediaInfo, decisions: readonly TrackDecision[]): string[] {
  const rows = info.tracks.map(track => {
    const decision = decisions.find(candidate => candidate.trackId === track.id)
    const flags = [track.isDefault ? 'default' : '', track.isForced ? 'forced' : '', ...track.roles]
    const names = [track.title ?? '', ...flags].filter(part => part !== '').join(', ')
    return [
      `#${track.id}`,
      track.kind,
      track.codecString === undefined ? formatCodec(track) : `${formatCodec(track)} (${track.codecString})`,
      track.language,
      [...formatTrackDetails(track), ...(names === '' ? [] : [names])].join(', '),
      decision === undefined ? '' : `${actionOf(decision)}: ${decision.reason}`,
    ]
  })
  const widths = [0, 1, 2, 3].map(column => Math.max(0, ...rows.map(row => row[column]?.length ?? 0)))
  return rows.flatMap(row => {
    const head = widths.map((width, column) => (row[column] ?? '').padEnd(width)).join('  ')
    const indent = ' '.repeat(4 + (widths[0] ?? 0) + 2)
    return [`    ${head}  ${row[4]}`, `${indent}${row[5]}`]
  })
}
