import { createRequire } from 'node:module'
import { CuemuxError } from '@cuemux/core'
import type { default as FastestValidator, ValidationError } from 'fastest-validator'
import type { SchemaName } from './input.js'

const client = {
  type: 'multi',
  optional: true,
  rules: [
    { type: 'enum', values: ['browser', 'safari', 'chromecast', 'native'] },
    { type: 'array', items: { type: 'string', max: 200 }, max: 200 },
  ],
}
const signal = { type: 'object', optional: true }
const segmentDurationMs = { type: 'number', optional: true, min: 500, max: 60_000 }
const callback = { type: 'function', optional: true }
const languages = { type: 'array', optional: true, items: { type: 'string', min: 2, max: 64 }, max: 64 }
const text = { type: 'string', optional: true, empty: false, max: 4096 }

/** Static schemas of the options at the API's boundary; compiled once, when first used. */
const SCHEMAS: Readonly<Record<SchemaName, object>> = {
  open: {
    $$strict: true,
    signal,
    headers: { type: 'record', optional: true, key: { type: 'string' }, value: { type: 'string' } },
    fetch: callback,
    name: text,
    onProgress: callback,
  },
  hls: {
    $$strict: true,
    client,
    segmentDurationMs,
    muxed: { type: 'boolean', optional: true },
    audioLanguages: languages,
    cacheBytes: { type: 'number', optional: true, min: 0, integer: true },
    startMs: { type: 'number', optional: true, min: 0 },
    endMs: { type: 'number', optional: true, positive: true },
  },
  stream: {
    $$strict: true,
    startMs: { type: 'number', optional: true, min: 0 },
    durationMs: { type: 'number', optional: true, positive: true },
    client,
    audioLanguages: languages,
    signal,
  },
  handler: {
    $$strict: true,
    resolve: { type: 'function' },
    basePath: { type: 'string', optional: true, pattern: /^(?:\/[^/]+)*$/ },
    client,
    segmentDurationMs,
    allowOrigin: { type: 'string', optional: true, empty: false },
    onEvent: callback,
    maxOpen: { type: 'number', optional: true, integer: true, min: 1 },
  },
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
