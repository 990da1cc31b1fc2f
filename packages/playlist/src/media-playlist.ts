import { CuemuxError } from '@cuemux/core'
import { integer, seconds, tagLine, uriLine, withoutControls } from './attributes.js'
import { type ByteRange, type InitMap, mapTag, rangeText } from './byte-range.js'
import { dateText } from './date.js'
import { type DateRange, dateRangeTag } from './date-range.js'
import { keyTag, type PlaylistKey } from './key.js'
import {
  type PlaylistPart,
  type PlaylistSkip,
  type PreloadHint,
  partTags,
  preloadHintTag,
  type RenditionReport,
  renditionReportTag,
  type ServerControl,
  serverControlTag,
  skipTag,
} from './low-latency.js'
import { type TileLayout, tilesTag } from './tiles.js'
import { type Definition, defineTags, definitionsVersion } from './variables.js'

/** What the tags before a segment say of it (RFC 8216bis §4.4.4). */
export interface SegmentTags {
  /** EXT-X-DISCONTINUITY: its timestamps or encoding have nothing to do with those of the one before. */
  readonly isDiscontinuity?: boolean | undefined
  /** EXT-X-KEY: the keys from here on, where they change. */
  readonly keys?: readonly PlaylistKey[] | undefined
  /** EXT-X-MAP: the init segment from here on, where it changes. */
  readonly map?: InitMap | undefined
  /** EXT-X-PROGRAM-DATE-TIME: the date of its first sample, ms since 1970. */
  readonly programDateTimeMs?: number | undefined
  /** EXT-X-BITRATE: about how many kbit/s this and the next ones have, where it changes. */
  readonly bitrateKbps?: number | undefined
  /** EXT-X-GAP: it isn't there and is to be skipped. */
  readonly isGap?: boolean | undefined
  /** EXT-X-TILES: how the pictures lie in it; to be said of each image. */
  readonly tiles?: TileLayout | undefined
  /** EXT-X-PART: its parts. */
  readonly parts?: readonly PlaylistPart[] | undefined
}

/** One segment of a media playlist. */
export interface PlaylistSegment extends SegmentTags {
  readonly uri: string
  /** EXTINF, µs: an integer, so that it is shown exactly. */
  readonly durationUs: number
  /** EXTINF's title. */
  readonly title?: string | undefined
  readonly byteRange?: ByteRange | undefined
}

/** A media playlist as RFC 8216bis §4.4.2–4.4.5 has it. */
export interface MediaPlaylist {
  /** EXT-X-TARGETDURATION, s; every segment's rounded length is at most this. */
  readonly targetDuration: number
  readonly segments: readonly PlaylistSegment[]
  /** EXT-X-VERSION; by default 7, or more where a tag needs that. */
  readonly version?: number | undefined
  /** VOD: nothing will change. EVENT: segments are only added. */
  readonly type?: 'VOD' | 'EVENT' | undefined
  /** Number of the first segment; by default 0, and then not written. */
  readonly mediaSequence?: number | undefined
  readonly discontinuitySequence?: number | undefined
  readonly hasIndependentSegments?: boolean | undefined
  /** EXT-X-I-FRAMES-ONLY (§4.4.3.6): each segment is one I-frame. */
  readonly isIFramesOnly?: boolean | undefined
  /** EXT-X-IMAGES-ONLY (Image Media Playlist specification): each segment is an image. */
  readonly isImagesOnly?: boolean | undefined
  /** Keys that hold for `map` too. */
  readonly keys?: readonly PlaylistKey[] | undefined
  readonly map?: InitMap | undefined
  readonly start?: PlaylistStart | undefined
  readonly definitions?: readonly Definition[] | undefined
  readonly dateRanges?: readonly DateRange[] | undefined
  readonly serverControl?: ServerControl | undefined
  /** EXT-X-PART-INF (§4.4.3.7): length of the longest part, µs. */
  readonly partTargetUs?: number | undefined
  readonly skip?: PlaylistSkip | undefined
  /** The segment that isn't complete, with the parts that are there. */
  readonly next?: SegmentTags | undefined
  readonly preloadHints?: readonly PreloadHint[] | undefined
  readonly renditionReports?: readonly RenditionReport[] | undefined
  /** Nothing will be added: EXT-X-ENDLIST. */
  readonly isEnded?: boolean | undefined
}

/** EXT-X-START (§4.4.2.2): where to begin playing. */
export interface PlaylistStart {
  /** From the beginning, or before the end where it is negative, ms. */
  readonly offsetMs: number
  /** Not only the segment, but the very time. */
  readonly isPrecise?: boolean | undefined
}

/**
 * Writes a media playlist.
 *
 * @throws CuemuxError `BAD_REQUEST` for a date that can't be, or date ranges in a playlist without any
 *   `programDateTimeMs` (§4.4.5.1)
 */
export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  checkDates(playlist)
  let text = headTags(playlist)
  // hot: once per segment of the film, 0.06 µs; a string grows without copying
  for (const segment of playlist.segments) {
    text += segmentTags(segment)
    // Six decimals at most: the double nearest to a number of µs prints as just that.
    text += `#EXTINF:${segment.durationUs / 1e6},`
    text += segment.title === undefined ? '\n' : `${withoutControls(segment.title)}\n`
    if (segment.byteRange) text += `#EXT-X-BYTERANGE:${rangeText(segment.byteRange)}\n`
    text += `${uriLine(segment.uri)}\n`
  }
  if (playlist.next) text += segmentTags(playlist.next)
  for (const hint of playlist.preloadHints ?? []) text += preloadHintTag(hint)
  for (const report of playlist.renditionReports ?? []) text += renditionReportTag(report)
  return playlist.isEnded ? `${text}#EXT-X-ENDLIST\n` : text
}

function checkDates({ dateRanges, segments, skip, next }: MediaPlaylist): void {
  if (!dateRanges?.length || skip) return
  if (next?.programDateTimeMs !== undefined || segments.some(segment => segment.programDateTimeMs !== undefined)) return
  throw new CuemuxError('BAD_REQUEST', 'dateRanges need a segment with programDateTimeMs.')
}

/** The tags before the first segment. */
function headTags(playlist: MediaPlaylist): string {
  let text = `#EXTM3U\n#EXT-X-VERSION:${integer(playlist.version ?? neededVersion(playlist))}\n`
  text += defineTags(playlist.definitions)
  text += `#EXT-X-TARGETDURATION:${integer(playlist.targetDuration)}\n`
  if (playlist.serverControl) text += serverControlTag(playlist.serverControl)
  if (playlist.partTargetUs !== undefined) text += `#EXT-X-PART-INF:PART-TARGET=${seconds(playlist.partTargetUs)}\n`
  if (playlist.mediaSequence) text += `#EXT-X-MEDIA-SEQUENCE:${integer(playlist.mediaSequence)}\n`
  if (playlist.discontinuitySequence) {
    text += `#EXT-X-DISCONTINUITY-SEQUENCE:${integer(playlist.discontinuitySequence)}\n`
  }
  if (playlist.type !== undefined) text += `#EXT-X-PLAYLIST-TYPE:${playlist.type}\n`
  if (playlist.isIFramesOnly) text += '#EXT-X-I-FRAMES-ONLY\n'
  if (playlist.isImagesOnly) text += '#EXT-X-IMAGES-ONLY\n'
  if (playlist.hasIndependentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  if (playlist.start) text += startTag(playlist.start)
  for (const range of playlist.dateRanges ?? []) text += dateRangeTag(range)
  for (const key of playlist.keys ?? []) text += keyTag('EXT-X-KEY', key)
  if (playlist.map) text += mapTag(playlist.map)
  return playlist.skip ? text + skipTag(playlist.skip) : text
}

/** §8: 9 for EXT-X-SKIP, 10 with removed date ranges; 7 has everything else that is written without variables. */
function neededVersion({ definitions, skip }: MediaPlaylist): number {
  const forSkip = skip === undefined ? 0 : skip.removedDateRanges === undefined ? 9 : 10
  return Math.max(7, forSkip, definitionsVersion(definitions))
}

function segmentTags(tags: SegmentTags): string {
  let text = tags.isDiscontinuity ? '#EXT-X-DISCONTINUITY\n' : ''
  if (tags.keys) for (const key of tags.keys) text += keyTag('EXT-X-KEY', key)
  if (tags.map) text += mapTag(tags.map)
  if (tags.programDateTimeMs !== undefined) text += `#EXT-X-PROGRAM-DATE-TIME:${dateText(tags.programDateTimeMs)}\n`
  if (tags.bitrateKbps !== undefined) text += `#EXT-X-BITRATE:${integer(tags.bitrateKbps)}\n`
  if (tags.isGap) text += '#EXT-X-GAP\n'
  if (tags.tiles) text += tilesTag(tags.tiles)
  return tags.parts ? text + partTags(tags.parts) : text
}

/** The EXT-X-START tag with its line end. */
export function startTag({ offsetMs, isPrecise }: PlaylistStart): string {
  return tagLine('EXT-X-START', [
    ['TIME-OFFSET', String(Math.round(offsetMs) / 1000)],
    ['PRECISE', isPrecise ? 'YES' : undefined],
  ])
}
