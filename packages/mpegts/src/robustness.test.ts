import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { film, memorySource } from '../testing/ts-muxer.js'
import { openMpegTs } from './index.js'

const whole = film({ pictures: 20 }).toBytes()

async function readAll(bytes: Uint8Array): Promise<unknown> {
  const source = memorySource(bytes)
  try {
    const demuxer = await openMpegTs(source)
    const { count } = demuxer.index.keyframes
    const ids = demuxer.index.tracks.map(track => track.id)
    for (let first = 0; first < count; first++) {
      for (const batch of await demuxer.readSpan({ first, end: first + 1 }, ids)) {
        expect(batch.data.length).toBe(batch.count)
        for (let i = 0; i < batch.count; i++) expect(batch.compositionOffset[i]).toBeGreaterThanOrEqual(0)
      }
    }
    await demuxer.readGroupStarts(Array.from({ length: count }, (_, i) => i))
    if (demuxer.index.tracks.some(({ kind }) => kind === 'video')) await demuxer.readKeyframe(count - 1)
    return undefined
  } catch (error) {
    return error
  } finally {
    expect(source.reads).toBeLessThan(3000)
  }
}

describe('bad bytes', () => {
  it('gives one CuemuxError or a film, whatever is changed, cut or put in', async () => {
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      kind: fc.constantFrom('set', 'cut', 'insert', 'zero'),
      value: fc.nat(255),
      length: fc.nat(400),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async changes => {
        let bytes = Uint8Array.from(whole)
        for (const { at, kind, value, length } of changes) {
          if (kind === 'set') bytes[at % bytes.length] = value
          else if (kind === 'zero') bytes.fill(0, at, at + length)
          else if (kind === 'cut') bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)])
          else
            bytes = Uint8Array.from([
              ...bytes.subarray(0, at),
              ...new Array<number>(length).fill(value),
              ...bytes.subarray(at),
            ])
        }
        const error = await readAll(bytes)
        expect(error === undefined || error instanceof CuemuxError, String(error)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('says what is no transport stream', async () => {
    await expect(openMpegTs(memorySource(new Uint8Array(5000)))).rejects.toMatchObject({
      code: 'UNSUPPORTED_CONTAINER',
    })
  })

  it('says that tables are missing', async () => {
    const bytes = whole.subarray(2 * 188)
    await expect(openMpegTs(memorySource(bytes))).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
  })

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort()
    await expect(openMpegTs(memorySource(whole), { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    const demuxer = await openMpegTs(memorySource(whole))
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [0x100], { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
