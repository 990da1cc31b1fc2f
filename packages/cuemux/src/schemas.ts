import { createRequire } from 'node:module'
import { CuemuxError } from '@cuemux/core'
import type { default as FastestValidator, ValidationError } from 'fastest-validator'
import type { SchemaName } from './input.js'
import { callback, client, count, languages } from './schema-fields.js'
import { SESSION_SCHEMAS } from './sessions/schemas.js'

const signal = { type: 'object', optional: true }
const segmentDurationMs = { type: 'number', optional: true, min: 500, max: 60_000 }
const captions = { type: 'enum', optional: true, values: ['auto', 'search', 'off'] }
const text = { type: 'string', optional: true, empty: false, max: 4096 }

const texts = { type: 'array', items: { type: 'string', empty: false, max: 300 }, max: 1000 }

const encoder = {
  type: 'object',
  optional: true,
  strict: true,
  props: {
    ffmpeg: text,
    encoder: text,
    maxHeight: { type: 'number', optional: true, integer: true, min: 16, max: 16_384 },
    maxProcesses: { type: 'number', optional: true, integer: true, min: 1, max: 1024 },
    stallTimeoutMs: { type: 'number', optional: true, integer: true, min: 100, max: 3_600_000 },
    onEvent: callback,
  },
}
const pixels = { type: 'number', optional: true, integer: true, min: 16, max: 16_384 }
const milliseconds = { type: 'number', optional: true, min: 1, max: 86_400_000 }
const corsRules = {
  type: 'multi',
  optional: true,
  rules: [
    { type: 'equal', value: false, strict: true },
    {
      type: 'object',
      strict: true,
      props: {
        origins: {
          type: 'multi',
          optional: true,
          rules: [{ type: 'equal', value: '*' }, texts, { type: 'function' }],
        },
        credentials: { type: 'boolean', optional: true },
        allowHeaders: { ...texts, optional: true },
        maxAgeS: { type: 'number', optional: true, integer: true, min: 0 },
      },
    },
  ],
}

const liveVideo = {
  $$type: 'object|optional',
  $$strict: true,
  maxWidth: pixels,
  maxHeight: pixels,
  bitrateBps: { type: 'number', optional: true, integer: true, min: 50_000, max: 200_000_000 },
  preset: { type: 'enum', optional: true, values: ['ultrafast', 'superfast', 'veryfast'] },
}
const liveAudio = {
  type: 'multi',
  optional: true,
  rules: [
    { type: 'equal', value: false, strict: true, optional: true },
    {
      type: 'object',
      strict: true,
      props: { bitrateBps: { type: 'number', optional: true, integer: true, min: 16_000, max: 512_000 } },
    },
  ],
}
const liveReconnect = {
  $$type: 'object|optional',
  $$strict: true,
  initialMs: milliseconds,
  maxMs: milliseconds,
  maxAttempts: { type: 'number', optional: true, min: 0 },
  maxFirstAttempts: { type: 'number', optional: true, min: 0 },
  resetAfterMs: { ...milliseconds, min: 0 },
}

/** Static schemas of the options at the API's boundary; compiled once, when first used. */
const SCHEMAS: Readonly<Record<SchemaName, object>> = {
  open: {
    $$strict: true,
    signal,
    headers: { type: 'record', optional: true, key: { type: 'string' }, value: { type: 'string' } },
    fetch: callback,
    name: text,
    key: text,
    renew: callback,
    maxRequestsPerHost: { type: 'number', optional: true, integer: true, min: 1, max: 1000 },
    maxRetries: { type: 'number', optional: true, integer: true, min: 0, max: 100 },
    timeoutMs: { type: 'number', optional: true, integer: true, min: 1, max: 3_600_000 },
    spool: { type: 'object', optional: true },
    encoder,
    onProgress: callback,
  },
  hls: {
    $$strict: true,
    client,
    segmentDurationMs,
    muxed: { type: 'boolean', optional: true },
    audioLanguages: languages,
    cacheBytes: { type: 'number', optional: true, min: 0, integer: true },
    storyboard: { type: 'boolean', optional: true },
    captions,
    dropNalUnits: { type: 'array', optional: true, items: { type: 'enum', values: ['aud', 'filler'] }, max: 2 },
    startMs: { type: 'number', optional: true, min: 0 },
    endMs: { type: 'number', optional: true, positive: true },
  },
  stream: {
    $$strict: true,
    startMs: { type: 'number', optional: true, min: 0 },
    durationMs: { type: 'number', optional: true, positive: true },
    client,
    audioLanguages: languages,
    timestamps: { type: 'enum', optional: true, values: ['zero', 'absolute'] },
    signal,
  },
  handler: {
    $$strict: true,
    resolve: { type: 'function' },
    basePath: { type: 'string', optional: true, pattern: /^(?:\/[^/]+)*$/ },
    client,
    segmentDurationMs,
    captions,
    maxOpen: count,
    cache: { type: 'multi', optional: true, rules: [{ type: 'string', empty: false }, { type: 'object' }] },
    cacheBytes: { type: 'number', optional: true, integer: true, min: 0 },
    cacheSegments: { type: 'enum', optional: true, values: ['all', 'costly', 'none'] },
    readAhead: { type: 'boolean', optional: true },
    limits: {
      $$type: 'object|optional',
      $$strict: true,
      opens: count,
      requests: count,
      requestsPerCaller: count,
      bytesInFlight: count,
      queue: { type: 'number', optional: true, integer: true, min: 0 },
      stallTimeoutMs: count,
    },
    callerOf: callback,
    signing: {
      $$type: 'object|optional',
      $$strict: true,
      secret: [
        { type: 'string', min: 16 },
        { type: 'class', instanceOf: Uint8Array },
      ],
      ttlMs: count,
    },
    cors: corsRules,
    exposeErrors: { type: 'boolean', optional: true },
    metricsPath: { type: 'string', optional: true, pattern: /^(?:\/[^/]+)+$/ },
    onEvent: callback,
    logger: { type: 'object', optional: true },
  },
  ladderEngine: {
    $$strict: true,
    input: { type: 'any', optional: true },
    frames: {
      $$type: 'object|optional',
      $$strict: true,
      format: { type: 'enum', values: ['rgb24', 'rgba', 'yuv420p', 'nv12'] },
      width: { type: 'number', integer: true, min: 2, max: 16_384 },
      height: { type: 'number', integer: true, min: 2, max: 16_384 },
      frameRate: { type: 'array', length: 2, items: { type: 'number', integer: true, min: 1, max: 1_000_000 } },
      audio: { type: 'any', optional: true },
    },
    rungs: {
      type: 'multi',
      optional: true,
      rules: [
        { type: 'string', empty: false, max: 200 },
        {
          type: 'array',
          min: 1,
          max: 12,
          items: {
            type: 'object',
            strict: true,
            props: {
              height: { type: 'number', integer: true, min: 2, max: 16_384 },
              bitrateBps: { type: 'number', optional: true, integer: true, min: 1000, max: 1_000_000_000 },
              maxBitrateBps: { type: 'number', optional: true, integer: true, min: 1000, max: 1_000_000_000 },
              codec: { type: 'enum', optional: true, values: ['h264', 'hevc', 'av1'] },
              maxFrameRate: { type: 'number', optional: true, min: 1, max: 1000 },
            },
          },
        },
      ],
    },
    format: { type: 'enum', optional: true, values: ['fmp4', 'ts'] },
    segmentDurationMs,
    chunkSegments: { type: 'number', optional: true, integer: true, min: 1, max: 1000 },
    parallelChunks: { type: 'number', optional: true, integer: true, min: 1, max: 256 },
    threads: { type: 'number', optional: true, integer: true, min: 1, max: 256 },
    encoder,
    signal,
    onEvent: callback,
  },
  ladder: {
    $$strict: true,
    store: { type: 'object' },
    checkpoint: text,
    signal,
    uploads: {
      $$type: 'object|optional',
      $$strict: true,
      concurrency: { ...count, max: 64 },
      retries: { type: 'number', optional: true, integer: true, min: 0, max: 100 },
      firstDelayMs: { type: 'number', optional: true, positive: true },
    },
    playlistIntervalMs: { type: 'number', optional: true, min: 0 },
    patienceMs: { type: 'number', optional: true, positive: true },
    onPlaylist: callback,
    onProgress: callback,
    onEvent: callback,
  },
  live: {
    $$strict: true,
    input: { type: 'multi', rules: [{ type: 'string', empty: false, max: 4096 }, { type: 'object' }] },
    addressPolicy: { type: 'object', optional: true },
    mode: { type: 'enum', optional: true, values: ['auto', 'encode'] },
    segmentDurationMs,
    lowLatency: {
      type: 'multi',
      optional: true,
      rules: [
        { type: 'boolean', optional: true },
        { type: 'object', strict: true, props: { partDurationMs: { type: 'number', min: 100, max: 2000 } } },
      ],
    },
    window: {
      type: 'multi',
      optional: true,
      rules: [
        {
          type: 'object',
          optional: true,
          strict: true,
          props: { kind: { type: 'equal', value: 'sliding' }, durationMs: milliseconds },
        },
        {
          type: 'object',
          strict: true,
          props: { kind: { type: 'equal', value: 'event' }, maxDurationMs: milliseconds },
        },
      ],
    },
    maxBytes: { type: 'number', optional: true, integer: true, min: 1 << 20 },
    folder: text,
    keepFiles: { type: 'boolean', optional: true },
    video: liveVideo,
    audio: liveAudio,
    reconnect: liveReconnect,
    stallTimeoutMs: milliseconds,
    startTimeoutMs: milliseconds,
    ffmpeg: text,
    maxProcesses: count,
    cors: corsRules,
    signal,
    onEvent: callback,
  },
  preview: {
    $$strict: true,
    folder: { type: 'string', empty: false, max: 4096 },
    input: callback,
    video: liveVideo,
    audio: liveAudio,
    segmentDurationMs,
    segments: { type: 'number', optional: true, integer: true, min: 3, max: 1000 },
    idleMs: milliseconds,
    reconnect: liveReconnect,
    stallTimeoutMs: milliseconds,
    startTimeoutMs: milliseconds,
    ffmpeg: text,
    maxProcesses: count,
    onEvent: callback,
  },
  ...SESSION_SCHEMAS,
}

type Check = (value: object) => true | ValidationError[]
const compiled = new Map<SchemaName, Check>()

function checkFor(name: SchemaName): Check {
  let check = compiled.get(name)
  if (check === undefined) {
    // Loaded and compiled at the first use: most of a short-lived process's start-up would go into it otherwise.
    const require = createRequire(import.meta.url)
    const Validator = require('fastest-validator') as typeof FastestValidator.default
    check = new Validator({ haltOnFirstError: false }).compile(SCHEMAS[name] as never) as Check
    compiled.set(name, check)
  }
  return check
}

/**
 * The options' own properties when they fit the schema.
 *
 * @throws CuemuxError `BAD_REQUEST` that names every wrong field
 */
export function validateOptions<T extends object>(schema: SchemaName, options: T | undefined): T {
  if (options === undefined) return {} as T
  if (typeof options !== 'object' || options === null) {
    throw new CuemuxError('BAD_REQUEST', `The options must be an object, not ${String(options)}.`)
  }
  // Own properties only, and never `undefined` ones: nothing inherited can pass for an option.
  const own = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const result = checkFor(schema)({ ...own })
  if (result === true) return own as T
  throw new CuemuxError('BAD_REQUEST', result.map(describe).join(' '))
}

function describe(error: ValidationError): string {
  const given = error.actual === undefined ? '' : ` (given: ${String(error.actual).slice(0, 60)})`
  return `${error.message ?? `The field '${error.field}' is wrong.`}${given}`
}
