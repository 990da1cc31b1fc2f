// What doesn't hang on how fast the machine is: reads, bytes and memory of a pass over a film and of a segment.
import { createHash } from 'node:crypto'
import type { ByteSource } from '@cuemux/core'
import { openFile } from '@cuemux/source/node'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'

const PIECE_BYTES = 2 * 1024 * 1024

interface Counted {
  readonly source: ByteSource
  reads: number
  bytes: number
  readonly targets: Set<ArrayBufferLike>
}

async function counted(path: string): Promise<Counted> {
  const file = await openFile(path)
  const { key, name, sizeBytes, seekCostBytes } = file
  const counts: Counted = {
    reads: 0,
    bytes: 0,
    targets: new Set(),
    source: {
      ...{ key, name, sizeBytes, seekCostBytes },
      read(offset, length, options) {
        counts.reads++
        counts.bytes += Math.max(0, Math.min(length, (sizeBytes ?? 0) - offset))
        return file.read(offset, length, options)
      },
      async readInto(offset, target, options) {
        counts.reads++
        counts.targets.add(target.buffer)
        const length = (await file.readInto?.(offset, target, options)) ?? 0
        counts.bytes += length
        return length
      },
      close: async () => file.close?.(),
    },
  }
  return counts
}

async function digest(chunks: AsyncIterable<readonly Uint8Array[]>): Promise<string> {
  const hash = createHash('sha256')
  for await (const pieces of chunks) for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

describe('a pass over a film', () => {
  test.each(['h264_aac.mkv', 'h264_ac3.mkv', 'lacing.mkv', 'h264_aac.mp4', 'long.mkv', 'long.mp4', 'h264_aac.ts'])(
    '%s is read once, in large pieces, into memory that is used again, and gives the same bytes',
    async name => {
      const path = await makeMedia(name)
      const media = await openMedia(path)
      const whole = await digest((await media.stream()).chunks())
      await media.close()

      const counts = await counted(path)
      const again = await openMedia(counts.source)
      const stream = await again.stream()
      counts.reads = counts.bytes = 0
      expect(await digest(stream.chunks({ reusesMemory: true }))).toBe(whole)
      const size = counts.source.sizeBytes ?? 0
      expect(counts.bytes).toBeLessThanOrEqual(1.02 * size + PIECE_BYTES)
      expect(counts.reads).toBeLessThanOrEqual(Math.ceil(size / PIECE_BYTES) + 8)
      expect(counts.targets.size).toBeLessThanOrEqual(8)
      await again.close()
    },
  )
})

describe('a segment', () => {
  test.each(['h264_aac.mkv', 'h264_aac.mp4'])('of %s takes memory for its own bytes, and little more', async name => {
    const media = await openMedia(await makeMedia(name))
    const presentation = await media.hls({ cacheBytes: 0 })
    const segments = (await presentation.resources()).filter(({ path }) => /^video-1\/\d+\.m4s$/.test(path))
    for (const { path } of segments) {
      const before = process.memoryUsage().arrayBuffers
      const { byteLength } = await presentation.resource(path)
      const taken = process.memoryUsage().arrayBuffers - before
      expect([path, taken <= 1.3 * byteLength + 256 * 1024, taken, byteLength]).toEqual([path, true, taken, byteLength])
    }
    await media.close()
  })
})
