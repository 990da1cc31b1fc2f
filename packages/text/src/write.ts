import { CuemuxError } from '@cuemux/core'
import type { TextCue } from './cue.js'
import { formatTime } from './timestamps.js'

/** Most cues in one segment; the first ones are kept. */
const MAX_SEGMENT_CUES = 1000
/** Most characters in one segment. */
const MAX_SEGMENT_TEXT = 4 * 1024 * 1024

/** What a WebVTT segment is made from; all times are on the film's own clock. */
export interface WebVttSegmentOptions {
  /** Cues of the track, those of this segment at least. Cues with the same start stay in the order given. */
  readonly cues: Iterable<TextCue>
  /** Where the segment begins, µs. */
  readonly fromUs: number
  /** Where the next one begins, µs. */
  readonly toUs: number
  /** The film time that is 00:00:00.000 in the segment: the presentation's zero, µs. */
  readonly zeroUs: number
  /**
   * Where that zero lies on the media's timeline, ticks of 90 kHz: `rescale(S, timescale, 90000)`. Written as
   * X-TIMESTAMP-MAP (RFC 8216 §3.5), modulo 2^33. Without it no map is written, and players take zero for the beginning
   * of the media.
   */
  readonly mpegTs?: number | undefined
}

/**
 * One segment of a WebVTT rendition: every cue that is shown between `fromUs` and `toUs`, with its whole time, so that
 * cues are repeated in each segment that they touch (RFC 8216 §3.1.4) and a player can start anywhere. No cue has an
 * identifier: players tell repeated cues by times and text, and some drop a cue whose identifier was there before.
 * Times before zero are zero. A pure function: the same cues give the same bytes. 1000 cues and 4 Mi characters at
 * most.
 *
 * @throws CuemuxError `BAD_REQUEST` for times or `mpegTs` that are no integers
 */
export function writeWebVttSegment(options: WebVttSegmentOptions): string {
  const { cues, fromUs, toUs, zeroUs, mpegTs } = options
  for (const [name, value] of Object.entries({ fromUs, toUs, zeroUs, mpegTs: mpegTs ?? 0 })) {
    if (!Number.isSafeInteger(value)) throw new CuemuxError('BAD_REQUEST', `${name} is ${value}; an integer is needed.`)
  }
  const shown: TextCue[] = []
  for (const cue of cues) if (cue.startUs < toUs && cue.endUs > fromUs) shown.push(cue)
  shown.sort((a, b) => a.startUs - b.startUs)
  let text = 'WEBVTT\n'
  if (mpegTs !== undefined) text += `X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:${modulo(mpegTs, 2 ** 33)}\n`
  const written = new Set<string>()
  for (const cue of shown) {
    const block = writeCue(cue, zeroUs)
    if (block === '' || written.has(block)) continue
    if (written.size >= MAX_SEGMENT_CUES || text.length + block.length > MAX_SEGMENT_TEXT) break
    written.add(block)
    text += block
  }
  return text
}

/** How a whole file is written. */
export interface WebVttOptions {
  /** The film time that is 00:00:00.000 in the file, µs; 0 by default. */
  readonly zeroUs?: number | undefined
}

/** All cues as one WebVTT file, in order of their start, with the identifiers that are there once. */
export function writeWebVtt(cues: Iterable<TextCue>, options: WebVttOptions = {}): string {
  const sorted = [...cues].sort((a, b) => a.startUs - b.startUs)
  const uses = new Map<string, number>()
  for (const { id } of sorted) if (id !== undefined) uses.set(id, (uses.get(id) ?? 0) + 1)
  const blocks = sorted.map(cue => {
    const block = writeCue(cue, options.zeroUs ?? 0)
    return block === '' || cue.id === undefined || uses.get(cue.id) !== 1 ? block : `\n${cue.id}${block}`
  })
  return `WEBVTT\n${blocks.join('')}`
}

/** A cue with the blank line before it; empty where it ends before zero, or is too short to be written in ms. */
function writeCue(cue: TextCue, zeroUs: number): string {
  const start = formatTime(cue.startUs - zeroUs)
  const end = formatTime(cue.endUs - zeroUs)
  if (start === end) return ''
  return `\n${start} --> ${end}${cue.settings === undefined ? '' : ` ${cue.settings}`}\n${cue.payload}\n`
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
