import type { DoctorRow } from '@cuemux/ffmpeg'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { printable } from '../run.js'
import type { ParsedArguments } from '../usage.js'
import { checkOptions, FIELDS, type OptionSchema } from '../validate.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  ffmpeg: { type: 'string', optional: true, empty: false, max: 4096 },
  redis: { type: 'string', optional: true, empty: false, max: 4096 },
}

interface DoctorOptions {
  readonly json?: boolean
  readonly ffmpeg?: string
  readonly redis?: string
}

/** A row of the report: the encoder's, or of what else Cuemux uses. */
interface Row extends Omit<DoctorRow, 'group'> {
  readonly group: DoctorRow['group'] | 'node' | 'redis'
}

const DEFAULT_REDIS = 'redis://127.0.0.1:6379'
const MIN_NODE = [20, 19] as const

/** `cuemux doctor`: what works on this machine, and what to install. */
export async function doctor(parsed: ParsedArguments, io: Io): Promise<void> {
  const options = await checkOptions<DoctorOptions>(SCHEMA, parsed.values)
  const { doctorReport } = await import('@cuemux/ffmpeg')
  const { ffmpeg } = options
  const [report, redis] = await Promise.all([
    doctorReport({ signal: io.signal, ...(ffmpeg === undefined ? {} : { ffmpeg }) }),
    redisRow(options.redis ?? DEFAULT_REDIS, options.redis !== undefined),
  ])
  const rows: readonly Row[] = [nodeRow(), ...report.rows, redis]
  if (options.json) return writeJson(io.stdout, { canEncode: report.canEncode, rows })
  await write(io.stdout, doctorTable(rows, report.canEncode))
}

function nodeRow(): Row {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const works = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
  const remedy = works ? {} : { remedy: `Node ${MIN_NODE.join('.')} or later` }
  return {
    group: 'node',
    name: 'Node',
    status: works ? 'works' : 'fails',
    detail: `${process.versions.node} on ${process.platform} ${process.arch}`,
    ...remedy,
  }
}

/** Asks a Redis whether it is there; that none is there is no fault, unless it was named. */
async function redisRow(url: string, wasNamed: boolean): Promise<Row> {
  const { redisCache } = await import('@cuemux/store')
  let why = 'no answer'
  const cache = redisCache({
    url,
    timeoutMs: 1000,
    onEvent: event => {
      if ('error' in event) why = event.error.message
    },
  })
  try {
    await cache.set('cuemux-doctor', new Uint8Array([1]), { kind: 'segment', ttlMs: 1000 })
    const found = await cache.get('cuemux-doctor')
    const shown = new URL(url).host
    if (found !== undefined) {
      return { group: 'redis', name: 'Redis', status: 'works', detail: `${shown}: a cache that processes share` }
    }
    return {
      group: 'redis',
      name: 'Redis',
      status: wasNamed ? 'fails' : 'missing',
      detail: `${shown}: ${why}. Only \`--cache redis://…\` needs one`,
      ...(wasNamed ? { remedy: 'start redis-server, or name another address' } : {}),
    }
  } finally {
    await cache.close()
  }
}

const MARKS: Readonly<Record<Row['status'], string>> = { works: '✓', fails: '✗', missing: '–' }

/** The rows as a table for people, by groups. */
export function doctorTable(rows: readonly Row[], canEncode: boolean): string {
  const width = Math.max(...rows.map(({ name }) => name.length))
  let text = ''
  let group = ''
  for (const row of rows) {
    if (row.group !== group) text += `${group === '' ? '' : '\n'}${row.group}\n`
    group = row.group
    text += `${printable(`  ${MARKS[row.status]} ${row.name.padEnd(width)}  ${row.detail}`).trimEnd()}\n`
    if (row.remedy !== undefined) text += `${printable(`    ${' '.repeat(width)}  → ${row.remedy}`)}\n`
  }
  const verdict = canEncode
    ? 'Everything that a client does not play can be encoded here.'
    : 'Without a working encoder only what a client plays can be shown: see the arrows above.'
  return `${text}\n${verdict}\n`
}
