import { describe, expect, it } from 'vitest'
import { CuemuxError, throwIfAborted, toCuemuxError } from './errors.js'

describe('CuemuxError', () => {
  it('describes itself in one line: code, message, place, way out', () => {
    const error = new CuemuxError('CORRUPT_INDEX', 'Cues are\n broken.', {
      at: { path: 'Segment/Cues', offsetBytes: 42 },
      hint: 'Remux the file.',
    })
    expect(error.describe()).toBe('CORRUPT_INDEX: Cues are broken. (at Segment/Cues, byte 42) Remux the file.')
  })

  it('names offset 0 as a place too', () => {
    expect(new CuemuxError('NOT_FOUND', 'Gone.', { at: { offsetBytes: 0 } }).describe()).toBe(
      'NOT_FOUND: Gone. (at byte 0)',
    )
  })
})

describe('toCuemuxError', () => {
  it('leaves ours as they are, keeps the cause of others, and knows an abort', () => {
    const ours = new CuemuxError('ENCRYPTED', 'Locked.')
    expect(toCuemuxError(ours, 'CORRUPT_MEDIA')).toBe(ours)
    const other = new RangeError('Offset is outside the bounds')
    expect(toCuemuxError(other, 'CORRUPT_MEDIA', 'The block')).toMatchObject({
      code: 'CORRUPT_MEDIA',
      message: 'The block: Offset is outside the bounds',
      cause: other,
    })
    expect(toCuemuxError(new DOMException('stop', 'AbortError'), 'CORRUPT_MEDIA').code).toBe('ABORTED')
    expect(toCuemuxError('text', 'OUTPUT_FAILED').message).toBe('text')
  })
})

describe('throwIfAborted', () => {
  it('throws once the signal has fired', () => {
    const controller = new AbortController()
    expect(() => throwIfAborted(undefined)).not.toThrow()
    expect(() => throwIfAborted(controller.signal)).not.toThrow()
    controller.abort()
    expect(() => throwIfAborted(controller.signal)).toThrow(expect.objectContaining({ code: 'ABORTED' }))
  })
})
