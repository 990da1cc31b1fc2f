import { CuemuxError } from '@cuemux/core'
import type { DashRendition, DashTimeline } from './mpd-model.js'
import { element } from './xml.js'

/** Writes addresses: each with the query behind it. */
export class DashAddresses {
  readonly #query: string

  constructor(query: string | undefined) {
    this.#query = query ?? ''
  }

  /** An address as it is. */
  plain(uri: string): string {
    return this.#join(uri, this.#query)
  }

  /** A template (ISO/IEC 23009-1 §5.3.9.4.4), in which a dollar that means itself is doubled. */
  template(uri: string): string {
    return this.#join(uri, this.#query.replaceAll('$', '$$$$'))
  }

  #join(uri: string, query: string): string {
    return query === '' ? uri : `${uri}${uri.includes('?') ? '&' : '?'}${query}`
  }
}

/** The SegmentTemplate of a rendition (§5.3.9.4), its times exact. */
export function segmentTemplate(rendition: DashRendition, addresses: DashAddresses): string {
  const { timeline, id } = rendition
  const { timescale, presentationTimeOffset = 0, startNumber = 0 } = timeline
  whole(`${id}: timescale`, timescale, 1)
  whole(`${id}: presentationTimeOffset`, presentationTimeOffset, 0)
  whole(`${id}: startNumber`, startNumber, 0)
  return element(
    'SegmentTemplate',
    {
      timescale,
      presentationTimeOffset: presentationTimeOffset === 0 ? undefined : presentationTimeOffset,
      initialization: addresses.template(rendition.initialization ?? '$RepresentationID$/init.mp4'),
      media: addresses.template(rendition.media ?? '$RepresentationID$/$Number$.m4s'),
      startNumber,
    },
    [element('SegmentTimeline', {}, runs(id, timeline))],
  )
}

/** S elements (§5.3.9.6): equal lengths in a row as one; a time of its own for the first, and behind a gap. */
function runs(id: string, { starts, durations }: DashTimeline): string[] {
  if (starts.length !== durations.length || starts.length === 0) {
    throw new CuemuxError(
      'BAD_REQUEST',
      `${id}: starts (${starts.length}) and durations (${durations.length}) must be as many.`,
    )
  }
  const written: string[] = []
  let end = -1
  let run = { t: '', d: 0, r: 0 }
  const write = (): void => {
    if (run.d > 0) written.push(`<S${run.t} d="${run.d}"${run.r > 0 ? ` r="${run.r}"` : ''}/>`)
  }
  // hot: once per segment
  for (let n = 0; n < starts.length; n++) {
    const start = whole(`${id}: starts[${n}]`, starts[n], 0)
    const d = whole(`${id}: durations[${n}]`, durations[n], 1)
    if (start === end && d === run.d) run.r++
    else {
      write()
      run = { t: start === end ? '' : ` t="${start}"`, d, r: 0 }
    }
    end = start + d
  }
  write()
  return written
}

/** Length of the longest segment, µs, rounded up. */
export function longestSegmentUs({ timescale, durations }: DashTimeline): number {
  let longest = 0
  for (let n = 0; n < durations.length; n++) longest = Math.max(longest, durations[n] ?? 0)
  return Math.ceil((longest / timescale) * 1e6)
}

/** Checks that a number is whole, and at least the smallest that is allowed. */
export function whole(name: string, value: number | undefined, least: number): number {
  if (value !== undefined && value >= least && Number.isSafeInteger(value)) return value
  throw new CuemuxError('BAD_REQUEST', `${name} is ${value}; it must be a whole number of at least ${least}.`)
}
