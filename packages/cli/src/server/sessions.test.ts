import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as cuemux from 'cuemux'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPageListener } from './page-server.js'
import { type ServedSessions, servedSessions } from './sessions.js'

const FILM = fileURLToPath(new URL('../../../../sample/cuemux-sample.mkv', import.meta.url))
const library = {
  list: async () => [],
  locate: async (id: string) => (id === 'film' ? FILM : undefined),
  published: async () => undefined,
  blocks: [],
}

let folder: string
let served: ServedSessions
let server: Server
let base: string

async function open(isLocal: boolean): Promise<void> {
  served = servedSessions({ folder, library, isLocal, cuemux })
  const bytes = new TextEncoder().encode('page')
  const page = { contentType: 'text/html', etag: '"1"', body: bytes, gzipped: bytes }
  const media = (): void => {}
  const listener = createPageListener({ library, assets: new Map([['/', page]]), media, sessions: served, host: '::' })
  server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-served-'))
})
afterEach(async () => {
  server.close()
  server.closeAllConnections()
  await served.manager.close()
  await rm(folder, { recursive: true, force: true })
})

/** The cookie that a browser gets with the page. */
async function visit(cookie = ''): Promise<string> {
  const response = await fetch(base, { headers: { cookie } })
  return response.headers.get('set-cookie') ?? ''
}

function start(cookie: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', cookie }
  return fetch(`${base}/play/sessions`, { method: 'POST', headers, body: '{"source":"film"}' })
}

async function listed(cookie: string): Promise<readonly string[]> {
  const response = await fetch(`${base}/play/sessions`, { headers: { cookie } })
  const { sessions } = (await response.json()) as { sessions: readonly { id: string }[] }
  return sessions.map(({ id }) => id)
}

describe('sessions of cuemux serve', () => {
  it('are each browser’s own where others can ask too', async () => {
    await open(false)
    const [ann = '', ben = ''] = (await Promise.all([visit(), visit()])).map(text => text.split(';', 1)[0])
    expect(await visit()).toMatch(/; HttpOnly; SameSite=Strict$/)
    expect([ann === ben, await visit(ann)]).toEqual([false, ''])
    for (const wrong of ['', 'cuemux-viewer=root', `x${ann}`]) expect((await start(wrong)).status).toBe(403)
    const started = (await (await start(ann)).json()) as { session: string; playlist: string }
    expect([await listed(ann), await listed(ben)]).toEqual([[started.session], []])
    expect((await fetch(`${base}${started.playlist}`)).status).toBe(200)
  })

  it('are everybody’s on this machine alone', async () => {
    await open(true)
    const started = (await (await start('')).json()) as { session: string }
    expect(await listed('')).toEqual([started.session])
    expect(await (await fetch(`${base}/api/media`)).json()).toEqual({ media: [], sessions: '/play' })
  })
})
