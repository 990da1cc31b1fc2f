import { attributeList, enumerated, integer, quoted, quotedUri, uriLine } from './attributes.js'
import { type PlaylistStart, startTag } from './media-playlist.js'

/** EXT-X-MEDIA (RFC 8216bis §4.4.6.1): a rendition that goes with variants. */
export interface MediaRendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES'
  readonly groupId: string
  /** For people; made unique within the group where it isn't. */
  readonly name: string
  /** BCP 47; `und` where it isn't known. */
  readonly language: string
  /** At most one of a group; a second one is written as not default. */
  readonly isDefault?: boolean | undefined
  /** May be chosen by the system's language; a default one always is. */
  readonly isAutoselect?: boolean | undefined
  /** Subtitles only. */
  readonly isForced?: boolean | undefined
  /** Audio: how many channels, and what follows in CHANNELS, as `16/JOC`. */
  readonly channels?: string | undefined
  /** Uniform type identifiers, as `public.accessibility.describes-video`. */
  readonly characteristics?: readonly string[] | undefined
  /** Its media playlist; without one it is in the variants' own segments. */
  readonly uri?: string | undefined
}

/** EXT-X-STREAM-INF (RFC 8216bis §4.4.6.2): a variant. */
export interface StreamVariant {
  /** Its media playlist. */
  readonly uri: string
  /** Peak, bits/s, of its own segments and the heaviest of its groups together. */
  readonly bandwidthBps: number
  readonly averageBandwidthBps?: number | undefined
  /** RFC 6381 strings of all that it and its groups carry. */
  readonly codecs: readonly string[]
  /** As `dvh1.08.07/db4h`. */
  readonly supplementalCodecs?: readonly string[] | undefined
  /** Pixels; not for sound alone. */
  readonly resolution?: { readonly width: number; readonly height: number } | undefined
  /** Frames per second. */
  readonly frameRate?: number | undefined
  readonly videoRange?: 'SDR' | 'HLG' | 'PQ' | undefined
  /** GROUP-ID of its sound. */
  readonly audioGroup?: string | undefined
  readonly subtitlesGroup?: string | undefined
}

/** A multivariant playlist. */
export interface MultivariantPlaylist {
  readonly variants: readonly StreamVariant[]
  readonly renditions?: readonly MediaRendition[] | undefined
  /** EXT-X-VERSION; by default 7. */
  readonly version?: number | undefined
  readonly hasIndependentSegments?: boolean | undefined
  readonly start?: PlaylistStart | undefined
}

/** Writes a multivariant playlist. No variant claims closed captions: CLOSED-CAPTIONS=NONE for each with a picture. */
export function writeMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  let text = `#EXTM3U\n#EXT-X-VERSION:${integer(playlist.version ?? 7)}\n`
  if (playlist.hasIndependentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  if (playlist.start) text += startTag(playlist.start)
  const groups = new Map<string, { names: Set<string>; hasDefault: boolean }>()
  for (const rendition of playlist.renditions ?? []) {
    const key = `${rendition.type} ${rendition.groupId}`
    const group = groups.get(key) ?? { names: new Set(), hasDefault: false }
    groups.set(key, group)
    const name = uniqueName(rendition.name, group.names)
    const isDefault = rendition.isDefault === true && !group.hasDefault
    group.names.add(name)
    group.hasDefault ||= isDefault
    text += mediaTag(rendition, name, isDefault)
  }
  for (const variant of playlist.variants) text += `${streamTag(variant)}${uriLine(variant.uri)}\n`
  return text
}

/** The name as it is shown, with a number where another one of the group has it already. */
function uniqueName(name: string, taken: ReadonlySet<string>): string {
  const shown = quoted(name).slice(1, -1)
  let unique = shown
  for (let n = 2; taken.has(unique); n++) unique = `${shown} (${n})`
  return unique
}

function mediaTag(rendition: MediaRendition, name: string, isDefault: boolean): string {
  const { characteristics, channels, uri } = rendition
  const attributes = attributeList([
    ['TYPE', rendition.type],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(name)],
    ['LANGUAGE', quoted(rendition.language || 'und')],
    ['DEFAULT', isDefault ? 'YES' : 'NO'],
    // §4.4.6.1: a default rendition's AUTOSELECT, where present, must be YES
    ['AUTOSELECT', isDefault || rendition.isAutoselect ? 'YES' : 'NO'],
    ['FORCED', rendition.type === 'SUBTITLES' && rendition.isForced ? 'YES' : undefined],
    ['CHARACTERISTICS', characteristics?.length ? quoted(characteristics.join(',')) : undefined],
    ['CHANNELS', channels === undefined ? undefined : quoted(channels)],
    ['URI', uri === undefined ? undefined : quotedUri(uri)],
  ])
  return `#EXT-X-MEDIA:${attributes}\n`
}

function streamTag(variant: StreamVariant): string {
  const { averageBandwidthBps, codecs, supplementalCodecs, resolution, frameRate, videoRange } = variant
  const attributes = attributeList([
    ['BANDWIDTH', integer(variant.bandwidthBps)],
    ['AVERAGE-BANDWIDTH', averageBandwidthBps === undefined ? undefined : integer(averageBandwidthBps)],
    ['CODECS', codecs.length > 0 ? quoted(codecs.join(',')) : undefined],
    ['SUPPLEMENTAL-CODECS', supplementalCodecs?.length ? quoted(supplementalCodecs.join(',')) : undefined],
    ['RESOLUTION', resolution && `${integer(resolution.width)}x${integer(resolution.height)}`],
    ['FRAME-RATE', frameRate === undefined ? undefined : frameRate.toFixed(3)],
    ['VIDEO-RANGE', videoRange && enumerated(videoRange)],
    ['AUDIO', variant.audioGroup === undefined ? undefined : quoted(variant.audioGroup)],
    ['SUBTITLES', variant.subtitlesGroup === undefined ? undefined : quoted(variant.subtitlesGroup)],
    ['CLOSED-CAPTIONS', resolution && 'NONE'],
  ])
  return `#EXT-X-STREAM-INF:${attributes}\n`
}
