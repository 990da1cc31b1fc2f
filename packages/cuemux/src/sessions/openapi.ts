const ms = { type: 'number', minimum: 0 }
const text = { type: 'string' }
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const body = (name: string): object => ({ required: true, content: { 'application/json': { schema: ref(name) } } })
const answer = (description: string, schema: object): object => ({
  description,
  content: { 'application/json': { schema } },
})
const problem = {
  description: 'What is wrong (RFC 9457).',
  content: { 'application/problem+json': { schema: ref('Problem') } },
}
const problems = { '400': problem, '403': problem, '404': problem, '429': problem, '503': problem }
const session = { name: 'session', in: 'path', required: true, schema: text }
const token = {
  name: 'token',
  in: 'query',
  required: false,
  schema: text,
  description: 'Counts as a heartbeat of this viewer.',
}

const schemas = {
  Settings: {
    type: 'object',
    additionalProperties: false,
    properties: {
      client: {
        oneOf: [
          { type: 'string', enum: ['browser', 'safari', 'chromecast', 'native'] },
          { type: 'array', items: text },
        ],
      },
      audioLanguages: { type: 'array', items: text },
      startMs: ms,
      endMs: ms,
    },
  },
  Start: {
    type: 'object',
    additionalProperties: false,
    required: ['source'],
    properties: { source: text, settings: ref('Settings'), positionMs: ms },
  },
  Seek: {
    type: 'object',
    additionalProperties: false,
    required: ['token', 'positionMs'],
    properties: { token: text, positionMs: ms },
  },
  Stop: { type: 'object', additionalProperties: false, properties: { token: text, isForced: { type: 'boolean' } } },
  Subtitles: {
    type: 'object',
    required: ['path', 'language', 'name', 'isDefault'],
    properties: { path: text, language: text, name: text, isDefault: { type: 'boolean' } },
  },
  Started: {
    type: 'object',
    required: ['session', 'token', 'playlist', 'isReused', 'subtitles'],
    properties: {
      session: text,
      token: text,
      playlist: text,
      isReused: { type: 'boolean' },
      info: { type: 'object' },
      subtitles: { type: 'array', items: ref('Subtitles') },
    },
  },
  Progress: {
    type: 'object',
    required: ['segments', 'keptBytes', 'encoded'],
    properties: {
      durationMs: ms,
      segments: {
        type: 'object',
        required: ['kept'],
        properties: { total: { type: 'integer' }, kept: { type: 'integer' } },
      },
      keptBytes: { type: 'integer' },
      speed: { type: 'number' },
      encoded: { type: 'array', items: text },
    },
  },
  Session: {
    type: 'object',
    required: ['id', 'source', 'kind', 'settings', 'state', 'createdAtMs', 'quietMs', 'viewers'],
    properties: {
      id: text,
      source: text,
      name: text,
      kind: { type: 'string', enum: ['vod', 'live'] },
      settings: ref('Settings'),
      state: { type: 'string', enum: ['starting', 'running', 'idle', 'suspended', 'ended', 'failed'] },
      createdAtMs: ms,
      quietMs: ms,
      endsInMs: ms,
      viewers: { type: 'array', items: text },
      progress: ref('Progress'),
      hint: { type: 'object' },
      cpuSeconds: { type: 'number' },
      error: { type: 'object', required: ['code', 'message'], properties: { code: text, message: text } },
    },
  },
  Sessions: {
    type: 'object',
    required: ['sessions'],
    properties: { sessions: { type: 'array', items: ref('Session') } },
  },
  Stopped: {
    type: 'object',
    required: ['outcome'],
    properties: { outcome: { type: 'string', enum: ['ignored', 'left', 'stopped', 'ended'] } },
  },
  Accepted: { type: 'object', required: ['outcome'], properties: { outcome: { type: 'string', enum: ['accepted'] } } },
  Problem: {
    type: 'object',
    required: ['title', 'status'],
    properties: { type: text, title: text, status: { type: 'integer' }, detail: text, hint: text },
  },
}

/** The HTTP API of sessions as OpenAPI 3.1 describes it. */
export function openApiDocument(basePath: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Cuemux sessions', version: '1' },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    paths: {
      '/sessions': {
        get: {
          summary: 'The sessions that the user watches.',
          responses: { '200': answer('Sessions', ref('Sessions')), ...problems },
        },
        post: {
          summary: 'Starts a session, or joins the one of this source and these settings.',
          requestBody: body('Start'),
          responses: { '201': answer('The viewer', ref('Started')), ...problems },
        },
      },
      '/sessions/{session}': {
        get: {
          summary: 'What a session does.',
          parameters: [session, token],
          responses: { '200': answer('The session', ref('Session')), ...problems },
        },
      },
      '/sessions/{session}/join': {
        post: {
          summary: 'Another viewer of the same user.',
          parameters: [session],
          responses: { '201': answer('The viewer', ref('Started')), ...problems },
        },
      },
      '/sessions/{session}/seek': {
        post: {
          summary: 'A viewer goes to a place: what it needs there is made.',
          parameters: [session],
          requestBody: body('Seek'),
          responses: { '202': answer('It is being made', ref('Accepted')), ...problems },
        },
      },
      '/sessions/{session}/stop': {
        post: {
          summary: 'Ends a viewer, or a session.',
          parameters: [session],
          requestBody: body('Stop'),
          responses: { '200': answer('What came of it', ref('Stopped')), ...problems },
        },
      },
      '/openapi.json': {
        get: { summary: 'This description.', responses: { '200': answer('OpenAPI', { type: 'object' }) } },
      },
    },
    components: { schemas },
  }
}
