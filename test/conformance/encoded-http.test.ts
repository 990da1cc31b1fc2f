// What an encoder makes may have other bytes the next time: its tag then is another one, so that no two halves are put together.
import { createHandler, type Handler } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'

interface Given {
  readonly etag: string
  readonly bytes: Buffer
}

async function get(handler: Handler, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return handler(new Request(`http://films/film/${path}`, { headers }))
}

async function given(handler: Handler, path: string): Promise<Given> {
  const response = await get(handler, path)
  expect(response.status).toBe(200)
  const bytes = Buffer.from(await response.arrayBuffer())
  return { etag: response.headers.get('etag') ?? '', bytes }
}

describe.each([
  ['ac3_51.mkv', 'audio-2'],
  ['h264_10bit.mkv', 'video-1'],
])('%s', (name, rendition) => {
  test('gives encoded segments by strong tags that name one body each', async () => {
    const film = await makeMedia(name)
    const path = `${rendition}/1.m4s`
    const open = (): Handler => createHandler({ resolve: () => film, cacheSegments: 'none' })
    // In a row, and by a process that starts there.
    const [run, cold] = [open(), open()]
    await given(run, `${rendition}/0.m4s`)
    const made = [await given(run, path), await given(cold, path)]
    const [first, second] = made as [Given, Given]
    expect(first.etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(first.etag === second.etag).toBe(first.bytes.equals(second.bytes))
    const changed = '"0123456789abcdef0123456789abcdef"'
    const rest = await get(cold, path, { range: 'bytes=1000-', 'if-range': changed })
    expect(rest.status).toBe(200)
    await rest.arrayBuffer()
    await Promise.all([run.close(), cold.close()])
  })

  test('keeps them, so that their ranges are of one body', async () => {
    const film = await makeMedia(name)
    const keeping = createHandler({ resolve: () => film })
    for (const file of ['init.mp4', '1.m4s']) {
      const path = `${rendition}/${file}`
      const { etag, bytes } = await given(keeping, path)
      const half = bytes.length >> 1
      const rest = await get(keeping, path, { range: `bytes=${half}-`, 'if-range': etag })
      expect(rest.status).toBe(206)
      expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(half))).toBe(true)
      expect((await get(keeping, path, { 'if-none-match': etag })).status).toBe(304)
    }
    expect(keeping.metrics().resources.fromCache).toBe(4)
    await keeping.close()
  })
})
