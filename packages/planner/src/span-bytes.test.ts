import { describe, expect, it } from 'vitest'
import { film, video } from '../fixtures/films.js'
import { planSegments } from './segments.js'
import { sourceSpanBytes } from './span-bytes.js'

const spans = (offsets: readonly number[], changes: Parameters<typeof film>[0]) => {
  const times = offsets.map((_, k) => k * 6000)
  const index = film({ tracks: [video({ timescale: 1000 })], times, offsets, ...changes })
  return [...sourceSpanBytes(index, planSegments(index, { targetDurationMs: 6000 }))]
}

describe('sourceSpanBytes', () => {
  it('takes the distances of offsets, and the end of the file for the last', () => {
    expect(spans([5000, 6000, 9000], { sizeBytes: 9500 })).toEqual([1000, 3000, 500])
  })

  it('shares a cluster among its keyframes by time', () => {
    expect(spans([5000, 5000, 5000, 8000], { sizeBytes: 9000 })).toEqual([1000, 1000, 1000, 1000])
    // nothing tells where the last cluster is divided
    expect(spans([5000, 8000, 8000], { sizeBytes: 9000 })).toEqual([3000, 0, 1000])
  })

  it('takes one pass where all keyframes lie in one place', () => {
    const bytes = spans(new Array(200_000).fill(5000), { sizeBytes: 9000, foundBy: 'scan' })
    expect(bytes.length).toBe(200_000)
    expect(bytes.at(-1)).toBe(4000)
  })

  it('leaves out attachments behind the media, and Cues that cannot lie before it', () => {
    const attachments = [{ name: 'cover.jpg', mimeType: 'image/jpeg', offsetBytes: 9200, sizeBytes: 300 }]
    expect(spans([5000, 6000, 9000], { sizeBytes: 9500, attachments })).toEqual([1000, 3000, 200])
    expect(spans([50, 6000, 9000], { sizeBytes: 9500 })).toEqual([5950, 3000, 440])
    expect(spans([50, 6000, 9000], { sizeBytes: 9500, foundBy: 'scan' })).toEqual([5950, 3000, 500])
  })

  it('never counts below nothing where the file ends before its index does', () => {
    expect(spans([5000, 6000, 9000], { sizeBytes: 7000 })).toEqual([1000, 3000, 0])
  })
})
