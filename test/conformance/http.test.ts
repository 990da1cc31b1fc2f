// Films behind HTTP, on a server of their own that counts what it is asked.
import { readFile } from 'node:fs/promises'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { findBox } from '../hls-check/boxes.js'
import { makeMedia } from '../media/media.js'
import { indexExtent } from '../support/matroska-layout.js'
import { bytesOf } from '../support/presentation.js'
import { serveRanges } from '../support/range-server.js'

const KIB = 1024

/** Bytes of a film's head and index. */
async function indexBytes(file: string): Promise<number> {
  if (file.endsWith('.mkv')) {
    const { headBytes, cuesBytes } = await indexExtent(file)
    return headBytes + cuesBytes
  }
  const bytes = await readFile(file)
  const moov = findBox(bytes, [0, bytes.length], 'moov')
  return moov === undefined ? 0 : moov.end - moov.start
}

describe.each(['h264_aac.mkv', 'h264_cuesfront.mkv', 'long.mkv', 'h264_aac.mp4', 'h264_aac_fast.mp4', 'long.mp4'])(
  '%s behind HTTP',
  name => {
    test('is opened and planned with three requests and its index', async () => {
      const file = await makeMedia(name)
      const server = await serveRanges(file, 25)
      try {
        const media = await openMedia(server.url)
        const presentation = await media.hls()
        const master = Buffer.from(await bytesOf(presentation, 'master.m3u8')).toString()
        const playlist = Buffer.from(await bytesOf(presentation, 'video-1/playlist.m3u8')).toString()
        expect(master).toContain('video-1/playlist.m3u8')
        expect(playlist).toContain('#EXT-X-ENDLIST')
        expect(server.requests).toBeLessThanOrEqual(3)
        expect(server.bytes).toBeLessThanOrEqual((await indexBytes(file)) + 128 * KIB)
        await media.close()
      } finally {
        await server.close()
      }
    })

    test('gives the same segment as the file, in two requests at most', async () => {
      const file = await makeMedia(name)
      const server = await serveRanges(file, 5)
      try {
        const [remote, local] = [await openMedia(server.url), await openMedia(file)]
        const [far, near] = [await remote.hls({ muxed: true }), await local.hls({ muxed: true })]
        // The first segment may bring what only the first samples tell.
        const paths = (await near.resources()).filter(({ kind }) => kind === 'segment').map(({ path }) => path)
        await bytesOf(far, paths[0] ?? '')
        server.reset()
        const [there, here] = [await bytesOf(far, paths[3] ?? ''), await bytesOf(near, paths[3] ?? '')]
        expect(Buffer.compare(there, here)).toBe(0)
        expect(server.requests).toBeLessThanOrEqual(2)
        await Promise.all([remote.close(), local.close()])
      } finally {
        await server.close()
      }
    })
  },
)
