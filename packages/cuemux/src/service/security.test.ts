import { memoryCache } from '@cuemux/store'
import { describe, expect, it, vi } from 'vitest'
import { RemoteFilm } from '../../testing/remote-film.js'
import { bodyOf, serve } from '../../testing/serve.js'
import { CuemuxError, createHandler } from '../index.js'

describe('signed addresses', () => {
  const signing = { secret: 'a secret of sixteen bytes or more' }

  it('lead from the multivariant playlist to the last segment', async () => {
    const { handler, get } = serve({ signing })
    const query = await handler.sign('film')
    const master = (await bodyOf(await get(`/film/master.m3u8?${query}`))).toString()
    const [, playlistAddress] = /^(video-\d+\/playlist\.m3u8\?.*)$/m.exec(master) ?? []
    const playlist = (await bodyOf(await get(`/film/${playlistAddress}`))).toString()
    const addresses = [...playlist.matchAll(/(?:^|URI=")(\w+\.(?:m4s|mp4)\?[^"\n]+)/gm)].map(match => match[1])
    expect(addresses.length).toBe(9)
    for (const address of addresses) {
      const response = await get(`/film/video-1/${address}`)
      expect([response.status, response.headers.get('cache-control')]).toEqual([
        200,
        'private, max-age=31536000, immutable',
      ])
    }
    const manifest = (await bodyOf(await get(`/film/manifest.mpd?${query}`))).toString()
    expect(manifest).toContain(query.replace('&', '&amp;'))
  })

  it('lead to the pictures of the seek bar, each viewer by its own signature', async () => {
    const { handler, get } = serve({ signing, cache: memoryCache() })
    for (const hours of [1, 2]) {
      const query = await handler.sign('film', { expiresAt: Date.now() + hours * 3_600_000 })
      const tiles = (await bodyOf(await get(`/film/storyboard.vtt?${query}`))).toString()
      expect(tiles).toContain(`\nstoryboard/0.jpg?${query}#xywh=0,0,`)
    }
  })

  it('open nothing without a signature, with another film’s, or past their end', async () => {
    const { handler, get } = serve({ signing })
    const other = await handler.sign('other')
    const past = await handler.sign('film', { expiresAt: Date.now() - 1000 })
    for (const query of ['', other, past]) {
      for (const path of ['master.m3u8', 'info.json', 'stream.mp4', 'video-1/0.m4s']) {
        const response = await get(`/film/${path}?${query}`)
        expect([path, response.status]).toEqual([path, 403])
        expect(await response.json()).toMatchObject({ title: 'FORBIDDEN' })
      }
    }
  })

  it('give a segment the same entity tag, whoever signed it', async () => {
    const { handler, get } = serve({ signing })
    const tags = await Promise.all(
      [1, 2].map(async hours => {
        const query = await handler.sign('film', { expiresAt: Date.now() + hours * 3_600_000 })
        return (await get(`/film/video-1/0.m4s?${query}`)).headers.get('etag')
      }),
    )
    expect(tags[0]).toBe(tags[1])
  })

  it('are not made by a handler without a secret', async () => {
    await expect(serve().handler.sign('film')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('what comes from a request', () => {
  it.each(['..', '.', '..%2Ffilm', '%2Fetc%2Fpasswd', '..%5Cfilm', 'film%00', 'a%2F..%2Fb', '%0Afilm'])(
    'never reaches resolve as the id %s',
    async id => {
      const resolve = vi.fn(() => undefined)
      const handler = createHandler({ resolve })
      // As a server gives it: the address as it was sent.
      const request = new Request('http://films.test/')
      Object.defineProperty(request, 'url', { value: `http://films.test/${id}/master.m3u8` })
      expect((await handler(request)).status).toBe(404)
      expect(resolve).not.toHaveBeenCalled()
    },
  )

  it.each(['..%2f..%2fetc%2fpasswd', 'video-1/..%2f..%2fsecret', 'video-1/%2e%2e/0.m4s', 'attachments/..%2f0', '%00'])(
    'leads to nothing as the path %s',
    async path => {
      expect((await serve().get(`/film/${path}`)).status).toBe(404)
    },
  )

  it.each([
    '/etc/passwd',
    'file:///etc/passwd',
    'http://127.0.0.1:9/film.mkv',
    'http://[::1]/film.mkv',
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3/film.mkv',
    'http://2130706433/film.mkv',
    'http://localhost/film.mkv',
    'ftp://films.test/film.mkv',
  ])('is not read as the address %s', async input => {
    const { get } = serve({ resolve: () => ({ input, untrusted: true }) })
    const response = await get('/film/master.m3u8')
    expect([response.status, (await response.text()).includes(input)]).toEqual([400, false])
  })

  it('is read within its policy only', async () => {
    const policy = { allowHosts: ['films.example.org'] }
    const { get } = serve({ resolve: () => ({ input: 'https://other.example.org/film.mkv', policy }) })
    expect((await get('/film/master.m3u8')).status).toBe(400)
  })
})

describe('errors', () => {
  const secret = 'https://user:password@upstream.internal/films/7.mkv answered 500'

  it.each([
    ['SOURCE_UNREACHABLE', 502],
    ['SOURCE_CHANGED', 409],
    ['NOT_FOUND', 404],
  ] as const)('of a source say nothing of where it lies: %s', async (code, status) => {
    const film = new RemoteFilm()
    film.failure = new CuemuxError(code, secret, { hint: secret, at: { path: secret } })
    const response = await serve({ resolve: () => film }).get('/film/master.m3u8')
    const text = await response.text()
    expect([response.status, /upstream|password|films\/7/.test(text)]).toEqual([status, false])
    expect(JSON.parse(text)).toMatchObject({ title: code, status })
    film.isClosed = false
    const exposed = await serve({ resolve: () => film, exposeErrors: true }).get('/film/master.m3u8')
    expect(await exposed.text()).toContain('upstream')
  })

  it('that are no CuemuxError are not shown either', async () => {
    const film = new RemoteFilm()
    film.gate = Promise.reject(new TypeError(secret))
    film.gate.catch(() => {})
    const response = await serve({ resolve: () => film }).get('/film/master.m3u8')
    expect(await response.text()).not.toContain('upstream')
  })

  it('of resolve are for the client', async () => {
    const resolve = (): never => {
      throw new CuemuxError('FORBIDDEN', 'This film is for members.')
    }
    const response = await serve({ resolve }).get('/film/master.m3u8')
    expect([response.status, await response.json()]).toEqual([
      403,
      { type: 'about:blank', title: 'FORBIDDEN', status: 403, detail: 'This film is for members.' },
    ])
  })
})

describe('other sites', () => {
  const origin = { headers: { origin: 'https://player.example' } }

  it('may read everything unless told otherwise', async () => {
    const response = await serve().get('/film/info.json', origin)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('may read what they are allowed to', async () => {
    const { get } = serve({
      cors: { origins: ['https://player.example'], credentials: true, allowHeaders: ['x-token'] },
    })
    const allowed = await get('/film/info.json', origin)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://player.example')
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    expect(allowed.headers.get('vary')).toBe('origin')
    const other = await get('/film/info.json', { headers: { origin: 'https://other.example' } })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    const preflight = await get('/film/master.m3u8', { ...origin, method: 'OPTIONS' })
    expect(preflight.headers.get('access-control-allow-headers')).toBe('range, if-none-match, if-range, x-token')
    const byFunction = serve({ cors: { origins: asked => asked.endsWith('.example') } })
    expect((await byFunction.get('/film/info.json', origin)).headers.get('access-control-allow-origin')).toBe(
      'https://player.example',
    )
  })

  it('may read nothing when that is switched off', async () => {
    const { get } = serve({ cors: false })
    expect((await get('/film/info.json', origin)).headers.get('access-control-allow-origin')).toBeNull()
    expect((await get('/film/info.json', { ...origin, method: 'OPTIONS' })).status).toBe(405)
  })

  it('never get credentials all together', () => {
    expect(() => serve({ cors: { credentials: true } })).toThrow(/origins/)
  })
})
