import { createSampleBatch, type Demuxer, type SampleBatch, type Span } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { Lease } from './segment-memory.js'
import { SpanReader } from './span-reader.js'

function batchOf(trackId: number, bytes: number[]): SampleBatch {
  const batch = createSampleBatch(trackId, 1000, 1)
  batch.size[0] = bytes.length
  batch.data.push(Uint8Array.from(bytes))
  return batch
}

/** A demuxer of two tracks whose samples name the span. */
function countingDemuxer(): { demuxer: Demuxer; reads: number[][] } {
  const reads: number[][] = []
  const readSpan = async (span: Span, trackIds: readonly number[]): Promise<SampleBatch[]> => {
    reads.push([...trackIds])
    return trackIds.map(id => batchOf(id, [id, span.first]))
  }
  return { demuxer: { readSpan } as Partial<Demuxer> as Demuxer, reads }
}

const REMOTE = 512 * 1024
const NEAR = 32 * 1024

describe('SpanReader', () => {
  it('serves the other renditions of a segment from one read', async () => {
    const { demuxer, reads } = countingDemuxer()
    const reader = new SpanReader(demuxer, [1, 2], NEAR, 1000)
    expect((await reader.read({ first: 0, end: 1 }, [1], undefined)).map(batch => [...batch.data[0]!])).toEqual([
      [1, 0],
    ])
    expect((await reader.read({ first: 0, end: 1 }, [2], undefined)).map(batch => [...batch.data[0]!])).toEqual([
      [2, 0],
    ])
    expect(reads).toEqual([[1, 2]])
  })

  it('reads once for simultaneous requests', async () => {
    const { demuxer, reads } = countingDemuxer()
    const reader = new SpanReader(demuxer, [1, 2], REMOTE, 1000)
    await Promise.all([
      reader.read({ first: 0, end: 1 }, [1], undefined),
      reader.read({ first: 0, end: 1 }, [2], undefined),
    ])
    expect(reads).toEqual([[1, 2]])
  })

  it('reads only what was asked for when it may keep nothing', async () => {
    const { demuxer, reads } = countingDemuxer()
    const reader = new SpanReader(demuxer, [1, 2], NEAR, 0)
    await reader.read({ first: 0, end: 1 }, [2], undefined)
    await reader.read({ first: 0, end: 1 }, [2], undefined)
    expect(reads).toEqual([[2], [2]])
  })

  it('lets go of the least recently used beyond its capacity', async () => {
    const { demuxer, reads } = countingDemuxer()
    const reader = new SpanReader(demuxer, [1, 2], NEAR, 4)
    for (const first of [0, 1, 2]) await reader.read({ first, end: first + 1 }, [1], undefined)
    reads.length = 0
    await reader.read({ first: 2, end: 3 }, [2], undefined)
    await reader.read({ first: 1, end: 2 }, [2], undefined)
    expect(reads).toEqual([])
    await reader.read({ first: 0, end: 1 }, [2], undefined)
    expect(reads).toEqual([[1, 2]])
  })

  describe('with memory that is given back', () => {
    const BYTES = 5 << 20

    /** A demuxer whose samples lie in the memory that it is given. */
    function fillingDemuxer(): Demuxer {
      const readSpan: Demuxer['readSpan'] = async ({ first }, trackIds, options) => {
        const bytes = (options?.memory?.take(BYTES) ?? new Uint8Array(BYTES)).fill(first)
        return trackIds.map(id => ({ ...batchOf(id, []), size: Uint32Array.of(BYTES), data: [bytes] }))
      }
      return { readSpan } as Partial<Demuxer> as Demuxer
    }

    const spanFrom = (first: number): Span => ({ first, end: first + 1 })
    const bytesOf = (batches: readonly SampleBatch[]): Uint8Array => batches[0]?.data[0] as Uint8Array

    it('uses it again for the next span', async () => {
      const reader = new SpanReader(fillingDemuxer(), [1], NEAR, 0)
      const lease = new Lease()
      const first = bytesOf(await reader.read(spanFrom(1), [1], undefined, lease))
      const second = bytesOf(await reader.read(spanFrom(2), [1], undefined, new Lease()))
      expect([first[0], second.buffer === first.buffer]).toEqual([1, false])
      lease.release()
      const third = bytesOf(await reader.read(spanFrom(3), [1], undefined, new Lease()))
      expect(third.buffer).toBe(first.buffer)
    })

    it('waits for all who share a read, and for ever where one says nothing', async () => {
      const reader = new SpanReader(fillingDemuxer(), [1], NEAR, 0)
      const [one, other] = [new Lease(), new Lease()]
      const [mine] = await Promise.all([
        reader.read(spanFrom(1), [1], undefined, one),
        reader.read(spanFrom(1), [1], undefined, other).then(() => other.release()),
      ])
      expect(bytesOf(await reader.read(spanFrom(2), [1], undefined, new Lease())).buffer).not.toBe(bytesOf(mine).buffer)
      one.release()
      const third = new Lease()
      const [again] = await Promise.all([
        reader.read(spanFrom(3), [1], undefined, third),
        reader.read(spanFrom(3), [1], undefined),
      ])
      expect(bytesOf(again).buffer).toBe(bytesOf(mine).buffer)
      third.release()
      await reader.read(spanFrom(4), [1], undefined, new Lease())
      expect(bytesOf(again)[0]).toBe(3)
    })

    it('does not hand on what was being read when its reader left', async () => {
      const reader = new SpanReader(fillingDemuxer(), [1], NEAR, 0)
      const controller = new AbortController()
      const lease = new Lease()
      const left = reader.read(spanFrom(1), [1], controller.signal, lease)
      const staying = reader.read(spanFrom(1), [1], undefined, new Lease())
      controller.abort()
      await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
      lease.release()
      const bytes = bytesOf(await staying)
      await reader.read(spanFrom(2), [1], undefined, new Lease())
      expect(bytes[0]).toBe(1)
    })
  })
})
