import { callback, client, count, languages } from '../schema-fields.js'

/** Names of {@link SESSION_SCHEMAS}. */
export type SessionSchemaName =
  | 'sessions'
  | 'sessionUser'
  | 'sessionStart'
  | 'sessionSeek'
  | 'sessionStop'
  | 'sessionRecord'

const ms = { type: 'number', optional: true, min: 0 }
const reference = { type: 'string', empty: false, max: 2000 }
const token = { type: 'string', optional: true, pattern: /^[\w-]{1,64}$/ }
const settings = {
  client,
  audioLanguages: languages,
  startMs: ms,
  endMs: { type: 'number', optional: true, positive: true },
}
const optionalSettings = { type: 'object', optional: true, strict: true, props: settings }
const viewer = {
  hash: { type: 'string', pattern: /^[0-9a-f]{64}$/ },
  user: { type: 'string', max: 300 },
  maxSessions: { type: 'number', optional: true, integer: true },
}

/** Schemas of what sessions are given: by the caller's code, by clients, and by their own files. */
export const SESSION_SCHEMAS: Readonly<Record<SessionSchemaName, object>> = {
  sessions: {
    $$strict: true,
    folder: { type: 'string', empty: false },
    resolve: { type: 'function' },
    authorize: callback,
    basePath: { type: 'string', optional: true, pattern: /^(?:\/[^/]+)*$/ },
    idleMs: { type: 'number', optional: true, min: 1 },
    cacheMs: ms,
    stopGraceMs: ms,
    startTimeoutMs: { type: 'number', optional: true, min: 1 },
    maxBytes: count,
    maxSessions: count,
    encoder: { type: 'object', optional: true },
    limits: { type: 'object', optional: true },
    cors: { type: 'any', optional: true },
    exposeErrors: { type: 'boolean', optional: true },
    onEvent: callback,
  },
  sessionUser: {
    $$strict: true,
    user: { type: 'string', empty: false, max: 300 },
    maxSessions: { type: 'number', optional: true, integer: true, min: 0 },
    isAdmin: { type: 'boolean', optional: true },
  },
  sessionStart: {
    $$strict: true,
    source: reference,
    settings: optionalSettings,
    positionMs: ms,
    signal: { type: 'object', optional: true },
  },
  sessionSeek: { $$strict: true, token: { ...token, optional: false }, positionMs: { type: 'number', min: 0 } },
  sessionStop: { $$strict: true, token, isForced: { type: 'boolean', optional: true } },
  sessionRecord: {
    $$strict: true,
    version: { type: 'equal', value: 1, strict: true },
    id: { type: 'string', pattern: /^[\w-]{16}$/ },
    kind: { type: 'equal', value: 'vod', strict: true },
    reference,
    settings: { ...optionalSettings, optional: false },
    sourceId: { type: 'string', optional: true },
    createdAtMs: { type: 'number', min: 0 },
    usedAtMs: { type: 'number', min: 0 },
    viewers: { type: 'array', max: 1000, items: { type: 'object', strict: true, props: viewer } },
    probe: {
      type: 'object',
      optional: true,
      props: {
        name: { type: 'string' },
        container: { type: 'string' },
        tracks: { type: 'array', items: { type: 'object' } },
      },
    },
  },
}
