import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleBytes } from '../../testing/remote-film.js'
import { createSessionManager, type SessionManager, type StartedSession } from '../index.js'
import { openApiDocument } from './openapi.js'

let folder: string
let manager: SessionManager
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-api-'))
  manager = createSessionManager({
    folder,
    basePath: '/play',
    resolve: reference => (reference === 'film' ? { input: sampleBytes() } : undefined),
    authorize: request => {
      const user = request.headers.get('x-account')
      return user === null ? undefined : { user }
    },
  })
})
afterAll(async () => {
  await manager.close()
  await rm(folder, { recursive: true, force: true })
})

interface Init {
  readonly method?: string
  readonly body?: unknown
  readonly user?: string | undefined
  readonly headers?: Record<string, string>
}

function ask(address: string, { method = 'GET', body, user = 'ann', headers = {} }: Init = {}): Promise<Response> {
  const init = {
    method,
    headers: { 'content-type': 'application/json', ...(user === '' ? {} : { 'x-account': user }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
  return manager.handle(new Request(`http://films.test/play${address}`, init))
}

async function startFilm(user = 'ann'): Promise<StartedSession> {
  const response = await ask('/sessions', { method: 'POST', body: { source: 'film' }, user })
  expect(response.status).toBe(201)
  return (await response.json()) as StartedSession
}

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly oneOf?: readonly Schema[]
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>
  >
  readonly components: { readonly schemas: Record<string, Schema> }
}

const document = openApiDocument('/play') as unknown as Document

/** What of a value isn't as its schema says; what the schema doesn't name counts as wrong too. */
function misfits(value: unknown, schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined) {
    return misfits(value, document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, at)
  }
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter(one => misfits(value, one, at).length === 0)
    return fitting.length === 1 ? [] : [`${at}: ${fitting.length} of oneOf`]
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: ${value}`]
  if (Array.isArray(value)) {
    return schema.type === 'array' ? value.flatMap((one, i) => misfits(one, schema.items ?? {}, `${at}[${i}]`)) : [at]
  }
  if (typeof value !== 'object' || value === null) {
    const type = Number.isInteger(value) && schema.type === 'integer' ? 'integer' : typeof value
    return schema.type === type ? [] : [`${at}: ${type}`]
  }
  const { properties } = schema
  if (properties === undefined) return schema.type === 'object' ? [] : [at]
  const missing = (schema.required ?? []).filter(name => !(name in value)).map(name => `${at}.${name} is missing`)
  return [
    ...missing,
    ...Object.entries(value).flatMap(([name, one]) => {
      const known = properties[name]
      return known === undefined ? [`${at}.${name} is not described`] : misfits(one, known, `${at}.${name}`)
    }),
  ]
}

describe('the description', () => {
  test('is served, and what each request answers is what it says', async () => {
    const served = await ask('/openapi.json', { user: '' })
    expect(await served.json()).toEqual(document)
    const { session, token } = await startFilm()
    const requests: [route: string, address: string, init: Init][] = [
      ['/sessions', '/sessions', { method: 'POST', body: { source: 'film', settings: { client: 'safari' } } }],
      ['/sessions', '/sessions', {}],
      ['/sessions/{session}', `/sessions/${session}?token=${token}`, {}],
      ['/sessions/{session}/join', `/sessions/${session}/join`, { method: 'POST' }],
      ['/sessions/{session}/seek', `/sessions/${session}/seek`, { method: 'POST', body: { token, positionMs: 9000 } }],
      ['/sessions/{session}/stop', `/sessions/${session}/stop`, { method: 'POST', body: { isForced: true } }],
      ['/openapi.json', '/openapi.json', {}],
    ]
    for (const [route, address, init] of requests) {
      const response = await ask(address, init)
      const described = document.paths[route]?.[(init.method ?? 'GET').toLowerCase()]?.responses[response.status]
      expect([route, init.method, described]).toEqual([route, init.method, expect.anything()])
      const schema = described?.content['application/json']?.schema ?? {}
      expect(misfits(await response.json(), schema, route)).toEqual([])
    }
    const covered = requests.map(([route, , { method = 'GET' }]) => `${method} ${route}`).sort()
    const described = Object.entries(document.paths).flatMap(([route, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${route}`),
    )
    expect(described.sort()).toEqual(covered)
  })

  test('says how errors look', async () => {
    const response = await ask('/sessions/none')
    const schema =
      document.paths['/sessions/{session}']?.get?.responses['404']?.content['application/problem+json']?.schema
    expect(response.status).toBe(404)
    expect(misfits(await response.json(), schema ?? {}, 'problem')).toEqual([])
  })
})

describe('who may what', () => {
  test('nobody without authorization', async () => {
    for (const [address, init] of [
      ['/sessions', {}],
      ['/sessions', { method: 'POST', body: { source: 'film' } }],
    ] as const) {
      expect((await ask(address, { ...init, user: '' })).status).toBe(403)
    }
  })

  test('sessions of others are not there, whatever is asked', async () => {
    const { session, token } = await startFilm('ben')
    const [eve, body] = ['eve', { token, isForced: true }]
    expect((await ask(`/sessions/${session}`, { user: eve })).status).toBe(404)
    expect((await ask(`/sessions/${session}/stop`, { user: eve, method: 'POST', body })).status).toBe(404)
    expect((await ask(`/sessions/${session}/join`, { user: eve, method: 'POST' })).status).toBe(404)
    expect(await (await ask('/sessions', { user: eve })).json()).toEqual({ sessions: [] })
  })

  test.each([
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'content-type': 'text/plain' }, 400],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 400],
    [{ origin: 'http://films.test', 'sec-fetch-site': 'same-origin' }, 201],
  ])('a page of another site can start nothing: %o is %i', async (headers, status) => {
    const response = await ask('/sessions', { method: 'POST', body: { source: 'film' }, headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each([
    [{ source: 'film', session: 'mine' }],
    [{ source: 'film', user: 'root', maxSessions: 100 }],
    [{ source: 'film', signal: {} }],
    [{ source: 'film', settings: { ffmpeg: '-version' } }],
    [{ source: 'http://ann:secret@films.test/film.mkv' }],
    [{}],
    [[]],
  ])('a client can’t name what is not its own to say: %j', async body => {
    expect((await ask('/sessions', { method: 'POST', body })).status).toBe(400)
  })

  test.each(['-i', '--help', 'http://169.254.169.254/', 'file:///etc/passwd'])(
    '%s is nothing but a name that resolve doesn’t know',
    async source => {
      expect((await ask('/sessions', { method: 'POST', body: { source } })).status).toBe(404)
    },
  )
})

describe('a player', () => {
  test('gets what a presentation has, and nothing of the session’s folder', async () => {
    const { playlist } = await startFilm()
    const base = playlist.replace(/^\/play|\/master\.m3u8$/g, '')
    const master = await ask(`${base}/master.m3u8`, { user: '' })
    expect([master.status, master.headers.get('cache-control')]).toEqual([200, 'private, max-age=60'])
    expect(master.headers.get('access-control-allow-origin')).toBe('*')
    expect((await ask(`${base}/video-1/0.m4s`, { user: '' })).status).toBe(200)
    for (const file of ['session.json', '../session.json', '..%2fsession.json', 'stream.mp4', 'video-1/99.m4s', '']) {
      expect([file, (await ask(`${base}/${file}`, { user: '' })).status]).toEqual([file, 404])
    }
    const [, session] = base.split('/')
    for (const wrong of [`/${session}/wrong`, `/${session}`, '/none/wrong']) {
      expect((await ask(`${wrong}/master.m3u8`, { user: '' })).status).toBe(404)
    }
    expect((await ask(`${base}/master.m3u8`, { method: 'POST', user: '' })).status).toBe(405)
  })

  test('is told which methods there are', async () => {
    const { session } = await startFilm()
    for (const [path, method, allow] of [
      ['/sessions', 'DELETE', 'GET, POST'],
      [`/sessions/${session}`, 'DELETE', 'GET'],
      [`/sessions/${session}/stop`, 'GET', 'POST'],
    ] as const) {
      const response = await ask(path, { method })
      expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, allow])
    }
  })
})
