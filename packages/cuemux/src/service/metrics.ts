import type { CuemuxErrorCode } from '@cuemux/core'
import type { CacheStats, FlightStats } from '@cuemux/store'

/** What a handler has done since it was made, and what it is doing. Plain JSON. */
export interface HandlerMetrics {
  readonly requests: {
    readonly total: number
    /** Being answered now, streams that are being sent among them. */
    readonly active: number
    /** Waiting for their turn. */
    readonly queued: number
    /** Sent away by a limit. */
    readonly refused: number
    /** How many got a status, by status. */
    readonly byStatus: Readonly<Record<string, number>>
  }
  readonly films: {
    readonly open: number
    readonly opened: number
    /** Among those opened: by an index that was kept. */
    readonly openedFromCache: number
  }
  readonly resources: {
    readonly made: number
    /** Among those made: segments that were encoded. */
    readonly encoded: number
    /** Given out from a cache, or from work that was under way. */
    readonly fromCache: number
    /** Bytes of the bodies given out. */
    readonly bytes: number
  }
  readonly streams: { readonly active: number; readonly total: number; readonly bytes: number }
  /** What came from the films' sources. */
  readonly source: { readonly reads: number; readonly bytes: number }
  readonly bytesInFlight: { readonly used: number; readonly waiting: number }
  readonly readAhead: { readonly prepared: number; readonly cancelled: number; readonly failed: number }
  /** How many requests failed, by code. */
  readonly errors: Readonly<Partial<Record<CuemuxErrorCode, number>>>
  /** `undefined` before something was kept, and where nothing is. */
  readonly cache: CacheStats | undefined
  readonly flights: FlightStats | undefined
}

/** The counters behind {@link HandlerMetrics}. */
export class Counters {
  total = 0
  refused = 0
  opened = 0
  openedFromCache = 0
  made = 0
  encoded = 0
  fromCache = 0
  resourceBytes = 0
  activeStreams = 0
  streams = 0
  streamBytes = 0
  reads = 0
  readBytes = 0
  prepared = 0
  cancelled = 0
  failed = 0
  readonly byStatus: Record<string, number> = {}
  readonly errors: Partial<Record<CuemuxErrorCode, number>> = {}

  answered(status: number): void {
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1
  }

  erred(code: CuemuxErrorCode): void {
    this.errors[code] = (this.errors[code] ?? 0) + 1
  }
}

type Row = readonly [name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]]
type Sample = readonly [labels: string, value: number]

/** The metrics in Prometheus' text format, version 0.0.4. */
export function prometheusText(metrics: HandlerMetrics): string {
  return rows(metrics)
    .map(([name, type, help, samples]) => {
      const lines = samples.map(([labels, value]) => `cuemux_${name}${labels} ${value}\n`)
      return `# HELP cuemux_${name} ${help}\n# TYPE cuemux_${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function rows(metrics: HandlerMetrics): readonly Row[] {
  const { requests, films, resources, streams, source, bytesInFlight, readAhead, errors, cache } = metrics
  return [
    ['requests_total', 'counter', 'Requests answered, by status.', labelled('status', requests.byStatus)],
    ['requests_refused_total', 'counter', 'Requests sent away by a limit.', one(requests.refused)],
    ['requests_active', 'gauge', 'Requests being answered.', one(requests.active)],
    ['requests_queued', 'gauge', 'Requests waiting for their turn.', one(requests.queued)],
    ['errors_total', 'counter', 'Requests that failed, by code.', labelled('code', errors)],
    ['films_open', 'gauge', 'Films held open.', one(films.open)],
    [
      'films_opened_total',
      'counter',
      'Films opened, by where their index came from.',
      labelled('index', { cache: films.openedFromCache, read: films.opened - films.openedFromCache }),
    ],
    [
      'resources_total',
      'counter',
      'Resources given out, by where they came from.',
      labelled('origin', { cache: resources.fromCache, made: resources.made }),
    ],
    ['segments_encoded_total', 'counter', 'Segments that were encoded.', one(resources.encoded)],
    ['resource_bytes_total', 'counter', 'Bytes of the resources given out.', one(resources.bytes)],
    ['streams_active', 'gauge', 'Continuous streams being sent.', one(streams.active)],
    ['stream_bytes_total', 'counter', 'Bytes of continuous streams.', one(streams.bytes)],
    ['source_reads_total', 'counter', 'Reads of the films.', one(source.reads)],
    ['source_bytes_total', 'counter', 'Bytes that came from the films.', one(source.bytes)],
    ['bytes_in_flight', 'gauge', 'Bytes of bodies being made or sent.', one(bytesInFlight.used)],
    [
      'read_ahead_total',
      'counter',
      'Segments prepared before they were asked for, by outcome.',
      labelled('outcome', { ...readAhead }),
    ],
    [
      'cache_reads_total',
      'counter',
      'Reads of the cache, by what they found.',
      labelled('found', { hit: cache?.hits ?? 0, miss: cache?.misses ?? 0 }),
    ],
    ['cache_bytes', 'gauge', 'Bytes that the cache holds, where it knows.', one(cache?.heldBytes ?? 0)],
  ]
}

function one(value: number): readonly Sample[] {
  return [['', value]]
}

/** Values of labels are statuses, codes and words of our own: nothing in them has to be escaped. */
function labelled(label: string, values: Readonly<Record<string, number | undefined>>): readonly Sample[] {
  return Object.entries(values).map(([value, count]) => [`{${label}="${value}"}`, count ?? 0])
}
