// What a client gets when the film can't be read, and how answers are told apart.
import { readFile } from 'node:fs/promises'
import { type ByteSource, CuemuxError, createHandler } from 'cuemux'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'

/** Where the film ends once it is cut: in its fourth segment. */
const CUT_BYTES = 3_100_000

let film: Buffer
beforeAll(async () => {
  film = await readFile(await makeMedia('two_sounds.mkv'))
})

interface Faulty extends ByteSource {
  /** What happens to a read. */
  fault: ((offsetBytes: number, bytes: Uint8Array) => Uint8Array) | undefined
}

function faultySource(key = 'film', own: Buffer = film): Faulty {
  return {
    key,
    name: 'film.mkv',
    sizeBytes: own.length,
    seekCostBytes: 32_768,
    fault: undefined,
    async read(offsetBytes: number, lengthBytes: number) {
      const bytes = own.subarray(offsetBytes, offsetBytes + lengthBytes)
      return this.fault?.(offsetBytes, bytes) ?? bytes
    },
  }
}

type Get = (path: string, headers?: Record<string, string>) => Promise<Response>

function serve(...sources: Faulty[]): Get {
  const handler = createHandler({ resolve: id => sources[Number(id)] })
  return (path, headers = {}) => handler(new Request(`http://films.test/${path}`, { headers }))
}

describe('a segment that cannot be made', () => {
  test.each([
    [
      'cannot be read',
      [502],
      () => {
        throw new CuemuxError('SOURCE_UNREACHABLE', 'The disk is gone.')
      },
    ],
    [
      'ends too soon',
      [409, 422, 502],
      (offset: number, bytes: Uint8Array) => bytes.subarray(0, Math.max(0, CUT_BYTES - offset)),
    ],
  ])('because the film %s is an error that nobody keeps, and is made when it can be', async (_, statuses, fault) => {
    const source = faultySource()
    const get = serve(source)
    expect((await get('0/video-1/0.m4s')).status).toBe(200)
    source.fault = fault
    const failed = await get('0/video-1/3.m4s')
    expect(statuses).toContain(failed.status)
    expect(failed.headers.get('cache-control')).toBe('no-store')
    expect(failed.headers.get('etag')).toBeNull()
    expect(failed.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    source.fault = undefined
    const made = await get('0/video-1/3.m4s')
    expect(made.status).toBe(200)
    expect((await made.arrayBuffer()).byteLength).toBe(Number(made.headers.get('content-length')))
  })
})

describe('the entity tag', () => {
  const tag = async (get: Get, path: string): Promise<string> => {
    const response = await get(path)
    expect([path, response.status]).toEqual([path, 200])
    return response.headers.get('etag') ?? ''
  }

  test('depends on what was asked', async () => {
    const get = serve(faultySource(), faultySource('another film'))
    const paths = [
      '0/master.m3u8',
      '0/master.m3u8?client=avc1,mp4a.40.2',
      '1/master.m3u8',
      '0/video-1/playlist.m3u8',
      '0/audio-2/playlist.m3u8',
      '0/video-1/init.mp4',
      '0/video-1/0.m4s',
      '0/video-1/1.m4s',
      '0/audio-2/0.m4s',
      '0/audio-3/0.m4s',
      '1/video-1/0.m4s',
    ]
    const tags = await Promise.all(paths.map(path => tag(get, path)))
    expect(new Set(tags).size).toBe(paths.length)
    const short = createHandler({ resolve: () => faultySource(), segmentDurationMs: 2000 })
    const other: Get = path => short(new Request(`http://films.test/${path}`))
    expect(tags).not.toContain(await tag(other, '0/video-1/0.m4s'))
  })

  test('is the same for the same question, at another server too', async () => {
    const [one, two] = [serve(faultySource()), serve(faultySource())]
    expect(await tag(one, '0/video-1/2.m4s')).toBe(await tag(two, '0/video-1/2.m4s'))
    const again = await one('0/video-1/2.m4s', { 'if-none-match': await tag(two, '0/video-1/2.m4s') })
    expect(again.status).toBe(304)
  })

  test('of one client is no answer to another', async () => {
    const get = serve(faultySource())
    const master = await tag(get, '0/master.m3u8')
    const asked = await get('0/master.m3u8?client=avc1,mp4a.40.2', { 'if-none-match': master })
    expect(asked.status).toBe(200)
    expect(await asked.text()).not.toContain('opus')
  })
})

describe('films without a key of their own', () => {
  test('are not taken for one another', async () => {
    const get = serve(faultySource(''), faultySource('', await readFile(await makeMedia('h264_aac.mkv'))))
    await get('0/master.m3u8')
    const second = await get('1/master.m3u8')
    // Refused, or its own: never the other one's.
    if (second.status !== 400) expect(await second.text()).not.toContain('audio-3')
  })
})
