// RFC 8216bis: the tags of low-latency playlists.
import type { Attributes } from './attribute-reader.js'
import { integer, maybeInteger, maybeSeconds, quotedUri, seconds, tagLine } from './attributes.js'
import { type ByteRange, type RangeEnds, rangeText, readRange } from './byte-range.js'

/** EXT-X-SERVER-CONTROL (§4.4.3.8): what the server can do. */
export interface ServerControl {
  /** It holds a request back until the playlist has the asked segment or part. */
  readonly canBlockReload?: boolean | undefined
  /** Segments further than this from the end may be left out, µs. */
  readonly canSkipUntilUs?: number | undefined
  readonly canSkipDateRanges?: boolean | undefined
  /** How far from the end to play, µs. */
  readonly holdBackUs?: number | undefined
  readonly partHoldBackUs?: number | undefined
}

/** EXT-X-PART (§4.4.4.9): a part of a segment. */
export interface PlaylistPart {
  readonly uri: string
  readonly durationUs: number
  readonly byteRange?: ByteRange | undefined
  /** It holds an independent frame. */
  readonly isIndependent?: boolean | undefined
  readonly isGap?: boolean | undefined
}

/** EXT-X-PRELOAD-HINT (§4.4.5.3): what will be there next. */
export interface PreloadHint {
  readonly type: 'PART' | 'MAP'
  readonly uri: string
  /** Where it starts in the resource; by default 0. */
  readonly offsetBytes?: number | undefined
  /** By default up to the resource's end. */
  readonly lengthBytes?: number | undefined
}

/** EXT-X-RENDITION-REPORT (§4.4.5.4): how far another rendition is. */
export interface RenditionReport {
  readonly uri: string
  /** Number of its last segment, and of the last part in that. */
  readonly lastSegment?: number | undefined
  readonly lastPart?: number | undefined
}

/** EXT-X-SKIP (§4.4.5.2): what a playlist delta update leaves out. */
export interface PlaylistSkip {
  readonly skippedSegments: number
  /** IDs of date ranges that are gone. */
  readonly removedDateRanges?: readonly string[] | undefined
}

/** The EXT-X-SERVER-CONTROL tag with its line end; nothing where nothing is said. */
export function serverControlTag(control: ServerControl): string {
  const tag = tagLine('EXT-X-SERVER-CONTROL', [
    ['CAN-BLOCK-RELOAD', control.canBlockReload ? 'YES' : undefined],
    ['CAN-SKIP-UNTIL', maybeSeconds(control.canSkipUntilUs)],
    ['CAN-SKIP-DATERANGES', control.canSkipDateRanges ? 'YES' : undefined],
    ['HOLD-BACK', maybeSeconds(control.holdBackUs)],
    ['PART-HOLD-BACK', maybeSeconds(control.partHoldBackUs)],
  ])
  return tag.endsWith(':\n') ? '' : tag
}

/** Reads EXT-X-SERVER-CONTROL. */
export function readServerControl(attributes: Attributes): ServerControl {
  return {
    canBlockReload: attributes.yes('CAN-BLOCK-RELOAD'),
    canSkipUntilUs: attributes.us('CAN-SKIP-UNTIL'),
    canSkipDateRanges: attributes.yes('CAN-SKIP-DATERANGES'),
    holdBackUs: attributes.us('HOLD-BACK'),
    partHoldBackUs: attributes.us('PART-HOLD-BACK'),
  }
}

/** EXT-X-PART tags with their line ends. */
export function partTags(parts: readonly PlaylistPart[]): string {
  let text = ''
  for (const { uri, durationUs, byteRange, isIndependent, isGap } of parts) {
    text += tagLine('EXT-X-PART', [
      ['DURATION', seconds(durationUs)],
      ['URI', quotedUri(uri)],
      ['BYTERANGE', byteRange && `"${rangeText(byteRange)}"`],
      ['INDEPENDENT', isIndependent ? 'YES' : undefined],
      ['GAP', isGap ? 'YES' : undefined],
    ])
  }
  return text
}

/** Reads EXT-X-PART; `undefined` without URI or DURATION. */
export function readPart(
  attributes: Attributes,
  ends: RangeEnds,
  add: (message: string) => void,
): PlaylistPart | undefined {
  const uri = attributes.needed('URI')
  const durationUs = attributes.us('DURATION')
  if (durationUs === undefined) add('EXT-X-PART needs DURATION.')
  if (uri === undefined || durationUs === undefined) return undefined
  const text = attributes.string('BYTERANGE')
  const range = text === undefined ? undefined : readRange(text)
  if (text !== undefined && range === undefined) add('EXT-X-PART: BYTERANGE must be LENGTH@OFFSET or LENGTH.')
  if (range === undefined) ends.reset()
  const miss = (): void => add('EXT-X-PART: BYTERANGE needs an offset: the part before it has another address.')
  return {
    uri,
    durationUs,
    byteRange: range && ends.complete(uri, range, miss),
    isIndependent: attributes.yes('INDEPENDENT'),
    isGap: attributes.yes('GAP'),
  }
}

/** The EXT-X-PRELOAD-HINT tag with its line end. */
export function preloadHintTag({ type, uri, offsetBytes, lengthBytes }: PreloadHint): string {
  return tagLine('EXT-X-PRELOAD-HINT', [
    ['TYPE', type],
    ['URI', quotedUri(uri)],
    ['BYTERANGE-START', maybeInteger(offsetBytes)],
    ['BYTERANGE-LENGTH', maybeInteger(lengthBytes)],
  ])
}

/** Reads EXT-X-PRELOAD-HINT; `undefined` without TYPE or URI. */
export function readPreloadHint(attributes: Attributes): PreloadHint | undefined {
  const type = attributes.enumerated('TYPE', ['PART', 'MAP'])
  const uri = attributes.needed('URI')
  if (type === undefined || uri === undefined) return undefined
  return {
    type,
    uri,
    offsetBytes: attributes.integer('BYTERANGE-START'),
    lengthBytes: attributes.integer('BYTERANGE-LENGTH'),
  }
}

/** The EXT-X-RENDITION-REPORT tag with its line end. */
export function renditionReportTag({ uri, lastSegment, lastPart }: RenditionReport): string {
  return tagLine('EXT-X-RENDITION-REPORT', [
    ['URI', quotedUri(uri)],
    ['LAST-MSN', maybeInteger(lastSegment)],
    ['LAST-PART', maybeInteger(lastPart)],
  ])
}

/** Reads EXT-X-RENDITION-REPORT; `undefined` without URI. */
export function readRenditionReport(attributes: Attributes): RenditionReport | undefined {
  const uri = attributes.needed('URI')
  if (uri === undefined) return undefined
  return { uri, lastSegment: attributes.integer('LAST-MSN'), lastPart: attributes.integer('LAST-PART') }
}

/** The EXT-X-SKIP tag with its line end. */
export function skipTag({ skippedSegments, removedDateRanges }: PlaylistSkip): string {
  // The list is the one whose values have tabs between.
  const removed = removedDateRanges?.map(id => id.replace(/["\s]/g, ' ')).join('\t')
  return tagLine('EXT-X-SKIP', [
    ['SKIPPED-SEGMENTS', integer(skippedSegments)],
    ['RECENTLY-REMOVED-DATERANGES', removed === undefined ? undefined : `"${removed}"`],
  ])
}

/** Reads EXT-X-SKIP; `undefined` without SKIPPED-SEGMENTS. */
export function readSkip(attributes: Attributes, add: (message: string) => void): PlaylistSkip | undefined {
  const skippedSegments = attributes.integer('SKIPPED-SEGMENTS')
  if (skippedSegments === undefined) {
    add('EXT-X-SKIP needs SKIPPED-SEGMENTS.')
    return undefined
  }
  const removed = attributes.string('RECENTLY-REMOVED-DATERANGES')?.split('\t')
  return { skippedSegments, removedDateRanges: removed?.filter(id => id !== '') }
}
