import { CuemuxError } from '@cuemux/core'
import { forEachChild, readFloat, readText, readUint } from './ebml.js'
import { Id } from './elements.js'

/** The Info element (RFC 9559 §5.1.2). */
export interface SegmentInfo {
  /** Nanoseconds in one tick of the container: 1,000,000 as a rule. */
  readonly timestampScale: number
  /** Length in container ticks, where it is told. */
  readonly duration: number | undefined
  readonly title: string | undefined
  readonly muxingApp: string
}

/**
 * Reads Info's payload.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function readInfo(bytes: Uint8Array, start: number, end: number): SegmentInfo {
  let timestampScale = 1_000_000
  let duration: number | undefined
  let title: string | undefined
  let muxingApp = ''
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.TimestampScale) timestampScale = readUint(bytes, from, to)
    else if (id === Id.Duration) duration = readFloat(bytes, from, to)
    else if (id === Id.Title) title = readText(bytes, from, to) || undefined
    else if (id === Id.MuxingApp) muxingApp = readText(bytes, from, to)
  })
  if (timestampScale < 1 || timestampScale > 1e12) {
    throw new CuemuxError('CORRUPT_INDEX', `TimestampScale is ${timestampScale} ns.`, { at: { path: 'Segment/Info' } })
  }
  const isUsable = duration !== undefined && duration > 0 && duration < 1e15
  return { timestampScale, duration: isUsable ? duration : undefined, title, muxingApp }
}
