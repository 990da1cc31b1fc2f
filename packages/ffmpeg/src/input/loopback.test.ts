import { type ByteSource, CuemuxError, parseRange } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { LoopbackServer } from './loopback.js'

const BYTES = Uint8Array.from({ length: 3 << 20 }, (_, i) => (i * 31) & 255)

function sourceOf(reads: [number, number][]): ByteSource {
  return {
    key: 'test',
    name: 'film',
    sizeBytes: BYTES.length,
    seekCostBytes: 0,
    read(offset, length) {
      reads.push([offset, length])
      return Promise.resolve(BYTES.subarray(offset, offset + length))
    },
  }
}

describe('LoopbackServer', () => {
  it('serves ranges of a source at an address that nobody can guess, and then no more', async () => {
    const reads: [number, number][] = []
    const server = new LoopbackServer()
    const input = await server.serve(sourceOf(reads))
    expect(input.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/)
    const whole = await fetch(input.url)
    expect([whole.status, whole.headers.get('content-length')]).toEqual([200, String(BYTES.length)])
    expect(Buffer.compare(Buffer.from(await whole.arrayBuffer()), BYTES)).toBe(0)
    // Small at first, then in pieces that are worth a round trip.
    expect(reads.map(([, length]) => length)).toEqual([1 << 16, 1 << 20, 1 << 20, BYTES.length - (1 << 16) - (2 << 20)])
    const part = await fetch(input.url, { headers: { range: 'bytes=1000000-1000099' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1000000-1000099/${BYTES.length}`])
    expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([...BYTES.subarray(1_000_000, 1_000_100)])
    expect((await fetch(input.url, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(input.url, { headers: { range: 'bytes=99999999-' } })).status).toBe(416)
    expect((await fetch(input.url, { method: 'POST' })).status).toBe(405)
    expect((await fetch(new URL('/', input.url))).status).toBe(404)
    await input.close()
    await expect(fetch(input.url)).rejects.toThrow()
  })

  it('remembers why the source could not be read', async () => {
    const input = await new LoopbackServer().serve({
      ...sourceOf([]),
      read: () => Promise.reject(new CuemuxError('SOURCE_CHANGED', 'The film is another one now.')),
    })
    await expect(fetch(input.url).then(answer => answer.arrayBuffer())).rejects.toThrow()
    expect(input.sourceError?.code).toBe('SOURCE_CHANGED')
    await input.close()
  })
})

describe('parseRange', () => {
  it('reads what ffmpeg sends', () => {
    expect(parseRange('bytes=0-', 10)).toEqual({ start: 0, end: 10 })
    expect(parseRange('bytes=2-3', 10)).toEqual({ start: 2, end: 4 })
    expect(parseRange('bytes=-4', 10)).toEqual({ start: 6, end: 10 })
    expect(parseRange('bytes=10-', 10)).toBe('unsatisfiable')
    expect(parseRange('bytes=5-2', 10)).toBeUndefined()
    expect(parseRange('items=1-2', 10)).toBeUndefined()
    expect(parseRange(undefined, 10)).toBeUndefined()
  })
})
