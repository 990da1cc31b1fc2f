// A film behind each other kind of source: the same segments as from its bytes.
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ByteSource } from '@cuemux/core'
import { blobSource, chunkedSource, httpSource, RetryLaterError, streamSource } from '@cuemux/source'
import { diskSpool } from '@cuemux/source/node'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { serveFaults } from '../support/fault-server.js'
import { bytesOf } from '../support/presentation.js'
import { sampleBytes } from './inputs.js'

const SEGMENTS = ['video-1/init.mp4', 'video-1/2.m4s', 'video-1/0.m4s', 'audio-2/1.m4s']

async function segments(input: Uint8Array | ByteSource): Promise<Buffer> {
  const media = await openMedia(input)
  try {
    const presentation = await media.hls()
    const parts: Uint8Array[] = []
    for (const path of SEGMENTS) parts.push(await bytesOf(presentation, path))
    return Buffer.concat(parts)
  } finally {
    await media.close()
  }
}

/** A store of chunks that asks to wait now and then. */
function chunksOf(film: Buffer): ByteSource {
  let reads = 0
  return chunkedSource({
    key: 'chunks',
    name: 'film',
    sizeBytes: film.length,
    chunkBytes: 128 * 1024,
    async readChunk(offset, limit) {
      if (++reads % 5 === 0) throw new RetryLaterError(2)
      return new Uint8Array(film.subarray(offset, offset + limit))
    },
  })
}

describe.each(['mkv', 'mp4'] as const)('an %s', kind => {
  const film = sampleBytes(kind)
  const file = fileURLToPath(new URL(`../../sample/cuemux-sample.${kind}`, import.meta.url))
  const stream = (): ByteSource =>
    streamSource(createReadStream(file), { sizeBytes: film.length, windowBytes: 100_000, spool: diskSpool() })

  test.each<[string, () => ByteSource]>([
    ['a Blob', () => blobSource(new Blob([new Uint8Array(film)]))],
    ['a store of chunks', () => chunksOf(film)],
    ['a stream that is kept on disk', stream],
  ])('out of %s', async (_, open) => {
    expect(Buffer.compare(await segments(open()), await segments(new Uint8Array(film)))).toBe(0)
  })

  test('from a server without ranges that is kept on disk is downloaded once', async () => {
    const server = await serveFaults(film, () => ({ kind: 'no-ranges' }))
    const source = httpSource(server.url, { windowBytes: 100_000, spool: diskSpool() })
    expect(Buffer.compare(await segments(source), await segments(new Uint8Array(film)))).toBe(0)
    expect(server.ranges).toHaveLength(1)
    await server.close()
  })

  test('out of a stream that is not kept says what can be done', async () => {
    const source = streamSource(createReadStream(file), { sizeBytes: film.length, windowBytes: 100_000 })
    await expect(segments(source)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('can only be read forward'),
      hint: expect.stringContaining('spool'),
    })
  })
})

/** A whole film as one fragmented MP4. */
async function continuous(input: string | ByteSource): Promise<Buffer> {
  const media = await openMedia(input)
  try {
    const parts: Uint8Array[] = []
    for await (const pieces of (await media.stream()).chunks()) parts.push(...pieces)
    return Buffer.concat(parts)
  } finally {
    await media.close()
  }
}

describe('a stream whose length nobody knows', () => {
  const kept = { windowBytes: 1_000_000 }

  test.each(['h264_aac_fast.mp4', 'h264_cuesfront.mkv'])('plays through in a small window: %s', async name => {
    const file = await makeMedia(name)
    const played = await continuous(streamSource(createReadStream(file), kept))
    expect(Buffer.compare(played, await continuous(file))).toBe(0)
  })

  test.each(['h264_aac.mp4', 'h264_aac.mkv'])(
    'with its index elsewhere, plays when it is kept on disk: %s',
    async name => {
      const file = await makeMedia(name)
      const played = await continuous(streamSource(createReadStream(file), { ...kept, spool: diskSpool() }))
      expect(Buffer.compare(played, await continuous(file))).toBe(0)
      await expect(continuous(streamSource(createReadStream(file), kept))).rejects.toMatchObject({
        code: 'SOURCE_UNREACHABLE',
        message: expect.stringContaining('can only be read forward'),
      })
    },
  )
})
