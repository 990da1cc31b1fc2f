import { attributeList, integer, quotedUri, uriLine } from './attributes.js'

/** A part of a resource. */
export interface ByteRange {
  readonly lengthBytes: number
  readonly offsetBytes: number
}

/** EXT-X-MAP: the init segment. */
export interface InitMap {
  readonly uri: string
  readonly byteRange?: ByteRange | undefined
}

/** One segment of a media playlist. */
export interface PlaylistSegment {
  readonly uri: string
  /** EXTINF, µs: an integer, so that it is shown exactly. */
  readonly durationUs: number
  readonly byteRange?: ByteRange | undefined
  /** It isn't there and is to be skipped. */
  readonly isGap?: boolean | undefined
  /** Its timestamps or encoding have nothing to do with those of the one before. */
  readonly isDiscontinuity?: boolean | undefined
  /** The init segment from here on, where it changes. */
  readonly map?: InitMap | undefined
}

/** A media playlist as RFC 8216bis §4.4.2–4.4.4 has it. */
export interface MediaPlaylist {
  /** EXT-X-TARGETDURATION, s; every segment's rounded length is at most this. */
  readonly targetDuration: number
  readonly segments: readonly PlaylistSegment[]
  /** EXT-X-VERSION; by default 7. */
  readonly version?: number | undefined
  /** VOD: nothing will change. EVENT: segments are only added. */
  readonly type?: 'VOD' | 'EVENT' | undefined
  /** Number of the first segment; by default 0, and then not written. */
  readonly mediaSequence?: number | undefined
  readonly discontinuitySequence?: number | undefined
  readonly hasIndependentSegments?: boolean | undefined
  readonly map?: InitMap | undefined
  readonly start?: PlaylistStart | undefined
  /** Nothing will be added: EXT-X-ENDLIST. */
  readonly isEnded?: boolean | undefined
}

/** EXT-X-START: where to begin playing. */
export interface PlaylistStart {
  /** From the beginning, or before the end where it is negative, ms. */
  readonly offsetMs: number
  /** Not only the segment, but the very time. */
  readonly isPrecise?: boolean | undefined
}

/** Writes a media playlist. */
export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  let text = `#EXTM3U\n#EXT-X-VERSION:${integer(playlist.version ?? 7)}\n`
  text += `#EXT-X-TARGETDURATION:${integer(playlist.targetDuration)}\n`
  if (playlist.mediaSequence) text += `#EXT-X-MEDIA-SEQUENCE:${integer(playlist.mediaSequence)}\n`
  if (playlist.discontinuitySequence) {
    text += `#EXT-X-DISCONTINUITY-SEQUENCE:${integer(playlist.discontinuitySequence)}\n`
  }
  if (playlist.type !== undefined) text += `#EXT-X-PLAYLIST-TYPE:${playlist.type}\n`
  if (playlist.hasIndependentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  if (playlist.start) text += startTag(playlist.start)
  if (playlist.map) text += mapTag(playlist.map)
  // hot: once per segment of the film; a string grows without copying
  for (const segment of playlist.segments) {
    if (segment.isDiscontinuity) text += '#EXT-X-DISCONTINUITY\n'
    if (segment.map) text += mapTag(segment.map)
    if (segment.isGap) text += '#EXT-X-GAP\n'
    // Six decimals at most: the double nearest to a number of µs prints as just that.
    text += `#EXTINF:${segment.durationUs / 1e6},\n`
    if (segment.byteRange) text += `#EXT-X-BYTERANGE:${rangeText(segment.byteRange)}\n`
    text += `${uriLine(segment.uri)}\n`
  }
  return playlist.isEnded ? `${text}#EXT-X-ENDLIST\n` : text
}

function rangeText({ lengthBytes, offsetBytes }: ByteRange): string {
  return `${integer(lengthBytes)}@${integer(offsetBytes)}`
}

function mapTag({ uri, byteRange }: InitMap): string {
  const attributes = attributeList([
    ['URI', quotedUri(uri)],
    ['BYTERANGE', byteRange && `"${rangeText(byteRange)}"`],
  ])
  return `#EXT-X-MAP:${attributes}\n`
}

/** The EXT-X-START tag with its line end. */
export function startTag({ offsetMs, isPrecise }: PlaylistStart): string {
  const attributes = attributeList([
    ['TIME-OFFSET', String(Math.round(offsetMs) / 1000)],
    ['PRECISE', isPrecise ? 'YES' : undefined],
  ])
  return `#EXT-X-START:${attributes}\n`
}
