import { CuemuxError } from '@cuemux/core'
import { formatTime } from './timestamps.js'

/** A small picture of the film within a larger one, and the time for which it stands. */
export interface StoryboardTile {
  /** µs from the film's zero. */
  readonly startUs: number
  /** µs from the film's zero. */
  readonly endUs: number
  /** Address of the picture, relative to the file or absolute; without a fragment. */
  readonly uri: string
  /** The part of the picture (W3C Media Fragments §4.2.2), pixels. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * A storyboard as players read it: a WebVTT file in which each cue is an address with `#xywh=`.
 *
 * @throws CuemuxError `BAD_REQUEST` for a part that is no rectangle of whole pixels
 */
export function writeStoryboard(tiles: Iterable<StoryboardTile>): string {
  let text = 'WEBVTT\n'
  for (const { startUs, endUs, uri, x, y, width, height } of tiles) {
    if (![x, y, width, height].every(value => Number.isSafeInteger(value) && value >= 0)) {
      throw new CuemuxError('BAD_REQUEST', `A tile is ${width} × ${height} at ${x}, ${y}; whole pixels are needed.`)
    }
    const [start, end] = [formatTime(startUs), formatTime(endUs)]
    if (start !== end) text += `\n${start} --> ${end}\n${safeUri(uri)}#xywh=${x},${y},${width},${height}\n`
  }
  return text
}

/** What would end a line, make an arrow or begin a fragment is percent-encoded. */
function safeUri(uri: string): string {
  return uri.replace(/[\p{Cc}\u2028\u2029 <>"#]/gu, character => encodeURIComponent(character))
}
