import { openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type LongTs, longTs } from '../support/long-ts.js'
import { type RangeServer, serveMade } from '../support/range-server.js'

const MB = 1_000_000
const ROUND_SECONDS = 30

let film: LongTs
let server: RangeServer

beforeAll(async () => {
  film = await longTs(await makeMedia('h264_aac.ts'), ROUND_SECONDS, 500 * MB)
  server = await serveMade(film, 100)
})
afterAll(() => server.close())

describe('a transport stream of 500 MB behind HTTP, 50 ms each way', () => {
  test('is open and playable after 40 requests and 8 MB at most', async () => {
    const media = await openMedia(server.url)
    const presentation = await media.hls()
    const resources = await presentation.resources()
    for (const { path, kind } of resources)
      if (kind !== 'segment' && kind !== 'iframe') await presentation.resource(path)
    expect([server.requests, server.bytes / MB], 'for the playlists').toSatisfy(
      ([requests, bytes]) => requests <= 30 && bytes <= 2,
    )
    const first = resources.filter(({ path, kind }) => kind === 'segment' && path.endsWith('/0.m4s'))
    expect(first.map(({ path }) => path)).toEqual(['video-256/0.m4s', 'audio-257/0.m4s'])
    for (const { path } of first) await presentation.resource(path)
    expect([server.requests, server.bytes / MB], 'until it plays').toSatisfy(
      ([requests, bytes]) => requests <= 40 && bytes <= 8,
    )
    await media.close()
  })

  test('gives a segment for one or two requests in sequence, and four where it is sought', async () => {
    const media = await openMedia(server.url)
    const presentation = await media.hls()
    const { segments } = presentation.plan
    const count = segments.cuts.length
    expect(count).toBeGreaterThan(500)
    const asked = async (n: number): Promise<number> => {
      server.reset()
      for (const rendition of ['video-256', 'audio-257']) await presentation.resource(`${rendition}/${n}.m4s`)
      return server.requests
    }
    for (const n of [200, 17, count - 3]) {
      expect(await asked(n), `segment ${n}`).toBeLessThanOrEqual(4)
      expect(await asked(n + 1), `segment ${n + 1}`).toBeLessThanOrEqual(2)
      expect(await asked(n + 2), `segment ${n + 2}`).toBeLessThanOrEqual(2)
    }
    await media.close()
  })

  test('gives an I-frame for six requests and 2 MB at most', async () => {
    const media = await openMedia(server.url)
    const presentation = await media.hls()
    for (const n of [250, 33]) {
      server.reset()
      const { byteLength } = await presentation.resource(`iframes/video-256/${n}.m4s`)
      expect(byteLength).toBeGreaterThan(1000)
      expect([server.requests, server.bytes / MB]).toSatisfy(([requests, bytes]) => requests <= 6 && bytes <= 2)
    }
    await media.close()
  })

  test('has segments as long as its playlist says, whichever is made first', async () => {
    const [media, other] = [await openMedia(server.url), await openMedia(server.url)]
    const [one, two] = [await media.hls(), await other.hls()]
    const { times } = one.plan.segments
    const { demuxer } = media
    const { keyframes } = media.index
    const { cuts } = one.plan.segments
    const frame = keyframes.timescale / 24
    for (const n of [300, 301, 40]) {
      const [video] = await demuxer.readSpan({ first: cuts[n]!, end: cuts[n + 1]! }, [keyframes.trackId])
      const starts = video!.dts[0]! + video!.compositionOffset[0]!
      expect(Math.abs(starts - times[n]!), `segment ${n}`).toBeLessThanOrEqual(frame)
    }
    for (const n of [41, 301, 40]) {
      const path = `video-256/${n}.m4s`
      const bytes = async (from: typeof one): Promise<Buffer> => Buffer.concat((await from.resource(path)).pieces)
      expect(Buffer.compare(await bytes(one), await bytes(two)), path).toBe(0)
    }
    await Promise.all([media.close(), other.close()])
  })
})
