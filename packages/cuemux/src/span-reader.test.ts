import { createSampleBatch, type Demuxer, type SampleBatch, type Span } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
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
})
