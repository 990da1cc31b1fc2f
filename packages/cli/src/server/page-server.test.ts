import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filmEntry } from './film.js'
import { createLibrary } from './library.js'
import type { PageAsset } from './page-assets.js'
import { createPageListener, isOwnHost } from './page-server.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-serve-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('the library', () => {
  it('finds films in folders, by folder and name, and nothing else', async () => {
    await mkdir(join(folder, 'Season 1'))
    await mkdir(join(folder, '.hidden'))
    const names = ['e10.mkv', 'e2.MKV', 'notes.txt', '.secret.mkv', 'Season 1/a <b>.mp4', '.hidden/c.mkv']
    for (const name of names) await writeFile(join(folder, name), 'x')
    await mkdir(join(folder, 'folder.mkv'))
    await symlink(folder, join(folder, 'Season 1', 'loop'))
    const films = await (await createLibrary([folder])).list()
    expect(films.map(({ name, folder, sizeBytes }) => [folder, name, sizeBytes])).toEqual([
      ['', 'e2.MKV', 1],
      ['', 'e10.mkv', 1],
      ['Season 1', 'a <b>.mp4', 1],
    ])
  })

  it('gives ids that stay, and that say nothing of the path', async () => {
    await writeFile(join(folder, 'film.mkv'), 'x')
    const [film] = await (await createLibrary([folder])).list()
    const library = await createLibrary([join(folder, '.', 'film.mkv')])
    const [same] = await library.list()
    expect(film?.id).toMatch(/^[0-9a-f]{12}$/)
    expect(same?.id).toBe(film?.id)
    expect(await library.locate(film?.id ?? '')).toContain('film.mkv')
    expect(await library.locate('film.mkv')).toBeUndefined()
    expect(JSON.stringify(filmEntry(film as NonNullable<typeof film>))).not.toContain(tmpdir())
  })

  it('takes a named file of any extension, and addresses', async () => {
    await writeFile(join(folder, 'film.dat'), 'x')
    const library = await createLibrary([join(folder, 'film.dat'), 'https://example.com/a/My%20film.mkv?token=1'])
    const films = await library.list()
    expect(films.map(film => film.name)).toEqual(['film.dat', 'My film.mkv'])
    expect(JSON.stringify(films)).not.toContain('token')
  })

  it('refuses what is not there', async () => {
    await expect(createLibrary([join(folder, 'none')])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

describe('the server', () => {
  let server: Server
  let port: number

  beforeEach(async () => {
    await writeFile(join(folder, 'film.mkv'), 'x')
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
    const page: PageAsset = { contentType: 'text/html', etag: '"1"', body: bytes('page'), gzipped: bytes('gz') }
    const listener = createPageListener({
      library: await createLibrary([folder]),
      assets: new Map([['/', page]]),
      media: (req, res) => void res.end(`media ${req.url}`),
      host: '127.0.0.1',
    })
    server = createServer(listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method, headers }, res => {
        let body = ''
        res.on('data', chunk => (body += chunk))
        res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body }))
      })
        .on('error', reject)
        .end()
    })

  it('sends the page with a policy under which only its own script runs', async () => {
    const answer = await ask('/')
    expect([answer.status, answer.body]).toEqual([200, 'page'])
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
    expect((await ask('/', { 'accept-encoding': 'gzip' })).body).toBe('gz')
    expect((await ask('/', { 'if-none-match': '"1"' })).status).toBe(304)
    expect((await ask('/', {}, 'HEAD')).body).toBe('')
  })

  it('lists the films, those too that were added since', async () => {
    const { media } = JSON.parse((await ask('/api/media')).body)
    expect(media).toHaveLength(1)
    expect(media[0]).toMatchObject({ name: 'film.mkv', master: `/media/${media[0].id}/master.m3u8` })
    await writeFile(join(folder, 'new.mkv'), 'x')
    await expect.poll(async () => (await ask('/api/media')).body, { timeout: 5000 }).toContain('new.mkv')
  })

  it('hands on what lies below /media, and answers nothing else', async () => {
    expect((await ask('//media/1/info.json?client=safari')).body).toBe('media /media/1/info.json?client=safari')
    for (const path of ['/etc/passwd', '/../package.json', '/%2e%2e/x', '/media'])
      expect((await ask(path)).status).toBe(404)
    expect((await ask('/', {}, 'POST')).status).toBe(405)
  })

  it('answers only for its own host name', async () => {
    expect((await ask('/', { host: 'evil.example' })).status).toBe(403)
    expect((await ask('/media/1/info.json', { host: 'evil.example:8080' })).status).toBe(403)
    expect((await ask('/', { host: 'localhost:1' })).status).toBe(200)
  })
})

describe('own host names', () => {
  it.each([
    ['127.0.0.1:8080', '127.0.0.1', true],
    ['[::1]:8080', '::1', true],
    ['films.localhost', 'localhost', true],
    ['127.evil.example', '127.0.0.1', false],
    ['localhost.evil.example', '127.0.0.1', false],
    [undefined, '127.0.0.1', false],
    ['tv.home:8080', '0.0.0.0', true],
  ])('%s at %s: %s', (header, listensOn, expected) => {
    expect(isOwnHost(header, listensOn)).toBe(expected)
  })
})
