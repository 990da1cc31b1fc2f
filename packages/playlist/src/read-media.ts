import { decimal, shown } from './attribute-reader.js'
import { type ByteRange, type InitMap, RangeEnds, readMap, readRange } from './byte-range.js'
import { isStandardDate, readDate } from './date.js'
import { type DateRange, readDateRange } from './date-range.js'
import { type PlaylistKey, readKey } from './key.js'
import {
  type PlaylistPart,
  type PreloadHint,
  type RenditionReport,
  readPart,
  readPreloadHint,
  readRenditionReport,
  readServerControl,
  readSkip,
} from './low-latency.js'
import type { MediaPlaylist, PlaylistSegment, SegmentTags } from './media-playlist.js'
import { attributesOf, type CommonTags, type Reading, type TagReader, wholeNumber } from './read-common.js'
import { readTiles } from './tiles.js'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
/** What is read so far of the segment that comes next. */
type Pending = Writable<SegmentTags> & {
  keys?: PlaylistKey[] | undefined
  parts?: PlaylistPart[] | undefined
}

/** Tags that are there once, before the first segment. */
const HEAD_TAGS: ReadonlySet<string> = new Set([
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-PLAYLIST-TYPE',
  'EXT-X-I-FRAMES-ONLY',
  'EXT-X-IMAGES-ONLY',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-PART-INF',
  'EXT-X-SKIP',
])

/** Reads the tags and addresses of a media playlist (RFC 8216bis §4.4.3–4.4.5). */
export class MediaReader implements TagReader {
  readonly #reading: Reading
  readonly #head: Writable<Omit<MediaPlaylist, 'segments' | 'targetDuration'>> = {}
  readonly #segments: PlaylistSegment[] = []
  readonly #keys: PlaylistKey[] = []
  readonly #dateRanges: DateRange[] = []
  readonly #preloadHints: PreloadHint[] = []
  readonly #renditionReports: RenditionReport[] = []
  readonly #seen = new Set<string>()
  readonly #segmentEnds = new RangeEnds()
  readonly #partEnds = new RangeEnds()
  #targetDuration: number | undefined
  #pending: Pending = {}
  #info: { readonly durationUs: number; readonly title: string | undefined } | undefined
  #range: ReturnType<typeof readRange>
  /** The longest segment, and its line. */
  #longest = { durationUs: 0, line: 1 }

  constructor(reading: Reading) {
    this.#reading = reading
  }

  tag(name: string, value: string): boolean {
    if (HEAD_TAGS.has(name)) {
      this.#headTag(name, value)
      return true
    }
    return this.#segmentTag(name, value) || this.#metadataTag(name, value)
  }

  uri(uri: string): void {
    if (this.#info === undefined) this.#add('A segment needs EXTINF before its address.')
    const { durationUs, title } = this.#info ?? { durationUs: 0, title: undefined }
    const byteRange = this.#completeRange(uri)
    this.#segments.push({ ...this.#pending, uri, durationUs, title, byteRange })
    if (durationUs > this.#longest.durationUs) this.#longest = { durationUs, line: this.#reading.problems.line }
    this.#pending = {}
    this.#info = undefined
    this.#range = undefined
  }

  /** What has been read, once the playlist has ended. */
  finish(common: CommonTags): MediaPlaylist {
    if (this.#info !== undefined) this.#add('EXTINF must be followed by an address.')
    const hasNext = Object.keys(this.#pending).length > 0
    const { definitions } = this.#reading.variables
    return {
      ...this.#head,
      targetDuration: this.#checkedTarget(),
      version: common.version,
      hasIndependentSegments: common.hasIndependentSegments,
      start: common.start,
      definitions: nonEmpty(definitions),
      keys: nonEmpty(this.#keys),
      dateRanges: nonEmpty(this.#dateRanges),
      preloadHints: nonEmpty(this.#preloadHints),
      renditionReports: nonEmpty(this.#renditionReports),
      segments: this.#segments,
      next: hasNext ? this.#pending : undefined,
    }
  }

  /** §4.4.3.1: the rounded length of each segment is at most the target. */
  #checkedTarget(): number {
    const { durationUs, line } = this.#longest
    const rounded = Math.round(durationUs / 1e6)
    if (this.#targetDuration === undefined) this.#reading.problems.add('EXT-X-TARGETDURATION is missing.', 1)
    else if (rounded > this.#targetDuration) {
      const target = this.#targetDuration
      this.#reading.problems.add(`A segment lasts ${durationUs / 1e6} s; EXT-X-TARGETDURATION allows ${target}.`, line)
    }
    return this.#targetDuration ?? Math.max(1, rounded)
  }

  #headTag(name: string, value: string): void {
    if (this.#seen.has(name)) {
      this.#add(`${name} is there twice; once is allowed.`)
      return
    }
    this.#seen.add(name)
    const head = this.#head
    const { problems } = this.#reading
    if (name.endsWith('SEQUENCE') && this.#segments.length > 0) this.#add(`${name} must come before all segments.`)
    if (name === 'EXT-X-TARGETDURATION') this.#targetDuration = wholeNumber(name, value, problems)
    else if (name === 'EXT-X-MEDIA-SEQUENCE') head.mediaSequence = wholeNumber(name, value, problems)
    else if (name === 'EXT-X-DISCONTINUITY-SEQUENCE') head.discontinuitySequence = wholeNumber(name, value, problems)
    else if (name === 'EXT-X-PLAYLIST-TYPE') this.#readType(value)
    else if (name === 'EXT-X-I-FRAMES-ONLY') head.isIFramesOnly = true
    else if (name === 'EXT-X-IMAGES-ONLY') head.isImagesOnly = true
    else {
      const attributes = attributesOf(this.#reading, name, value)
      if (name === 'EXT-X-SERVER-CONTROL') head.serverControl = readServerControl(attributes)
      else if (name === 'EXT-X-SKIP') head.skip = readSkip(attributes, this.#add)
      else head.partTargetUs = attributes.us('PART-TARGET')
    }
  }

  #readType(value: string): void {
    const type = value.toUpperCase()
    if (value !== 'VOD' && value !== 'EVENT') this.#add('EXT-X-PLAYLIST-TYPE must be VOD or EVENT.')
    if (type === 'VOD' || type === 'EVENT') this.#head.type = type
  }

  #segmentTag(name: string, value: string): boolean {
    const pending = this.#pending
    if (name === 'EXTINF') this.#readInfo(value)
    else if (name === 'EXT-X-BYTERANGE') {
      this.#range = readRange(value)
      if (this.#range === undefined) this.#add('EXT-X-BYTERANGE must be LENGTH@OFFSET or LENGTH.')
    } else if (name === 'EXT-X-DISCONTINUITY') pending.isDiscontinuity = true
    else if (name === 'EXT-X-GAP') pending.isGap = true
    else if (name === 'EXT-X-BITRATE') {
      const rate = wholeNumber(name, value, this.#reading.problems)
      if (rate !== undefined) pending.bitrateKbps = rate
    } else if (name === 'EXT-X-PROGRAM-DATE-TIME') this.#readDate(value)
    else return this.#attributeTag(name, value)
    return true
  }

  /** The tags of segments that have attributes. */
  #attributeTag(name: string, value: string): boolean {
    const pending = this.#pending
    if (name === 'EXT-X-KEY') {
      const key = readKey(attributesOf(this.#reading, name, value), this.#add)
      if (key !== undefined) (pending.keys ??= []).push(key)
    } else if (name === 'EXT-X-MAP') {
      const map = readMap(attributesOf(this.#reading, name, value), this.#add)
      if (map !== undefined) this.#takeMap(map)
    } else if (name === 'EXT-X-TILES') {
      const tiles = readTiles(attributesOf(this.#reading, name, value), this.#add)
      if (tiles !== undefined) pending.tiles = tiles
    } else if (name === 'EXT-X-PART') {
      const part = readPart(attributesOf(this.#reading, name, value), this.#partEnds, this.#add)
      if (part !== undefined) (pending.parts ??= []).push(part)
    } else return false
    return true
  }

  #metadataTag(name: string, value: string): boolean {
    if (name === 'EXT-X-ENDLIST') this.#head.isEnded = true
    else if (name === 'EXT-X-DATERANGE') {
      const range = readDateRange(attributesOf(this.#reading, name, value), this.#add)
      if (range !== undefined) this.#dateRanges.push(range)
    } else if (name === 'EXT-X-PRELOAD-HINT') {
      const hint = readPreloadHint(attributesOf(this.#reading, name, value))
      if (hint !== undefined) this.#preloadHints.push(hint)
    } else if (name === 'EXT-X-RENDITION-REPORT') {
      const report = readRenditionReport(attributesOf(this.#reading, name, value))
      if (report !== undefined) this.#renditionReports.push(report)
    } else return false
    return true
  }

  /** A map before everything else that is said of segments is the playlist's, with the keys before it. */
  #takeMap(map: InitMap): void {
    const { keys, ...others } = this.#pending
    const isFirst = this.#segments.length === 0 && this.#head.map === undefined && Object.keys(others).length === 0
    if (!isFirst) {
      this.#pending.map = map
      return
    }
    this.#head.map = map
    if (keys) this.#keys.push(...keys)
    this.#pending = {}
  }

  #readDate(value: string): void {
    const timeMs = readDate(value)
    if (timeMs === undefined || !isStandardDate(value)) {
      this.#add(`EXT-X-PROGRAM-DATE-TIME is "${shown(value)}"; it must be as 2026-01-31T20:15:00.000Z.`)
    }
    if (timeMs !== undefined) this.#pending.programDateTimeMs = timeMs
  }

  /** §4.4.4.1: `duration,[title]`. IPTV lists have attributes between them, whose values may hold commas. */
  #readInfo(value: string): void {
    if (this.#info !== undefined) this.#add('EXTINF must be followed by an address.')
    const comma = commaOutsideQuotes(value)
    if (comma < 0) this.#add('EXTINF needs a comma behind the length.')
    const said = (comma < 0 ? value : value.slice(0, comma)).trim()
    const title = comma < 0 ? '' : value.slice(comma + 1).trim()
    const length = decimal(said) ?? this.#looseLength(said)
    if (length < 0) this.#add(`EXTINF is ${shown(said)}; it must not be negative.`)
    this.#info = { durationUs: Math.max(0, Math.round(length * 1e6)), title: title === '' ? undefined : title }
  }

  #looseLength(said: string): number {
    this.#add(`EXTINF is "${shown(said)}"; it must be a decimal number of seconds.`)
    const match = /^-?\d{1,9}(?:[.,]\d{0,9})?/.exec(said)
    return match === null ? 0 : Number(match[0].replace(',', '.'))
  }

  #completeRange(uri: string): ByteRange | undefined {
    if (this.#range === undefined) {
      this.#segmentEnds.reset()
      return undefined
    }
    return this.#segmentEnds.complete(uri, this.#range, () =>
      this.#add('EXT-X-BYTERANGE needs an offset: the segment before it is no range of the same address.'),
    )
  }

  readonly #add = (message: string): void => this.#reading.problems.add(message)
}

function commaOutsideQuotes(text: string): number {
  let isInside = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') isInside = !isInside
    else if (character === ',' && !isInside) return i
  }
  return text.indexOf(',')
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
