import { gunzipSync } from 'node:zlib'
import { CuemuxError } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { bodies, resourceResponse } from './http.js'
import { problemResponse } from './problem.js'
import type { Resource } from './resource.js'

const pieces = [Uint8Array.of(0, 1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6, 7, 8, 9)]
const segment: Resource = {
  path: 'video-1/0.m4s',
  kind: 'segment',
  contentType: 'video/mp4',
  etag: '"abc"',
  byteLength: 10,
  pieces,
}
const text = '#EXTM3U\n'.repeat(200)
const playlist: Resource = {
  path: 'master.m3u8',
  kind: 'master',
  contentType: 'application/vnd.apple.mpegurl',
  etag: '"m"',
  byteLength: text.length,
  pieces: [new TextEncoder().encode(text)],
}

function get(headers: Record<string, string> = {}, method = 'GET'): Request {
  return new Request('http://films.test/a', { method, headers })
}
async function bytes(response: Response): Promise<number[]> {
  return [...new Uint8Array(await response.arrayBuffer())]
}

describe('resourceResponse', () => {
  it('sends a whole segment in order, immutable', async () => {
    const response = await resourceResponse(get(), segment)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': '10',
      'content-type': 'video/mp4',
      etag: '"abc"',
    })
    expect(bodies.get(response)?.byteLength).toBe(10)
    expect(await bytes(response)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('answers HEAD with the headers alone', async () => {
    const response = await resourceResponse(get({}, 'HEAD'), segment)
    expect([response.status, response.body, response.headers.get('content-length')]).toEqual([200, null, '10'])
  })

  it.each([
    ['bytes=0-0', 206, 'bytes 0-0/10', [0]],
    ['bytes=2-5', 206, 'bytes 2-5/10', [2, 3, 4, 5]],
    ['bytes=7-', 206, 'bytes 7-9/10', [7, 8, 9]],
    ['bytes=-3', 206, 'bytes 7-9/10', [7, 8, 9]],
    ['bytes=-99', 206, 'bytes 0-9/10', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['bytes=8-999', 206, 'bytes 8-9/10', [8, 9]],
    ['bytes=10-', 416, 'bytes */10', []],
    ['bytes=-0', 416, 'bytes */10', []],
    ['bytes=5-2', 200, null, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['bytes=0-1,4-5', 200, null, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['lines=0-1', 200, null, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('answers Range: %s with %i', async (range, status, contentRange, body) => {
    const response = await resourceResponse(get({ range }), segment)
    expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange])
    expect(await bytes(response)).toEqual(body)
  })

  it('ignores a range whose If-Range names other bytes', async () => {
    expect((await resourceResponse(get({ range: 'bytes=1-2', 'if-range': '"old"' }), segment)).status).toBe(200)
    expect((await resourceResponse(get({ range: 'bytes=1-2', 'if-range': '"abc"' }), segment)).status).toBe(206)
  })

  it.each(['"abc"', 'W/"abc"', '"x", "abc"', '*'])('answers If-None-Match: %s with 304', async tag => {
    const response = await resourceResponse(get({ 'if-none-match': tag }), segment)
    expect([response.status, response.body]).toEqual([304, null])
  })

  it('packs playlists for those who take gzip, under another tag', async () => {
    const response = await resourceResponse(get({ 'accept-encoding': 'br, gzip' }), playlist)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('etag')).toBe('"m-gzip"')
    expect(response.headers.get('vary')).toBe('accept-encoding')
    expect(gunzipSync(await response.arrayBuffer()).toString()).toBe(text)
    const again = await resourceResponse(get({ 'if-none-match': '"m-gzip"' }), playlist)
    expect(again.status).toBe(304)
  })

  it.each(['', 'br', 'gzip;q=0', 'gzip;q=0.0'])(
    'sends playlists as they are to Accept-Encoding: "%s"',
    async coding => {
      const response = await resourceResponse(get({ 'accept-encoding': coding }), playlist)
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(await response.text()).toBe(text)
    },
  )
})

describe('problemResponse', () => {
  it('is problem JSON with the code, the place and the way out', async () => {
    const error = new CuemuxError('CORRUPT_INDEX', 'Cues are broken.', { at: { offsetBytes: 9 }, hint: 'Remux it.' })
    const response = problemResponse(error, false, true)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      422,
      'application/problem+json; charset=utf-8',
    ])
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'CORRUPT_INDEX',
      status: 422,
      detail: 'Cues are broken.',
      hint: 'Remux it.',
      at: { offsetBytes: 9 },
    })
  })
})
