// What doesn't hang on how fast the machine is: reads, bytes and memory of a pass over a film and of a segment.
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import type { ByteSource } from '@cuemux/core'
import { openFile } from '@cuemux/source/node'
import { createHandler, openMedia, toNodeListener } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { runOrThrow } from '../support/process.js'

const MIB = 1024 * 1024
const PIECE_BYTES = 2 * MIB

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

/** Calls of the system that this process has made to read so far; Linux tells. */
async function readCalls(): Promise<number> {
  return Number(/syscr: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1])
}

/** Counts how often all of the heap is collected, from now until it is stopped. */
function countFullCollections(): { stop(): Promise<number> } {
  let count = 0
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as PerformanceEntry & { readonly detail: { readonly kind: number } }).detail
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    stop: async () => {
      // What was seen last is told in a later turn.
      for (let i = 0; i < 3; i++) await turn()
      observer.disconnect()
      return count
    },
  }
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

describe('playlists', () => {
  test('of a near MKV read a few KiB for each segment, those of an MP4 nothing but where it may change', async () => {
    for (const [name, perSegment] of [
      ['long.mkv', 6 * 1024],
      ['long.mp4', 0],
    ] as const) {
      const counts = await counted(await makeMedia(name))
      const media = await openMedia(counts.source)
      counts.bytes = 0
      const presentation = await media.hls()
      await presentation.resource('video-1/playlist.m3u8')
      // Looks for changes of decoding, as many for any length.
      expect(counts.bytes).toBeLessThanOrEqual(20 * 6 * 1024)
      await presentation.resource('master.m3u8')
      const segments = presentation.plan.segments.cuts.length
      expect(segments).toBeGreaterThan(50)
      // Some segments are read to see whether there are captions in them.
      expect(counts.bytes).toBeLessThanOrEqual((20 * 6 + 256) * 1024 + segments * perSegment)
      await media.close()
    }
  })
})

describe('segments of many megabytes', () => {
  /** Long segments of a test film that is shown over and over: several MB each. */
  const SEGMENT_MS = 60_000
  let folder = ''
  let film = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cuemux-counts-'))
    film = path.join(folder, 'long.mkv')
    const input = ['-stream_loop', '30', '-i', await makeMedia('h264_aac.mp4')]
    await runOrThrow('ffmpeg', ['-v', 'error', ...input, '-c', 'copy', film])
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('one after the other take the memory of one, a few system calls each, and hardly a full collection', async () => {
    const counts = await counted(film)
    const media = await openMedia(counts.source)
    const presentation = await media.hls({ segmentDurationMs: SEGMENT_MS, cacheBytes: 0 })
    const paths = (await presentation.resources())
      .map(entry => entry.path)
      .filter(name => /^video-1\/.*m4s$/.test(name))
    const make = async (name: string): Promise<number> => {
      const { byteLength, release } = await presentation.resource(name, { reusesMemory: true })
      release?.()
      return byteLength
    }
    for (const name of paths) await make(name)
    counts.targets.clear()
    const collections = countFullCollections()
    const callsBefore = await readCalls()
    let bytes = 0
    const ROUNDS = 10
    for (let round = 0; round < ROUNDS; round++) for (const name of paths) bytes += await make(name)
    const calls = (await readCalls()) - callsBefore
    const made = ROUNDS * paths.length
    expect(bytes / made).toBeGreaterThan(2 * MIB)
    expect(counts.targets.size).toBeLessThanOrEqual(2)
    // A read in up to four parts, and what lies behind the segment's end.
    expect(calls / made).toBeLessThanOrEqual(10)
    // V8 has a reason of its own now and then; each buffer taken anew would be one for each 64 MB.
    expect(await collections.stop()).toBeLessThanOrEqual(Math.max(3, bytes / 640e6))
    await media.close()
  })

  test('that are sent take the memory of those that are under way', async () => {
    const counts = await counted(film)
    const limits = { bytesInFlight: 64 * MIB }
    const options = { resolve: () => counts.source, segmentDurationMs: SEGMENT_MS, cacheBytes: 0, limits }
    const handler = createHandler(options)
    const server = createServer(toNodeListener(handler)).listen(0, '127.0.0.1')
    const { port } = await new Promise<AddressInfo>(listening =>
      server.once('listening', () => listening(server.address() as AddressInfo)),
    )
    const media = await openMedia(film)
    const presentation = await media.hls({ segmentDurationMs: SEGMENT_MS, storyboard: true })
    const want = (await presentation.resource('video-1/1.m4s')).byteLength
    const AT_ONCE = 3
    const ROUNDS = 10
    for (let round = 0; round < ROUNDS; round++) {
      const sent = Array.from({ length: AT_ONCE }, async (_, i) => {
        // Another segment each: those who ask for the same at once share one read.
        const response = await fetch(`http://127.0.0.1:${port}/film/video-1/${i + 1}.m4s`)
        return (await response.arrayBuffer()).byteLength
      })
      expect((await Promise.all(sent))[0]).toBe(want)
      // Memory comes back when the connection has told that all has left.
      while (handler.metrics().bytesInFlight.used > 0) await turn()
    }
    expect(counts.targets.size).toBeLessThanOrEqual(AT_ONCE)
    server.close()
    server.closeAllConnections()
    await handler.close()
    await media.close()
  })
})
